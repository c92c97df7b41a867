// One head of a sentence too long for numbers in its cells: a pixel for each cell, enlarged as a whole; tokens that have
// room stand at its sides.

import { explain, paintCells, palette } from "./shared/cells.js";
import { bytes, find, findAs, floats, make, set, shape, stamped } from "./shared/elements.js";
import { legend } from "./shared/legend.js";
import { newest } from "./shared/newest.js";
import { tell } from "./shared/tip.js";
import { holder, reach } from "./shared/wide.js";
import { cjk } from "./shared/words.js";

/** @import { Component, Reason, Tick } from "./component.js" */

/**
 * @typedef {object} Matrix
 * @property {string[]} queries
 * @property {string[]} keys
 * @property {Record<"query" | "key", string[]>} inks Of the tokens of two sentences; none of one.
 * @property {Record<"query" | "key", number | null>} borders Tokens before the second sentence.
 * @property {number} query The one that is looked at.
 * @property {number[]} own The model's own position of each query.
 * @property {number} letter Pixels of a name.
 * @property {number} cell Pixels, at most.
 * @property {string} codes
 * @property {string} weights float32, or empty where they are too many.
 * @property {string} masks
 * @property {Reason[]} reasons
 * @property {string[]} ramp
 * @property {string} sign
 * @property {string} accent
 * @property {string} ground
 * @property {string} title
 * @property {string} mark What was changed by hand, or empty.
 * @property {string} alt
 * @property {{ title: string, ticks: Tick[] }} legend
 * @property {Record<"query" | "key" | "weight", string>} words
 */

/**
 * Where things stand, in pixels.
 * @typedef {object} Plan
 * @property {[string, number][]} down Queries that are named, with their places.
 * @property {[string, number][]} across Keys that are named.
 * @property {number} left Before the cells.
 * @property {number} below Under them.
 * @property {number} cell Width of one.
 * @property {number} high Height of one: few rows over many columns have room for all their names.
 * @property {number} page Width of the page.
 */

const LONGEST = 24, WIDEST = 11;
// Rows of more keys than are named at least so high, if there are no more of them.
const FEW = 24;
// Pixels of a cell of theirs, at least: all keys are seen at once where the window has room for them.
const NARROWEST = 2;
// Pixels of a cell that carries the sign of a mask within, where cells are large enough to show it.
const SIGN = 6;
/** @type {WeakMap<Element, number>} */
const drawn = new WeakMap();

export default newest(drawMatrix);

/** @param {Component<Matrix>} component */
function drawMatrix({ data, parentElement, setStateValue }) {
  const plane = find(parentElement, ".plane"), svg = findAs(plane, "svg", SVGSVGElement);
  if (drawn.get(plane) === data.serial && svg.firstChild) return;
  drawn.set(plane, data.serial);
  const rows = data.queries.length, columns = data.keys.length, plan = planned(data, plane), { cell, high, left, page } = plan;
  const title = find(parentElement, ".title"), paint = palette(data.ramp, data.sign);
  title.textContent = data.title;
  if (data.mark) title.append(make("span", "mark", data.mark));

  const cells = { codes: bytes(data.codes), masks: bytes(data.masks), rows, columns };
  const canvas = paintCells(findAs(plane, "canvas", HTMLCanvasElement), cells, paint, cell < pitch(data) ? 1 : SIGN);
  Object.assign(canvas.style, { left: `${left}px`, top: "2px", width: `${columns * cell}px`, height: `${rows * high}px` });
  canvas.setAttribute("aria-label", data.alt);
  name(svg, data, plan);
  reach(plane, canvas);
  const figure = find(parentElement, ".legend");
  figure.style.maxWidth = `${page}px`;
  legend(figure, { ...data.legend, ramp: paint.ramp });
  explain(find(parentElement, ".reasons"), data.reasons, paint);

  /** @param {MouseEvent} event @returns {[number, number] | null} */
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const row = Math.floor((event.clientY - box.top) / high), column = Math.floor((event.clientX - box.left) / cell);
    return row >= 0 && column >= 0 && row < rows && column < columns ? [row, column] : null;
  };
  plane.onclick = (event) => {
    const met = under(event);
    if (met) setStateValue("chosen", stamped({ query: data.own[met[0]] }));
  };
  const say = told(data, cells);
  tell(plane, find(parentElement, ".tip"), (event) => {
    const met = under(event);
    return met && say(...met);
  });
}

/**
 * @param {Matrix} data
 * @param {HTMLElement} plane
 * @returns {Plan}
 */
