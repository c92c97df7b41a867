// The code of a collage, as `attnviz/scenes/collage.py` reads and writes it, and the layouts that are offered. The server alone says whether a
// code is one.

/**
 * @typedef {object} Photograph
 * @property {string} kind
 * @property {string} number With the letter of its part, if it has one.
 */

/** @typedef {[number, number, number, number]} Box Left edge, upper edge, width and height, of `UNITS` each way. */

/**
 * @typedef {object} Arrangement
 * @property {string} ground
 * @property {Box[]} boxes
 * @property {Photograph[]} photos One a box.
 */

export const UNITS = 28;

const HALF = UNITS / 2;

/**
 * Layouts by name, in the order they are offered.
 * @type {Record<string, Box[]>}
 */
export const LAYOUTS = {
  one: [[0, 0, UNITS, UNITS]],
  beside: [[0, 0, HALF, UNITS], [HALF, 0, HALF, UNITS]],
  stacked: [[0, 0, UNITS, HALF], [0, HALF, UNITS, HALF]],
  three: [[0, 0, HALF, UNITS], [HALF, 0, HALF, HALF], [HALF, HALF, HALF, HALF]],
  four: [[0, 0, HALF, HALF], [HALF, 0, HALF, HALF], [0, HALF, HALF, HALF], [HALF, HALF, HALF, HALF]],
};

const PHOTOGRAPH = /^([a-z-]+)\.([tv]?\d+)@(\d+),(\d+),(\d+),(\d+)$/;

/**
 * @param {string} code
 * @returns {Arrangement | null} Nothing where it is no code.
 */
export function readCollage(code) {
  const [ground, ...rest] = code.split(";"), found = rest.map((part) => PHOTOGRAPH.exec(part));
  if (!ground || !rest.length || found.includes(null)) return null;
  const parts = /** @type {RegExpExecArray[]} */ (found);
  return {
    ground,
    boxes: parts.map(([, , , x, y, width, height]) => [Number(x), Number(y), Number(width), Number(height)]),
    photos: parts.map(([, kind, number]) => ({ kind, number })),
  };
}

/** @param {Arrangement} arrangement */
export function writeCollage({ ground, boxes, photos }) {
  return [ground, ...photos.map(({ kind, number }, place) => `${kind}.${number}@${boxes[place].join(",")}`)].join(";");
}

/**
 * The layout that an arrangement has; empty for one of its own.
 * @param {Arrangement} arrangement
 */
export function layoutOf({ boxes }) {
  return Object.keys(LAYOUTS).find((name) => JSON.stringify(LAYOUTS[name]) === JSON.stringify(boxes)) ?? "";
}
