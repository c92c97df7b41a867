// Saves or copies the figure above as it stands on the screen. What is drawn is read from the page into one SVG: text stays
// text, so that every script comes through; a PNG is that SVG painted at three times its size, a PDF the browser's print of it
// on a page of its size.

import { find, make, set, shape, SVG } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} FigureTools
 * @property {string} target Key of the container that holds the figure.
 * @property {string} file Name of saved files, without ending.
 * @property {string} alt
 * @property {Record<"group" | "copy" | "copied" | "no_clipboard" | "failed" | "pdf", string>} words
 */

/** @typedef {(box: DOMRect) => [number, number]} Place From the window to the picture. */

export default newest(drawTools);

/** @param {Component<FigureTools>} component */
function drawTools({ data, parentElement }) {
  const tools = find(parentElement, ".tools"), said = make("span", "said");
  said.setAttribute("role", "status");
  /** @param {string} words @param {() => Promise<string | void>} act What it answers is said. */
  const button = (words, act) => {
    const element = make("button", "", words);
    element.type = "button";
    element.onclick = async () => {
      said.textContent = "";
      try { said.textContent = (await act()) ?? ""; } catch (error) { said.textContent = `${data.words.failed} (${error instanceof Error ? error.name : error})`; }
    };
    return element;
  };
  const figure = () => drawing(data.target, data.alt), pdf = button("PDF", () => print(figure(), data.file));
  pdf.title = data.words.pdf;
  tools.setAttribute("aria-label", data.words.group);
  tools.replaceChildren(
    button("PNG", async () => save(await png(figure()), `${data.file}.png`)),
    button("SVG", async () => save(new Blob([text(figure())], { type: "image/svg+xml" }), `${data.file}.svg`)),
    pdf,
    button(data.words.copy, async () => {
      // A page that is not served by https has none, whatever the types say.
      if (!(/** @type {Partial<Navigator>} */ (navigator).clipboard?.write)) return data.words.no_clipboard;
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png(figure()) })]);
      return data.words.copied;
    }),
    said,
  );
}

/**
 * @param {string} target
 * @param {string} alt
 */
function drawing(target, alt) {
  const container = find(document, `.st-key-${CSS.escape(target)}`), plot = container.querySelector(".js-plotly-plot");
  const svg = plot ? fromPlotly(plot) : fromPage(within(container));
  svg.prepend(shape("title", {}, alt));
  return svg;
}

/**
 * @param {number} width
 * @param {number} height
 */
