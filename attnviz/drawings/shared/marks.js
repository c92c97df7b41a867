// What a chart is made of: cells as pixels, hatching, lines, points. Places come in pixels or in units of the axes.

import { bytes, make, shape } from "./elements.js";

/** @import { Words } from "../component.js" */

/**
 * @typedef {object} Cells
 * @property {"cells"} kind
 * @property {[number, number]} first The corner of the first cell.
 * @property {[number, number]} step
 * @property {number} columns
 * @property {string} codes Steps of colour from 1 to 255; 0 is empty.
 * @property {string[]} ramp
 * @property {number} gap Pixels.
 * @property {string[] | null} hints
 * @property {Words[] | null} written
 * @property {number | null} letter
 * @property {Pairs | null} pairs
 */

/**
 * What cells tell where it is put together from names.
 * @typedef {object} Pairs
 * @property {string[]} down
 * @property {string[]} across
 * @property {string} between The two names.
 * @property {string | null} label Of the numbers.
 * @property {string | null} values float64.
 */

/**
 * @typedef {object} Bars
 * @property {"bars"} kind
 * @property {boolean} lying Whether they go from left to right.
 * @property {number[][]} boxes Where each begins and ends, and its place from and to.
 * @property {string | string[]} colour
 * @property {{ shape: string, size: number } | null} pattern
 * @property {string | null} edge
 * @property {string[] | null} hints
 * @property {Words[] | null} written
 */

/**
 * @typedef {object} Curve
 * @property {"curve"} kind
 * @property {(number | null)[]} x
 * @property {(number | null)[]} y
 * @property {{ colour: string, width: number, dash: string, stepped: boolean } | null} line
 * @property {{ symbol: string | string[], size: number | number[], colour: string | string[], edge: string | null, opacity: number } | null} symbols
 * @property {{ words: Words[], letter: number | null, inks: string | string[] } | null} written At its points.
 * @property {{ colour: string, down_to: (number | null)[] } | null} filled What lies between this curve and another.
 * @property {string[] | null} hints
 * @property {number[][] | null} chosen What is sent when a point is chosen.
 */

/**
 * How an entry of a legend looks.
 * @typedef {object} Look
 * @property {string | string[]} colour
 * @property {{ shape: string, size: number } | null} pattern
 * @property {string | null} edge
 * @property {string | null} dash
 * @property {string | string[] | null} symbol
 */

/**
 * Where a panel stands, in pixels, and where values stand in it.
 * @typedef {object} Frame
 * @property {number} left
 * @property {number} top
 * @property {number} wide
 * @property {number} high
 * @property {(value: number) => number} x
 * @property {(value: number) => number} y
 */

/** @type {Record<string, string>} */
const DASHES = { dash: "9 6", dot: "2 4", dashdot: "9 4 2 4", longdash: "15 8" };

/** @param {{ colour: string, width: number, dash: string }} line */
export const stroke = ({ colour, width, dash }) => ({ stroke: colour, "stroke-width": width, ...(DASHES[dash] ? { "stroke-dasharray": DASHES[dash] } : {}) });

/**
 * All cells of a panel as one picture, one pixel each, stretched to their place, later ones over earlier ones.
 * @param {(Cells | Bars | Curve)[]} marks
 * @param {Frame} frame
 * @returns {HTMLElement | null}
 */
export function pixels(marks, frame) {
  const layers = marks.filter((each) => each.kind === "cells");
  if (!layers.length) return null;
  const [{ first, step, columns, gap }] = layers, rows = bytes(layers[0].codes).length / columns, canvas = make("canvas");
  const [x0, x1] = [frame.x(first[0]), frame.x(first[0] + columns * step[0])], [y0, y1] = [frame.y(first[1]), frame.y(first[1] + rows * step[1])];
  const wide = Math.abs(x1 - x0), high = Math.abs(y1 - y0);
  Object.assign(canvas.style, { left: `${Math.min(x0, x1)}px`, top: `${Math.min(y0, y1)}px`, width: `${wide}px`, height: `${high}px` });
  const turned = { left: x1 < x0, up: y1 < y0 };
  if (gap) parted(canvas, layers, rows, [wide / columns, high / rows], turned);
  else joined(canvas, layers, rows, turned);
  return canvas;
}

