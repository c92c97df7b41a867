// Queries on the left, keys on the right, a line for each weight: as strong as the weight, in the colour of its head.
// Hovering and choosing heads happens here, without asking the server. Tokens are set as text, never as markup.

import { bytes, find, findAs, make, nearest, set, shape } from "./shared/elements.js";
import { newest } from "./shared/newest.js";

/** @import { Component } from "./component.js" */

/**
 * @typedef {object} Lines
 * @property {string[]} queries
 * @property {string[]} keys
 * @property {Record<"query" | "key", string[]>} inks Of the tokens of two sentences; none of one.
 * @property {number} heads
 * @property {number} head The one that is open.
 * @property {string} codes Of all heads.
 * @property {string[]} colours One for each head.
 * @property {number} least Weights below it have no line.
 * @property {number} size Height of a line of text.
 * @property {number} gutter Width of the tokens' columns.
 * @property {number} [width] Of the drawing; known in the browser.
 * @property {string} alt
 * @property {{ head: string, heads: string, least: string }} words
 */

/** @typedef {{ side: "query" | "key", index: number }} Place */

/**
 * What outlives the draws.
 * @typedef {object} Chart
 * @property {Set<number>} on Heads that are shown.
 * @property {number} [heads]
 * @property {number} [first] The head that was open.
 * @property {number} [serial] Of what is drawn.
 * @property {(event: Event) => void} [focused]
 * @property {() => void} [left]
 */

/** @type {WeakMap<ParentNode, Chart>} */
const charts = new WeakMap();

/** Widest, in the drawing's own units; on narrow windows a unit is a pixel, so that letters keep their size. */
const WIDEST = 900;

export default newest(drawLines);

/** @param {Component<Lines>} component */
function drawLines({ data: sent, parentElement }) {
  /** @type {Chart} */
  const chart = charts.get(parentElement) ?? { on: new Set() };
  charts.set(parentElement, chart);
  const svg = findAs(parentElement, "svg", SVGSVGElement);
  const width = Math.min(svg.getBoundingClientRect().width || WIDEST, WIDEST), data = { ...sent, width, gutter: Math.min(sent.gutter, width * 0.36) };
  if (chart.heads !== data.heads || chart.first !== data.head) chart.on = new Set([data.head]);
  if (chart.serial === data.serial && svg.firstChild) return;
  Object.assign(chart, { serial: data.serial, heads: data.heads, first: data.head });
  const picture = new Picture(data, chart.on, svg, find(parentElement, ".note"));
  choices(find(parentElement, ".heads"), data, chart.on, () => picture.showHeads());
  listen(svg, chart, picture, data);
  picture.showHeads();
  if (width < WIDEST) squeeze(svg, data.gutter - 10);
}

/**
 * Makes long tokens as wide as their column.
 * @param {SVGSVGElement} svg
 * @param {number} room
 */
function squeeze(svg, room) {
  for (const text of svg.querySelectorAll("text")) {
    if (text.getComputedTextLength() > room) set(text, { textLength: room, lengthAdjust: "spacingAndGlyphs" });
  }
}

/** @param {Lines} data */
const widthOf = (data) => data.width ?? WIDEST;

/** Where a token's line ends. */
const height = (/** @type {number} */ index, /** @type {number} */ row) => index * row + row / 2 + 5;

class Picture {
  /** @type {Map<number, SVGElement>} All lines of a head are made once and stay: a hover hides them behind the few of its token, which costs no new painting. */
  #made = new Map();
  /** @type {Place | null} */
  #chosen = null;
  #all = group("all");
  #few = group("few");

  /**
   * @param {Lines} data
   * @param {Set<number>} on Heads that are shown.
   * @param {SVGSVGElement} svg
   * @param {HTMLElement} note
   */
  constructor(data, on, svg, note) {
    this.data = data;
    this.on = on;
    this.note = note;
    this.codes = bytes(data.codes);
    set(svg, { viewBox: `0 0 ${widthOf(data)} ${Math.max(data.queries.length, data.keys.length) * data.size + 10}`, "aria-label": data.alt });
    svg.replaceChildren(this.#all, this.#few, ...column(data, "query"), ...column(data, "key"));
  }

  /**
   * @param {number} head
   * @param {number} query
   * @param {number} key
   */
  #weight(head, query, key) {
    const { queries, keys } = this.data;
    return this.codes[(head * queries.length + query) * keys.length + key] / 255;
  }

