// All heads of all layers as small maps on one scale. A click, or Enter on the one the arrow keys have reached, opens it.

import { explain, paintCells, palette } from "./shared/cells.js";
import { bytes, find, focusWithin, make, nearest, stamped } from "./shared/elements.js";
import { legend } from "./shared/legend.js";
import { newest } from "./shared/newest.js";

/** @import { Component, Reason, Tick } from "./component.js" */

/**
 * @typedef {object} Maps
 * @property {number} layers
 * @property {number} heads
 * @property {number} rows Of each small map.
 * @property {number} columns
 * @property {string} codes Of all maps, one after the other.
 * @property {string} masks Of all maps, of one that holds for all, or empty.
 * @property {number} layer The one that is open.
 * @property {number} head
 * @property {string[]} ramp
 * @property {string} sign
 * @property {{ colours: string[], down: number | null, across: number | null }} segments Of two sentences: how much of each side is the first.
 * @property {Reason[]} reasons
 * @property {{ title: string, ticks: Tick[] }} legend
 * @property {{ label: string, layer: string, head: string }} words
 */

export default newest(drawMaps);

/** @param {Component<Maps>} component */
function drawMaps({ data, parentElement, setStateValue }) {
  const grid = find(parentElement, ".grid"), paint = palette(data.ramp, data.sign);
  grid.style.gridTemplateColumns = `max-content repeat(${data.heads}, minmax(2rem, ${data.heads > 6 ? 7 : 11}rem))`;
  grid.setAttribute("aria-label", data.words.label);
  const focused = focusWithin(grid)?.dataset.place;
  grid.replaceChildren(...entries(data, paint));
  if (focused) at(grid, focused)?.focus();
  grid.onclick = (event) => {
    const button = nearest(event, "button");
    if (!button) return;
    const [layer, head] = placeOf(button);
    setStateValue("chosen", stamped({ layer, head }));
  };
  grid.onkeydown = (event) => walk(grid, event);
  legend(find(parentElement, ".legend"), { ...data.legend, ramp: paint.ramp });
  explain(find(parentElement, ".reasons"), data.reasons, paint);
}

/**
 * Names of heads, then a row for each layer.
 * @param {Maps} data
 * @param {import("./shared/cells.js").Paint} paint
 */
function entries(data, paint) {
  const codes = bytes(data.codes), masks = bytes(data.masks), size = data.rows * data.columns;
  /** @type {HTMLElement[]} */
  const cells = [make("span")];
  for (let head = 0; head < data.heads; head++) cells.push(make("span", "head", `${data.words.head} ${head + 1}`));
  for (let layer = 0; layer < data.layers; layer++) {
    cells.push(make("span", "side", `${data.words.layer} ${layer + 1}`));
    for (let head = 0; head < data.heads; head++) {
      const start = (layer * data.heads + head) * size, from = masks.length > size ? start : 0;
      const small = { codes: codes.subarray(start, start + size), masks: masks.subarray(from, from + size), rows: data.rows, columns: data.columns };
      const button = opener(data, layer, head);
      button.append(edged(paintCells(make("canvas"), small, paint), data.segments));
      cells.push(button);
    }
  }
  return cells;
}

/**
 * A map with an edge in the colours of two sentences: the queries' at the left, the keys' below.
 * @param {HTMLElement} canvas
 * @param {Maps["segments"]} segments
 */
function edged(canvas, { colours: [first, second], down, across }) {
  if (down === null && across === null) return canvas;
  /** @param {string} way @param {number | null} share @param {string} place */
  const edge = (way, share, place) =>
    `linear-gradient(to ${way}, ${share === null ? "transparent 0 100%" : `${first} 0 ${share * 100}%, ${second} ${share * 100}% 100%`}) ${place} no-repeat`;
  Object.assign(canvas.style, { boxSizing: "border-box", padding: "0 0 4px 4px" });
  canvas.style.background = `${edge("bottom", down, "left / 4px 100%")}, ${edge("right", across, "bottom / 100% 4px")}`;
  return canvas;
}

/**
 * @param {Maps} data
 * @param {number} layer
 * @param {number} head
 */
function opener(data, layer, head) {
  const button = make("button"), chosen = layer === data.layer && head === data.head;
  button.type = "button";
  button.dataset.place = `${layer},${head}`;
  button.setAttribute("aria-label", `${data.words.layer} ${layer + 1}, ${data.words.head} ${head + 1}`);
  button.setAttribute("aria-pressed", String(chosen));
  button.tabIndex = chosen ? 0 : -1;
  return button;
}

/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * @param {HTMLElement} grid
 * @param {KeyboardEvent} event
 */
function walk(grid, event) {
  const move = MOVES[event.key], button = nearest(event, "button");
  if (!move || !button) return;
  const [layer, head] = placeOf(button);
  const next = at(grid, `${layer + move[0]},${head + move[1]}`);
  if (next) { event.preventDefault(); next.tabIndex = 0; next.focus(); }
}

/** @param {HTMLElement} button */
const placeOf = (button) => (button.dataset.place ?? "").split(",").map(Number);

/**
 * @param {HTMLElement} grid
 * @param {string} place
 * @returns {HTMLElement | null}
 */
const at = (grid, place) => grid.querySelector(`[data-place="${place}"]`);
