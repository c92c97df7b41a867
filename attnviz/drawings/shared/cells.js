// Cells of weights as pixels: 256 steps of colour, and signs for what is masked.

import { make } from "./elements.js";

/** @import { Reason } from "../component.js" */

/**
 * Cells as the server sends them, one byte each.
 * @typedef {object} Cells
 * @property {Uint8Array} codes Steps of colour, row by row.
 * @property {Uint8Array} masks Why a cell is masked, or empty: nothing is.
 * @property {number} rows
 * @property {number} columns
 */

/**
 * How cells are painted: pixels as words.
 * @typedef {object} Paint
 * @property {Uint32Array} colours One for each code.
 * @property {number} sign Of what is masked.
 * @property {number} faint The same, where it fills large cells.
 */

/** @param {string} colour As #rrggbb. */
const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** @param {number[]} four Red, green, blue and opacity. */
const word = (four) => new Uint32Array(Uint8Array.from(four).buffer)[0];

/**
 * 256 colours, linear between the stops.
 * @param {string[]} stops As #rrggbb.
 */
const ramp = (stops) => Array.from({ length: 256 }, (_, code) => {
  const place = (code / 255) * (stops.length - 1), low = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [channels(stops[low]), channels(stops[low + 1])];
  return from.map((value, channel) => Math.round(value + (to[channel] - value) * (place - low)));
});

/**
 * Paint for cells, and the same colours for their legend.
 * @param {string[]} stops As #rrggbb.
 * @param {string} sign As #rrggbb.
 * @returns {Paint & { ramp: string[] }}
 */
export function palette(stops, sign) {
  const colours = ramp(stops);
  return {
    colours: Uint32Array.from(colours, (colour) => word([...colour, 255])),
    sign: word([...channels(sign), 255]),
    faint: word([...channels(sign), 90]),
    ramp: colours.map((colour) => `rgb(${colour.join(" ")})`),
  };
}

/**
 * Whether a masked cell carries the sign: dots for padding, stripes for a causal mask, checks for the model's other masks,
 * columns for what was hidden by hand.
 * @type {Record<number, (row: number, column: number) => boolean>}
 */
const PATTERNS = { 1: (row, column) => row % 2 === 0 && column % 2 === 0, 2: (row, column) => (row + column) % 3 === 0,
  3: (row, column) => (row + column) % 2 === 0, 4: (_, column) => column % 4 > 0 };

/**
 * A cell is a pixel; where something is masked, `size` x `size` pixels, so that the sign can be seen within a cell, and
 * stands back behind the weights.
 * @param {HTMLCanvasElement} canvas
 * @param {Cells} cells
 * @param {Paint} paint
 */
export function paintCells(canvas, { codes, masks, rows, columns }, { colours, sign, faint }, size = 1) {
  const side = masks.length ? size : 1, ink = side > 1 ? faint : sign, width = columns * side, height = rows * side;
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  for (let y = 0, to = 0; y < height; y++) {
    const from = Math.floor(y / side) * columns;
    for (let x = 0; x < width; x++, to++) {
      const at = side === 1 ? from + x : from + Math.floor(x / side);
      const pattern = masks.length ? PATTERNS[masks[at]] : undefined;
      pixels[to] = pattern ? (pattern(y, x) ? ink : 0) : colours[codes[at]];
    }
  }
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

/**
 * The signs of what is masked, each with its name.
 * @param {HTMLElement} list
 * @param {Reason[]} reasons
 * @param {Paint} paint
 */
export function explain(list, reasons, paint) {
  list.replaceChildren(...reasons.map(({ code, name }) => {
    const entry = make("li"), cells = { codes: new Uint8Array(36), masks: new Uint8Array(36).fill(code), rows: 6, columns: 6 };
    entry.append(paintCells(make("canvas"), cells, paint), name);
    return entry;
  }));
}
