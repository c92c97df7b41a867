// The code of a scene, as `attnviz/scenes/scene.py` reads and writes it, and what is done with places and sizes. The server
// alone says whether a code is one; here only what it has accepted is read.

/**
 * @typedef {object} Thing
 * @property {number} id Its own, as long as the page is open.
 * @property {string} kind
 * @property {string} style
 * @property {number} column Of its centre, in cells.
 * @property {number} row
 * @property {number} size
 * @property {number} tilt Degrees, clockwise.
 */

/**
 * @typedef {object} Composed
 * @property {string} background
 * @property {Thing[]} things From the back to the front.
 */

/**
 * @typedef {object} Limits
 * @property {number} grid Rows and columns.
 * @property {number} cells That a thing of size 1 is wide and high.
 * @property {number} least Size.
 * @property {number} largest Size.
 * @property {number} most Things.
 * @property {string[]} styles The first is drawn where a code names none.
 */

const THING = /^([a-z-]+)(?:\.([a-z]+))?@(-?[\d.]+),(-?[\d.]+)(?:\*(-?[\d.]+))?(?:~(-?[\d.]+))?$/;
let lastThing = 0;

/**
 * What is on the screen, from a code.
 * @param {string} code
 * @param {Limits} limits
 * @returns {Composed | null} Nothing where it is no code.
 */
export function readScene(code, limits) {
  const [background, ...rest] = code.split(";");
  const found = rest.map((part) => THING.exec(part));
  if (!background || found.includes(null)) return null;
  const things = found.map((part) => {
    const [, kind, style, column, row, size, tilt] = /** @type {RegExpExecArray} */ (part);
    return thing(kind, { style: style ?? limits.styles[0], column: Number(column), row: Number(row), size: Number(size ?? 1), tilt: Number(tilt ?? 0) });
  });
  return { background, things };
}

/**
 * @param {string} kind
 * @param {Omit<Thing, "id" | "kind">} facts
 * @returns {Thing}
 */
export function thing(kind, facts) {
  lastThing += 1;
  return { id: lastThing, kind, ...facts };
}

/**
 * The code in its usual form.
 * @param {Composed} scene
 * @param {Limits} limits
 */
export function writeScene({ background, things }, limits) {
  const parts = things.map((each) => {
    const style = each.style === limits.styles[0] ? "" : `.${each.style}`;
    const size = each.size === 1 ? "" : `*${each.size}`, tilt = each.tilt === 0 ? "" : `~${each.tilt}`;
    return `${each.kind}${style}@${each.column},${each.row}${size}${tilt}`;
  });
  return [background, ...parts].join(";");
}

/**
 * The nearest half cell on the picture.
 * @param {number} place
 * @param {Limits} limits
 */
export const snapped = (place, limits) => Math.min(Math.max(Math.round(place * 2) / 2, 0), limits.grid - 1);

/**
 * The nearest tenth of a size that there is.
 * @param {number} size
 * @param {Limits} limits
 */
export const sized = (size, limits) => Math.min(Math.max(Math.round(size * 10) / 10, limits.least), limits.largest);

/**
 * Where there is most room for one thing more: as far as can be from all others, else near the middle.
 * @param {Thing[]} things
 * @param {Limits} limits
 */
export function roomFor(things, limits) {
  const middle = (limits.grid - 1) / 2;
  let best = { column: middle, row: middle, room: -Infinity };
  for (let row = 2; row <= limits.grid - 3; row += 1) {
    for (let column = 2; column <= limits.grid - 3; column += 1) {
      const near = Math.min(...things.map((each) => Math.hypot(each.column - column, each.row - row)), limits.cells);
      const room = near - Math.hypot(column - middle, row - middle) / 100;
      if (room > best.room) best = { column, row, room };
    }
  }
  return { column: best.column, row: best.row };
}

/**
 * A scene of one to four things that hide little of each other.
 * @param {string[]} backgrounds
 * @param {string[]} kinds
 * @param {Limits} limits
 * @returns {Composed}
 */
export function drawnScene(backgrounds, kinds, limits) {
  /** @type {Thing[]} */
  const things = [];
  const count = 1 + Math.floor(Math.random() * 4);
  for (let tries = 0; things.length < count && tries < 200; tries += 1) {
    const kind = anyOf(kinds), size = sized(0.8 + Math.random() * 0.7, limits);
    const [column, row] = [0, 0].map(() => snapped(1.5 + Math.random() * (limits.grid - 4), limits));
    const free = things.every((each) => {
      const apart = ((each.size + size) / 2) * limits.cells * 0.8;
      return each.kind !== kind && Math.max(Math.abs(each.column - column), Math.abs(each.row - row)) >= apart;
    });
    if (free) things.push(thing(kind, { style: limits.styles[0], column, row, size, tilt: 0 }));
  }
  return { background: anyOf(backgrounds), things };
}

/** @param {string[]} names */
const anyOf = (names) => names[Math.floor(Math.random() * names.length)];