/**
 * Cells with gaps, each as many pixels as it has on the screen.
 * @param {HTMLCanvasElement} canvas
 * @param {Cells[]} layers
 * @param {number} rows
 * @param {number[]} cell Width and height.
 * @param {{ left: boolean, up: boolean }} turned Which way columns and rows go.
 */
function parted(canvas, layers, rows, cell, { left, up }) {
  const [{ columns, gap }] = layers, [across, down] = cell.map((size) => Math.max(1, Math.round(size)));
  canvas.width = columns * across;
  canvas.height = rows * down;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  for (const { codes, ramp } of layers) {
    const colours = shades(ramp).map(([red, green, blue, opacity]) => `rgba(${red},${green},${blue},${opacity})`);
    bytes(codes).forEach((code, at) => {
      if (!code) return;
      const column = at % columns, row = Math.floor(at / columns);
      pen.fillStyle = colours[code - 1];
      pen.fillRect((left ? columns - 1 - column : column) * across, (up ? rows - 1 - row : row) * down, across > 2 * gap ? across - gap : across, down > 2 * gap ? down - gap : down);
    });
  }
}

/**
 * Cells without gaps, of which there may be very many: one pixel each.
 * @param {HTMLCanvasElement} canvas
 * @param {Cells[]} layers
 * @param {number} rows
 * @param {{ left: boolean, up: boolean }} turned
 */
function joined(canvas, layers, rows, { left, up }) {
  const [{ columns }] = layers, image = new ImageData(columns, rows), pixel = new Uint32Array(image.data.buffer);
  canvas.width = columns;
  canvas.height = rows;
  for (const { codes, ramp } of layers) {
    const colours = shades(ramp).map(([red, green, blue, opacity]) => new Uint32Array(Uint8Array.of(red, green, blue, Math.round(255 * opacity)).buffer)[0]);
    bytes(codes).forEach((code, at) => {
      if (!code || !(colours[code - 1] >>> 24)) return;
      const column = at % columns, row = Math.floor(at / columns);
      pixel[(up ? rows - 1 - row : row) * columns + (left ? columns - 1 - column : column)] = colours[code - 1];
    });
  }
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/**
 * 255 colours along a ramp: red, green, blue, and opacity from 0 to 1.
 * @param {string[]} ramp Each #rrggbb or rgba(…).
 */
function shades(ramp) {
  const stops = ramp.map(channels);
  return Array.from({ length: 255 }, (_, code) => {
    const place = (code / 254) * (stops.length - 1), low = Math.min(Math.floor(place), stops.length - 2), [from, to] = [stops[low], stops[low + 1]];
    const mixed = from.map((value, channel) => value + (to[channel] - value) * (place - low));
    return [...mixed.slice(0, 3).map(Math.round), mixed[3]];
  });
}

/** @param {string} colour @returns {number[]} */
function channels(colour) {
  if (colour.startsWith("#")) return [...[1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)), 1];
  return [...colour.matchAll(/[\d.]+/g)].map(Number);
}

let hatchings = 0;

/**
 * A hatching in a colour on nothing.
 * @param {{ shape: string, size: number }} pattern
 * @param {string} colour
 */
export function hatching({ shape: sign, size }, colour) {
  hatchings += 1;
  const tile = shape("pattern", { id: `hatching-${hatchings}`, width: size, height: size, patternUnits: "userSpaceOnUse" });
  const ways = { "/": `M0 ${size}L${size} 0M${-size / 4} ${size / 4}L${size / 4} ${-size / 4}M${size * 0.75} ${size * 1.25}L${size * 1.25} ${size * 0.75}`, x: `M0 0L${size} ${size}M${size} 0L0 ${size}`, "-": `M0 ${size / 2}H${size}` };
  if (sign === ".") tile.append(shape("circle", { cx: size / 2, cy: size / 2, r: size / 6, fill: colour }));
  else tile.append(shape("path", { d: ways[/** @type {keyof typeof ways} */ (sign)], stroke: colour, "stroke-width": size / 4, fill: "none" }));
  return tile;
}

/**
 * A curve: what lies between it and the one before, its line, its points.
 * @param {Curve} curve
 * @param {Frame} frame
 */