  /** Draws the heads that are on. */
  showHeads() {
    const { queries, keys } = this.data;
    for (const head of this.on) {
      if (this.#made.has(head)) continue;
      const lines = group("");
      lines.append(...this.#drawn(head, queries.flatMap((_, query) => pairs({ side: "query", index: query }, queries, keys))));
      this.#made.set(head, lines);
    }
    this.#all.replaceChildren(...[...this.on].map((head) => /** @type {SVGElement} */ (this.#made.get(head))));
    this.#draw();
  }

  /**
   * Shows the lines of one token, or all.
   * @param {Place | null} token
   */
  show(token) {
    if (token?.side === this.#chosen?.side && token?.index === this.#chosen?.index) return;
    this.#chosen = token;
    this.#draw();
  }

  #draw() {
    const { queries, keys, words } = this.data, chosen = this.#chosen;
    this.#few.replaceChildren(...(chosen ? [...this.on].flatMap((head) => this.#drawn(head, pairs(chosen, queries, keys))) : []));
    this.#all.style.opacity = chosen ? "0" : "1";
    this.note.textContent = chosen ? this.#numbers(chosen) : words.least;
  }

  /**
   * Lines of a head, those of about one weight in one path.
   * @param {number} head
   * @param {[number, number][]} pairs Query and key of each.
   */
  #drawn(head, pairs) {
    const { least, gutter, size, colours } = this.data, width = widthOf(this.data);
    /** @type {Map<number, string[]>} */
    const levels = new Map();
    for (const [query, key] of pairs) {
      const value = this.#weight(head, query, key);
      if (value < least) continue;
      const level = Math.ceil(value * 12), parts = levels.get(level) ?? [];
      parts.push(`M${gutter} ${height(query, size)}L${width - gutter} ${height(key, size)}`);
      levels.set(level, parts);
    }
    return [...levels].map(([level, parts]) => shape("path", {
      d: parts.join(""), stroke: colours[head], "stroke-opacity": Math.min(1, level / 12 + 0.04), "stroke-width": 0.8 + (level / 12) * 4, fill: "none",
    }));
  }

  /**
   * The heaviest weights of a token, head by head.
   * @param {Place} place
   */
  #numbers({ side, index }) {
    const { queries, keys, words } = this.data, other = side === "query" ? keys : queries;
    return [...this.on].map((head) => {
      /** @type {[string, number][]} */
      const values = other.map((token, place) => [token, side === "query" ? this.#weight(head, index, place) : this.#weight(head, place, index)]);
      values.sort((a, b) => b[1] - a[1]);
      return `${words.head} ${head + 1}: ${values.slice(0, 4).map(([token, value]) => `${token} ≈\u00a0${value.toFixed(2)}`).join(", ")}`;
    }).join(" · ");
  }
}

/**
 * Queries and keys that a token joins.
 * @param {Place} place
 * @param {string[]} queries
 * @param {string[]} keys
 * @returns {[number, number][]}
 */
const pairs = ({ side, index }, queries, keys) => (side === "query" ? keys.map((_, key) => [index, key]) : queries.map((_, query) => [query, index]));

/**
 * A box for each head.
 * @param {HTMLElement} boxes
 * @param {Lines} data
 * @param {Set<number>} on
 * @param {() => void} changed
 */
function choices(boxes, data, on, changed) {
  boxes.setAttribute("aria-label", data.words.heads);
  boxes.replaceChildren(...data.colours.map((colour, head) => {
    const label = make("label"), input = make("input"), swatch = make("span", "swatch");
    input.type = "checkbox";
    input.checked = on.has(head);
    input.onchange = () => {
      if (input.checked) on.add(head);
      else on.delete(head);
      changed();
    };
    swatch.style.background = colour;
    label.append(input, swatch, `${data.words.head} ${head + 1}`);
    return label;
  }));
}

/**
 * The tokens of a side.
 * @param {Lines} data
 * @param {Place["side"]} side
 */
function column(data, side) {
  const [x, anchor] = side === "query" ? [data.gutter - 8, "end"] : [widthOf(data) - data.gutter + 8, "start"];
  return tokensOf(data, side).map((token, index) => {
    const facts = { x, y: height(index, data.size), "text-anchor": anchor, "dominant-baseline": "central", "font-size": data.size * 0.62 };
    const element = shape("text", { ...facts, tabindex: index ? -1 : 0, role: "img", "aria-label": token }, token);
    if (data.inks[side].length) element.style.fill = data.inks[side][index];
    element.dataset.side = side;
    element.dataset.index = String(index);
    return element;
  });
}

/**
 * @param {Lines} data
 * @param {Place["side"]} side
 */
const tokensOf = (data, side) => (side === "query" ? data.queries : data.keys);

/**
 * @param {SVGSVGElement} svg
 * @param {Chart} chart
 * @param {Picture} picture
 * @param {Lines} data
 */
function listen(svg, chart, picture, data) {
  // The row the pointer is in, beside the lines: from one token to the next there is no gap.
  svg.onpointermove = (event) => {
    const box = svg.getBoundingClientRect(), width = widthOf(data), scale = width / box.width;
    const across = (event.clientX - box.left) * scale, index = Math.floor(((event.clientY - box.top) * scale - 5) / data.size);
    const side = across < data.gutter ? "query" : across > width - data.gutter ? "key" : null;
    picture.show(side && index >= 0 && index < tokensOf(data, side).length ? { side, index } : null);
  };
  svg.onpointerleave = () => picture.show(null);
  // There is no `onfocusin`; the listeners are added once and find the run's own functions.
  if (!chart.focused) {
    svg.addEventListener("focusin", (event) => chart.focused?.(event));
    svg.addEventListener("focusout", () => chart.left?.());
  }
  chart.focused = (event) => picture.show(placeOf(nearest(event, "text")));
  chart.left = () => picture.show(null);
  svg.onkeydown = (event) => walk(svg, event);
}

/**
 * @param {HTMLElement | null} text
 * @returns {Place | null}
 */
const placeOf = (text) => (text ? { side: /** @type {Place["side"]} */ (text.dataset.side), index: Number(text.dataset.index) } : null);

/**
 * @param {SVGSVGElement} svg
 * @param {KeyboardEvent} event
 */
function walk(svg, event) {
  const token = placeOf(nearest(event, "text"));
  if (!token) return;
  /** @param {Place["side"]} side */
  const texts = (side) => svg.querySelectorAll(/** @type {"text"} */ (`text[data-side="${side}"]`));
  /** @type {Record<string, () => SVGTextElement | undefined>} */
  const moves = {
    ArrowDown: () => texts(token.side)[token.index + 1],
    ArrowUp: () => texts(token.side)[token.index - 1],
    ArrowLeft: () => texts("query")[0],
    ArrowRight: () => texts("key")[0],
  };
  const next = moves[event.key]?.();
  if (next) { event.preventDefault(); next.focus(); }
}

/** @param {string} name */
const group = (name) => shape("g", { class: name });
