"""Enter to new picture, in Chromium: this page against the obvious app, in turns, in one run.

    python -m tests.benchmarks.latency [--sentences 24]

Both apps get the same sentences with the same model. Measured inside the page, from the time stamp of the Enter key
event to the animation frame after the one in which the new picture was there.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

from tests.e2e.browser import open_browser
from tests.e2e.helpers import COUNT_RUNS, PATIENCE, wait_for_run
from tests.e2e.server import ROOT, Server

WARM_UP = ("warm up one please", "is it warm yet", "one last try before we begin", "now it should be ready")

SENTENCES = (
    "please book a table for two",
    "what is the weather in paris tomorrow",
    "transfer money to my savings account",
    "how do you say hello in japanese",
    "set an alarm for seven in the morning",
    "play some jazz music please",
    "what is my current credit score",
    "find me cheap flights to tokyo",
    "when does my car need new tires",
    "tell me a funny joke",
    "how many calories are in an apple",
    "add milk to my shopping list",
    "my card was declined at lunch",
    "remind me to call the doctor",
    "where did I park yesterday",
    "schedule a meeting with the boss",
    "how long should I boil eggs",
    "freeze my bank account now",
    "which gas station is nearest",
    "change your name to hal",
    "do I need a visa for china",
    "roll a die and flip one coin",
    "report the fraud on this bill",
    "turn the kitchen lights off",
    "who makes the best tacos here",
    "order more checks for me",
    "translate good night into french",
    "what song is playing right now",
    "can I insure an old bike",
    "how far away is the moon",
)

#: The obvious app runs as Streamlit comes, not with this project's settings.
AS_IT_COMES = {"STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"}

# Sets `window.attnvizFind(root, selector)`: the first such element, in shadow trees, too; and
# `window.attnvizMeasure(kind, expected)`: a promise of milliseconds from Enter to the picture, and to rest.
MEASURE = """
(() => {
  let entered = 0;
  addEventListener("keydown", (event) => { if (event.key === "Enter") entered = event.timeStamp; }, true);

  const find = window.attnvizFind = (root, selector) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches(selector)) return element;
      const inner = element.shadowRoot && find(element.shadowRoot, selector);
      if (inner) return inner;
    }
    return null;
  };
  let stage = null;
  const shown = {
    page: (text) => {
      if (!stage?.isConnected) stage = find(document, "[data-attnviz-trace]");
      return stage?.dataset.attnvizTrace === text;
    },
    obvious: (text) => {
      const plots = [...document.querySelectorAll(".js-plotly-plot")];
      const ticks = (plot) => [...plot.querySelectorAll(".xtick text")].map((tick) => tick.textContent).join(" ");
      return plots.length === 2 && plots.every((plot) => ticks(plot) === text) &&
        plots[0].querySelector(".heatmaplayer image") && plots[1].querySelector(".barlayer .point");
    },
  };

  window.attnvizMeasure = (kind, text) => new Promise((resolve) => {
    entered = 0;
    const runs = window.attnvizRuns;
    let changed = 0, picture = 0, ended = 0;
    const observer = new MutationObserver(() => { changed = performance.now(); });
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    const frame = () => {
      const now = performance.now();
      if (!picture && entered && shown[kind](text)) {
        picture = -1;
        requestAnimationFrame(() => { picture = performance.now(); });
      }
      if (!ended && window.attnvizRuns > runs) ended = now;
      if (picture > 0 && ended && now - Math.max(changed, ended) > 400) {
        observer.disconnect();
        resolve({ picture: picture - entered, settled: Math.max(changed, ended, picture) - entered });
      } else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
})();
"""


@dataclass
class App:
    """One of the two, and what was measured.

    Attributes:
        kind: `page` or `obvious`, as in the script above.
        server: Its server.
        path: What to open.
        box: Finds the sentence box.
        pictures: Milliseconds from Enter to the new picture.
        settled: Milliseconds from Enter until nothing moves any more.
    """

    kind: str
    server: Server
    path: str
    box: Callable[[Page], Locator]
    pictures: list[float] = field(default_factory=list)
    settled: list[float] = field(default_factory=list)

    def open(self, browser: Browser) -> Page:
        """Open it in a profile of its own and wait for its first picture."""
        self.server.start()
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
        context.add_init_script(COUNT_RUNS)
        context.add_init_script(MEASURE)
        page = context.new_page()
        page.goto(self.server.url + self.path)
        wait_for_run(page)
        self.box(page).wait_for(timeout=PATIENCE)
        return page

    def apply(self, page: Page, sentence: str, keep: bool) -> None:
        """Type a sentence, press Enter, measure."""
        page.bring_to_front()
        box = self.box(page)
        box.focus()
        page.evaluate("([kind, text]) => { window.attnvizResult = attnvizMeasure(kind, text); }", [self.kind, sentence])
        box.fill(sentence)
        page.keyboard.press("Enter")
        result = page.evaluate("window.attnvizResult")
        if keep:
            self.pictures.append(result["picture"])
            self.settled.append(result["settled"])


def measure(count: int) -> tuple[App, App]:
    """Measure both apps in turns.

    Args:
        count: Sentences for each, at most `len(SENTENCES)`.

    Returns:
        The page and the obvious app.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder)
        ours = App(
            "page",
            Server(ROOT / "app.py", log / "page.txt"),
            "/?model=topics-en",
            lambda page: page.locator("textarea").first,
        )
        obvious = App(
            "obvious",
            Server(ROOT / "tests" / "benchmarks" / "obvious_app.py", log / "obvious.txt", AS_IT_COMES),
            "/",
            lambda page: page.get_by_label("Sentence"),
        )
        apps = (ours, obvious)
        try:
            with open_browser() as browser:
                pages = [app.open(browser) for app in apps]
                for sentence in WARM_UP + SENTENCES[:count]:
                    for app, page in zip(apps, pages, strict=True):
                        app.apply(page, sentence, keep=sentence not in WARM_UP)
        finally:
            for app in apps:
                app.server.stop()
    return ours, obvious


def table(ours: App, obvious: App) -> str:
    """The figures as text, the ratio of each below it."""
    columns = {
        "picture p50": ("pictures", 50),
        "p95": ("pictures", 95),
        "settled p50": ("settled", 50),
        " p95": ("settled", 95),
    }
    rows = {
        name: [percentile(getattr(app, what), rank) for what, rank in columns.values()]
        for name, app in (("obvious app", obvious), ("attnviz", ours))
    }
    lines = [f"Enter to new picture, milliseconds, {len(ours.pictures)} sentences each, in turns"]
    lines.append(f"{'':14}" + "".join(f"{name.strip():>14}" for name in columns))
    lines += [f"{name:14}" + "".join(f"{value:14.0f}" for value in values) for name, values in rows.items()]
    ratios = [mine / theirs for mine, theirs in zip(rows["attnviz"], rows["obvious app"], strict=True)]
    return "\n".join([*lines, f"{'ratio':14}" + "".join(f"{ratio:14.2f}" for ratio in ratios)])


def percentile(values: list[float], rank: int) -> float:
    """The value below which `rank` per cent lie, interpolated."""
    return statistics.quantiles(values, n=100, method="inclusive")[rank - 1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=24, choices=range(20, len(SENTENCES) + 1), metavar="20-30")
    print(table(*measure(parser.parse_args().sentences)))


if __name__ == "__main__":
    main()