export function outlined({ x, y, line, symbols, filled }, frame) {
  const points = placed(x, y, frame);
  /** @type {SVGElement[]} */
  const found = [];
  if (filled) found.push(shape("path", { d: `${way([...points, ...placed(x, filled.down_to, frame).toReversed()])}Z`, fill: filled.colour }));
  if (line && points.length) found.push(shape("path", { d: line.stepped ? stepped(points) : way(points), fill: "none", ...stroke(line) }));
  if (symbols) {
    points.forEach(([left, top], at) => {
      const [sign, size, colour] = [symbols.symbol, symbols.size, symbols.colour].map((all) => (Array.isArray(all) ? all[at] : all));
      const point = symbol(String(sign), left, top, Number(size), String(colour));
      if (symbols.edge) point.setAttribute("stroke", symbols.edge);
      if (symbols.opacity < 1) point.setAttribute("opacity", String(symbols.opacity));
      point.classList.add("point");
      found.push(point);
    });
  }
  return found;
}

/**
 * Points in pixels; those without a value are passed over.
 * @param {(number | null)[]} x
 * @param {(number | null)[]} y
 * @param {Frame} frame
 */
const placed = (x, y, frame) => x.flatMap((across, at) => {
  const value = y[at];
  return across === null || value === null ? [] : [/** @type {[number, number]} */ ([frame.x(across), frame.y(value)])];
});

/** @param {[number, number][]} points */
const way = (points) => `M${points.map((point) => point.join(" ")).join("L")}`;

/** @param {[number, number][]} points */
function stepped(points) {
  return points.reduce((before, [x, y], at) => {
    if (!at) return `M${x} ${y}`;
    const middle = (points[at - 1][0] + x) / 2;
    return `${before}H${middle}V${y}H${x}`;
  }, "");
}

/**
 * A point.
 * @param {string} sign
 * @param {number} x
 * @param {number} y
 * @param {number} size Pixels.
 * @param {string} colour
 */
function symbol(sign, x, y, size, colour) {
  const half = size / 2, thin = { fill: "none", stroke: colour, "stroke-width": 1.5 };
  if (sign === "circle") return shape("circle", { cx: x, cy: y, r: half, fill: colour });
  if (sign === "square") return shape("rect", { x: x - half, y: y - half, width: size, height: size, fill: colour });
  const wide = half * 1.3;
  if (sign === "diamond") return shape("path", { d: `M${x} ${y - wide}L${x + wide} ${y}L${x} ${y + wide}L${x - wide} ${y}Z`, fill: colour });
  if (sign === "triangle-up") return shape("path", { d: `M${x} ${y - wide}L${x + wide} ${y + half}H${x - wide}Z`, fill: colour });
  const slash = `M${x - half} ${y + half}L${x + half} ${y - half}`;
  const ways = { "line-ne": slash, "x-thin": `${slash}M${x - half} ${y - half}L${x + half} ${y + half}`, x: `${slash}M${x - half} ${y - half}L${x + half} ${y + half}`, "line-ew": `M${x - half} ${y}h${size}` };
  return shape("path", { d: ways[/** @type {keyof typeof ways} */ (sign)], ...thin, "stroke-width": sign === "x" ? 3 : 1.5 });
}

/**
 * The sign of an entry of a legend.
 * @param {Look} look
 * @param {number} wide
 * @param {number} high
 * @param {string} ink
 * @returns {SVGElement[]}
 */
export function mark({ colour, pattern, edge, dash, symbol: sign }, wide, high, ink) {
  const [first] = [colour].flat(), middle = high / 2;
  if (dash === null && sign === null) {
    const hatched = pattern && hatching(pattern, first);
    const box = shape("rect", { x: wide / 4, y: 1, width: wide / 2, height: high - 2, fill: hatched ? `url(#${hatched.id})` : first, ...(edge || pattern ? { stroke: edge ?? first } : {}) });
    return hatched ? [hatched, box] : [box];
  }
  const line = dash === null ? [] : [shape("path", { d: `M0 ${middle}H${wide}`, fill: "none", ...stroke({ colour: first, width: 3, dash }) })];
  return sign === null ? line : [...line, symbol([sign].flat()[0], wide / 2, middle, 9, first || ink)];
}