function blank(width, height) {
  const svg = shape("svg", { xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` });
  svg.append(shape("rect", { x: 0, y: 0, width, height, fill: pageColour() }));
  return svg;
}

/**
 * Plotly draws in several layers that lie on each other: they become one.
 * @param {Element} plot
 */
function fromPlotly(plot) {
  const frame = plot.getBoundingClientRect(), svg = blank(frame.width, frame.height);
  for (const layer of plot.querySelectorAll(".main-svg")) {
    const copy = /** @type {Element} */ (layer.cloneNode(true));
    copy.removeAttribute("style");
    for (const element of copy.querySelectorAll(".hoverlayer, .modebar")) element.remove();
    svg.append(copy);
  }
  return svg;
}

function pageColour() {
  for (const element of [document.querySelector(".stApp"), document.body]) {
    const colour = element && getComputedStyle(element).backgroundColor;
    if (colour && colour !== "rgba(0, 0, 0, 0)") return colour;
  }
  return "#ffffff";
}

/**
 * The figure of the component that a container holds.
 * @param {HTMLElement} container
 * @returns {HTMLElement}
 */
function within(container) {
  const roots = [container, ...container.querySelectorAll("*")].map((element) => element.shadowRoot);
  const pieces = roots.map((root) => /** @type {HTMLElement | null | undefined} */ (root?.querySelector("section, figure")));
  return pieces.find(Boolean) ?? container;
}

/**
 * A piece of the page: every coloured box, every line of text, at its place.
 * @param {HTMLElement} piece
 */
function fromPage(piece) {
  const frame = piece.getBoundingClientRect(), pad = 12;
  const svg = blank(frame.width + 2 * pad, frame.height + 2 * pad);
  visit(piece, svg, (box) => [box.left - frame.left + pad, box.top - frame.top + pad]);
  return svg;
}

/**
 * @param {Node} node
 * @param {SVGElement} svg
 * @param {Place} place
 */
function visit(node, svg, place) {
  if (node instanceof Text) {
    for (const [words, box] of lines(node)) write(svg, /** @type {Element} */ (node.parentElement), words, box, place);
  }
  if (!(node instanceof HTMLElement || node instanceof SVGElement)) return;
  if ((node instanceof HTMLElement && node.hidden) || "tools" in node.dataset || ["STYLE", "SCRIPT"].includes(node.tagName)) return;
  const look = getComputedStyle(node);
  if (look.display === "none" || look.visibility === "hidden") return;
  if (look.backgroundColor !== "rgba(0, 0, 0, 0)") {
    for (const { left, top, width, height } of node.getClientRects()) {
      const [x, y] = place(new DOMRect(left, top, width, height));
      svg.append(shape("rect", { x, y, width, height, fill: look.backgroundColor, rx: parseFloat(look.borderRadius) || 0 }));
    }
  }
  if (node instanceof HTMLCanvasElement) picture(svg, node, place);
  else if (node instanceof SVGSVGElement) drawn(svg, node, place);
  else for (const child of node.childNodes) visit(child, svg, place);
}

/**
 * @param {SVGElement} svg
 * @param {HTMLCanvasElement} canvas
 * @param {Place} place
 */
function picture(svg, canvas, place) {
  const box = canvas.getBoundingClientRect(), [x, y] = place(box);
  const style = getComputedStyle(canvas).imageRendering === "pixelated" ? "image-rendering: pixelated" : "";
  svg.append(shape("image", { x, y, width: box.width, height: box.height, href: canvas.toDataURL(), preserveAspectRatio: "none", style }));
}

/**
 * An SVG within the page, with the looks that style sheets give its text.
 * @param {SVGElement} svg
 * @param {SVGSVGElement} original
 * @param {Place} place
 */
function drawn(svg, original, place) {
  const box = original.getBoundingClientRect(), [x, y] = place(box), copy = /** @type {SVGSVGElement} */ (original.cloneNode(true));
  set(copy, { x, y, width: box.width, height: box.height });
  const texts = copy.querySelectorAll("text");
  original.querySelectorAll("text").forEach((text, index) => {
    const look = getComputedStyle(text);
    set(texts[index], { fill: look.fill, "font-family": look.fontFamily });
  });
  svg.append(copy);
}

/**
 * The lines a text is set in, each with its box.
 * @param {Text} node
 */
function lines(node) {
  /** @type {[string, DOMRect][]} */
  const found = [];
  const range = document.createRange();
  for (const { segment, index } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(node.data)) {
    range.setStart(node, index);
    range.setEnd(node, index + segment.length);
    const box = range.getBoundingClientRect(), last = found.at(-1);
    if (!box.width) continue;
    if (last && Math.abs(last[1].top - box.top) < 2) {
      const left = Math.min(last[1].left, box.left);
      last[0] += segment;
      last[1] = new DOMRect(left, box.top, Math.max(last[1].right, box.right) - left, box.height);
    } else found.push([segment, box]);
  }
  return found.filter(([words]) => words.trim());
}

/**
 * @param {SVGElement} svg
 * @param {Element} element Whose look the words have.
 * @param {string} words
 * @param {DOMRect} box
 * @param {Place} place
 */
function write(svg, element, words, box, place) {
  const look = getComputedStyle(element), [x, y] = place(box);
  svg.append(shape("text", {
    x, y: y + box.height / 2, "dominant-baseline": "central", fill: look.color, "font-size": parseFloat(look.fontSize), "font-weight": look.fontWeight,
    "font-family": look.fontFamily, textLength: box.width, lengthAdjust: "spacingAndGlyphs", direction: "ltr",
  }, words));
}

/** @param {SVGElement} svg */
const text = (svg) => new XMLSerializer().serializeToString(svg);

/**
 * @param {SVGElement} svg
 * @returns {Promise<Blob>}
 */
async function png(svg, scale = 3) {
  const image = await loaded(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(text(svg))}`);
  const canvas = make("canvas");
  canvas.width = Number(svg.getAttribute("width")) * scale;
  canvas.height = Number(svg.getAttribute("height")) * scale;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("canvas"))), "image/png"));
}

/**
 * An image that can be drawn at once.
 * @param {string} address
 */
async function loaded(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

/**
 * Opens the browser's own print of a figure alone, which saves it as a PDF: letters stay letters, in the fonts of the page.
 * @param {SVGElement} svg
 * @param {string} name
 */
async function print(svg, name) {
  document.querySelector("iframe.attnviz-print")?.remove(); // of a print whose end the browser did not tell
  const frame = make("iframe", "attnviz-print");
  frame.style.cssText = "position: fixed; width: 0; height: 0; border: 0";
  await new Promise((done) => { frame.onload = done; document.body.append(frame); });
  const page = frame.contentDocument, shown = frame.contentWindow;
  if (!page || !shown) throw new Error("frame");
  const rules = page.createElement("style"), [width, height] = ["width", "height"].map((side) => Math.ceil(Number(svg.getAttribute(side))));
  rules.textContent = `@page { size: ${width}px ${height}px; margin: 0; } body { margin: 0; } svg { display: block; }`;
  page.title = name;
  page.head.append(rules);
  page.body.append(page.importNode(svg, true));
  await Promise.all([...page.querySelectorAll("image")].map((each) => loaded(each.href.baseVal)));
  shown.onafterprint = () => frame.remove();
  shown.print();
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function save(blob, name) {
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
