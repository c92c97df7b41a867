// What of a chart is under the pointer.

import { bytes, findAs } from "./elements.js";

/** @import { Bars, Cells, Curve, Frame, Pairs } from "./marks.js" */

/** @typedef {{ hint: string, chosen: number[] | null }} Met */

/** Pixels from a point or a panel within which it is meant. */
const NEAR = 18;

/**
 * The nearest point, else a bar, else a cell.
 * @param {HTMLElement} plane
 * @param {{ marks: (Cells | Bars | Curve)[], frame: Frame }[]} panels
 * @param {MouseEvent} event
 * @param {boolean} nearest Whether pointing anywhere means the nearest point.
 * @returns {Met | null}
 */
export function pointed(plane, panels, event, nearest) {
  const box = findAs(plane, "svg", SVGSVGElement).getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
  const panel = panels.find(({ frame: { left, top, wide, high } }) => x >= left - NEAR && x <= left + wide + NEAR && y >= top - NEAR && y <= top + high + NEAR);
  if (!panel) return null;
  const { frame, marks } = panel, above = marks.toReversed();
  const met = [
    ...above.map((each) => (each.kind === "curve" ? near(each, frame, x, y, nearest ? Infinity : NEAR) : null)),
    ...above.map((each) => (each.kind === "bars" ? over(each, frame, x, y) : null)),
    ...above.map((each) => (each.kind === "cells" ? cell(each, frame, x, y) : null)),
  ];
  return met.find((each) => each?.hint) ?? null;
}

/**
 * @param {Curve} curve
 * @param {Frame} frame
 * @param {number} x
 * @param {number} y
 * @param {number} reach
 * @returns {Met | null}
 */
function near({ x: places, y: values, hints, chosen }, frame, x, y, reach) {
  let least = reach, found = -1;
  if (!hints) return null;
  places.forEach((place, index) => {
    const value = values[index];
    if (place === null || value === null) return;
    const far = Math.hypot(frame.x(place) - x, frame.y(value) - y);
    if (far <= least) [least, found] = [far, index];
  });
  return found < 0 ? null : { hint: hints[found], chosen: chosen?.[found] ?? null };
}

/**
 * @param {Bars} bars
 * @param {Frame} frame
 * @param {number} x
 * @param {number} y
 * @returns {Met | null}
 */
function over(bars, frame, x, y) {
  const found = bars.boxes.findIndex((each) => {
    const box = boxed(bars, each, frame);
    return x >= box.x - 2 && x <= box.x + box.width + 2 && y >= box.y && y <= box.y + box.height;
  });
  return found < 0 || !bars.hints ? null : { hint: bars.hints[found], chosen: null };
}

/**
 * A bar in pixels.
 * @param {Bars} bars
 * @param {number[]} box
 * @param {Frame} frame
 */
export function boxed({ lying }, [base, reached, low, high], frame) {
  const [x0, x1, y0, y1] = lying ? [base, reached, low, high] : [low, high, base, reached];
  const x = [frame.x(x0), frame.x(x1)], y = [frame.y(y0), frame.y(y1)];
  return { x: Math.min(...x), y: Math.min(...y), width: Math.abs(x[1] - x[0]), height: Math.abs(y[1] - y[0]) };
}

/**
 * @param {Cells} cells
 * @param {Frame} frame
 * @param {number} x
 * @param {number} y
 * @returns {Met | null}
 */
function cell(cells, frame, x, y) {
  const { first, step, columns, hints, pairs } = cells, rows = pairs ? pairs.down.length : (hints ?? []).length / columns;

  const [x0, x1] = [frame.x(first[0]), frame.x(first[0] + step[0])], [y0, y1] = [frame.y(first[1]), frame.y(first[1] + step[1])];
  const column = Math.floor((x - x0) / (x1 - x0)), row = Math.floor((y - y0) / (y1 - y0));
  if (column < 0 || column >= columns || row < 0 || row >= rows) return null;
  return { hint: pairs ? paired(cells, pairs, row, column) : (hints ?? [])[row * columns + column], chosen: null };
}

/**
 * What a cell tells by the names of its row and its column; an empty one nothing.
 * @param {Cells} cells
 * @param {Pairs} pairs
 * @param {number} row
 * @param {number} column
 */
function paired({ codes, columns }, { down, across, between, label, values }, row, column) {
  const at = row * columns + column;
  if (!bytes(codes)[at]) return "";
  const value = values === null ? "" : `\n${label} ${+new Float64Array(bytes(values).buffer)[at].toPrecision(9)}`;
  return `${down[row]} ${between} ${across[column]}${value}`;
}