function planned(data, plane) {
  const step = Math.ceil(pitch(data) / data.cell), { letter } = data;
  /** @param {string[]} tokens @param {number} every @returns {[string, number][]} */
  const shown = (tokens, every) => tokens.map((token, place) => /** @type {[string, number]} */ ([cut(token), place])).filter((_, place) => place % every === 0);
  const tall = step > 1 && data.queries.length <= FEW;
  const down = shown(data.queries, tall ? 1 : step), family = getComputedStyle(plane).fontFamily, left = widest(down, letter, family) + 2.5 * letter;
  const { host } = /** @type {ShadowRoot} */ (plane.getRootNode()), page = (holder(plane) ?? host).clientWidth;
  const room = (page - left - 4) / data.keys.length, narrow = tall ? Math.max(NARROWEST, Math.min(data.cell, room)) : data.cell;
  const cell = step > 1 ? narrow : Math.max(pitch(data), Math.min(data.cell, Math.floor(room)));
  const across = shown(data.keys, Math.ceil(pitch(data) / cell)), below = widest(across, letter, family) + 2.5 * letter;
  return { down, across, left, below, cell, high: tall ? pitch(data) : cell, page };
}

/**
 * Names and lines around the cells.
 * @param {SVGSVGElement} svg
 * @param {Matrix} data
 * @param {Plan} plan
 */
function name(svg, data, { down, across, left, below, cell, high }) {
  const rows = data.queries.length, columns = data.keys.length, { letter } = data;
  const width = left + columns * cell + 4, height = rows * high + below + 4;
  set(svg, { width, height, viewBox: `0 0 ${width} ${height}` });
  /** @param {number} place @param {number} size */
  const middle = (place, size) => 2 + (place + 0.5) * size, foot = 2 + rows * high;
  /** @param {number} count @param {number} size @param {(at: number) => string} line */
  const lines = (count, size, line) => Array.from({ length: count - 1 }, (_, place) => line((place + 1) * size)).join("");
  const grid = lines(columns, cell, (at) => `M${left + at} 2V${foot}`) + lines(rows, high, (at) => `M${left} ${2 + at}h${columns * cell}`);
  svg.replaceChildren(
    ...(cell < pitch(data) ? [] : [shape("path", { d: grid, stroke: data.ground, "shape-rendering": "crispEdges" })]),
    ...down.map(([token, place]) => words(token, letter, left - 6, middle(place, high), "end", 0, data.inks.query[place])),
    ...across.map(([token, place]) => words(token, letter, left - 2 + middle(place, cell), foot + 6, "end", -90, data.inks.key[place])),
    ...parted(data, left, cell, high),
    words(data.words.query, letter, letter * 0.75, 2 + (rows * high) / 2, "middle", -90),
    words(data.words.key, letter, left + (columns * cell) / 2, height - letter * 0.75, "middle"),
    shape("rect", { x: left - 1, y: 1 + data.query * high, width: columns * cell + 2, height: high + 2, fill: "none", stroke: data.accent, "stroke-width": 2 }),
  );
}

/**
 * Lines between two sentences.
 * @param {Matrix} data
 * @param {number} left
 * @param {number} cell
 * @param {number} high
 */
function parted({ borders, queries, keys, sign }, left, cell, high) {
  const ways = [borders.query && `M${left} ${2 + borders.query * high}h${keys.length * cell}`, borders.key && `M${left + borders.key * cell} 2v${queries.length * high}`];
  return ways.filter(Boolean).map((d) => shape("path", { d: String(d), stroke: sign, "stroke-width": 2, "stroke-dasharray": "2 3" }));
}

/**
 * What is said of a cell.
 * @param {Matrix} data
 * @param {import("./shared/cells.js").Cells} cells
 * @returns {(row: number, column: number) => string}
 */
function told(data, { codes, masks, columns }) {
  const weights = floats(data.weights);
  return (row, column) => {
    const at = row * columns + column, reason = data.reasons.find(({ code }) => code === masks[at]);
    const value = weights.length ? `${data.words.weight} ${+weights[at].toPrecision(9)}` : `${data.legend.title}: ${codes[at]}/255`;
    return `${data.queries[row]} → ${data.keys[column]}\n${reason ? reason.name : value}`;
  };
}

/**
 * Pixels from one name to the next.
 * @param {Matrix} data
 */
const pitch = ({ letter }) => letter + 2;

/**
 * @param {string} content
 * @param {number} letter
 * @param {number} x
 * @param {number} y
 * @param {"middle" | "end"} anchor
 */
function words(content, letter, x, y, anchor, turn = 0, ink = "") {
  const down = turn !== 0 && cjk(content), turned = turn && !down && { transform: `rotate(${turn} ${x} ${y})` };
  const anchored = down && anchor === "end" ? "start" : anchor; // from the top down, where a turned line is read from the foot up
  const element = shape("text", { x, y, "text-anchor": anchored, "dominant-baseline": "central", "font-size": letter, ...turned }, content);
  if (down) element.style.writingMode = "vertical-rl";
  if (ink) element.style.fill = ink;
  return element;
}

/**
 * As a reader counts characters, of which there are no more than code units.
 * @param {string} token
 */
function cut(token) {
  if (token.length <= LONGEST) return token;
  const characters = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(token.slice(0, 8 * LONGEST))];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).map(({ segment }) => segment).join("")}…` : token;
}

/**
 * @param {[string, number][]} tokens
 * @param {number} letter
 * @param {string} family
 */
function widest(tokens, letter, family) {
  const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  pen.font = `${letter}px ${family}`;
  return Math.min(WIDEST * letter, Math.max(...tokens.map(([token]) => pen.measureText(token).width)));
}
