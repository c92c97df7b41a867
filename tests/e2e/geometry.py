"""Where things stand in the window, how large letters are, and how much moves: for tests and the benchmark."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

# Sums what moves without a visitor's hand, as the browser counts it, from now on: what moved before is left out, for
# the browser tells of that at any time later.
WATCH_SHIFTS = """
(() => {
  window.attnvizShift = 0;
  window.attnvizMoved = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      window.attnvizShift += entry.value;
      window.attnvizMoved.push([entry.value, ...entry.sources.map(({ node }) => node?.className ?? node?.nodeName)]);
    }
  }).observe({ type: "layout-shift" });
})();
"""

# `letters`: the smallest letter that can be seen in the stage, and what it says. Words of Plotly are in pixels, too.
_MEASURE = """
() => {
  const inside = (element) => {
    const box = element.getBoundingClientRect();
    const within = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return within && box.width > 0 && box.height > 0;
  };
  const box = (selector) => document.querySelector(selector)?.getBoundingClientRect() ?? new DOMRect();
  const stage = box(".st-key-stage-place"), drawing = box(".st-key-drawing");
  const large = document.querySelector(".st-key-large"), main = document.querySelector("[data-testid=stMain]");
  let smallest = Infinity, said = "";
  const visit = (node) => {
    if (node instanceof Text) {
      const element = node.parentElement ?? node.getRootNode().host, words = node.data.trim();
      if (!words || !element || !inside(element) || element.closest("style, script, .katex")) return;
      const look = getComputedStyle(element);
      if (look.visibility === "hidden" || look.clipPath !== "none" || look.fontFamily.includes("Material")) return;
      const scaled = element.ownerSVGElement?.getScreenCTM?.()?.a ?? 1, size = parseFloat(look.fontSize) * scaled;
      if (size < smallest) { smallest = size; said = words.slice(0, 24); }
      return;
    }
    if (node.shadowRoot) for (const child of node.shadowRoot.childNodes) visit(child);
    if (!(node instanceof HTMLStyleElement)) for (const child of node.childNodes ?? []) visit(child);
  };
  const root = document.querySelector(".st-key-stage-place");
  if (root) visit(root);
  const top = Math.max(stage.top, 0), bottom = Math.min(stage.bottom, innerHeight);
  return {
    share: Math.max(bottom - top, 0) / innerHeight,
    drawing: (large ? stage : drawing).top,
    letter: smallest,
    said,
    wide: Math.max(document.documentElement.scrollWidth, main.scrollWidth) - innerWidth,
  };
}
"""


@dataclass(frozen=True)
class Geometry:
    """The stage as it stands in the window.

    Attributes:
        share: Of the window's height that the stage has, 0–1.
        drawing: Pixels from the window's top to where the view's drawing begins.
        letter: Pixels of the smallest letter that can be seen in the stage.
        said: What stands in it.
        wide: Pixels by which anything is wider than the window.
    """

    share: float
    drawing: float
    letter: float
    said: str
    wide: float


def geometry(page: Page) -> Geometry:
    """Measure the page as it stands."""
    return Geometry(**page.evaluate(_MEASURE))


def shift(page: Page) -> float:
    """How much has moved since it was last asked; the page was opened with `WATCH_SHIFTS`."""
    return float(
        page.evaluate("(() => { const found = window.attnvizShift; window.attnvizShift = 0; return found; })()")
    )


def moved(page: Page) -> list[list[float | str]]:
    """What has moved since the page was opened with `WATCH_SHIFTS`: how much, and the names of what it was."""
    found: list[list[float | str]] = page.evaluate("window.attnvizMoved")
    return found
