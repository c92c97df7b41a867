// Scales of colours beside or below the panels of a chart.

import { shape } from "./elements.js";
import { height, write } from "./words.js";

/** @import { Words } from "../component.js" */

/**
 * A scale of colours.
 * @typedef {object} Scale
 * @property {Words} title
 * @property {[number, string][]} stops
 * @property {number | null} length Pixels; null: as the panels are high.
 * @property {[number, number] | null} below Its middle and its length as shares of the panels' width, where it lies below them.
 * @property {{ at: number, label: Words }[]} marks
 */

/** Pixels: around all, and between a mark and its label. */
export const EDGE = 6, SPACE = 6;

/**
 * The scale of colours at the right.
 * @param {Scale} bar
 * @param {{ left: number, top: number, wide: number, high: number }} area
 * @param {number} letter
 * @param {(words: Words, letter: number) => number} width
 */
export function scale({ title, stops, length, marks }, area, letter, width) {
  const x = area.left + area.wide + EDGE + SPACE, high = Math.min(length ?? area.high, area.high), foot = area.top + high;
  const gradient = shape("linearGradient", { id: "ramp", x1: 0, y1: 1, x2: 0, y2: 0 });
  gradient.append(...stops.map(([offset, colour]) => shape("stop", { offset, "stop-color": colour })));
  const labels = marks.map(({ at, label }) => write(label, { x: x + 16 + SPACE, y: foot - at * high, letter }));
  const beside = x + 16 + 2 * SPACE + Math.max(...marks.map(({ label }) => width(label, letter))) + height(title, letter) / 2;
  return [
    gradient,
    shape("rect", { x, y: area.top, width: 16, height: high, fill: "url(#ramp)", stroke: "currentColor", "stroke-width": 1 }),
    ...labels,
    write(title, { x: beside, y: area.top + high / 2, letter, across: "middle", turn: 90 }),
  ];
}

/**
 * How high a scale below the panels is.
 * @param {Words} title
 * @param {number} letter
 */
export const thick = (title, letter) => height(title, letter) + 16 + SPACE + letter * 1.25;

/**
 * A scale of colours below the panels.
 * @param {Scale} bar
 * @param {[number, number]} below
 * @param {{ left: number, top: number, wide: number, high: number }} area
 * @param {number} high Of the picture.
 * @param {number} letter
 * @param {number} place Among all scales.
 */
export function lying({ title, stops, marks }, [middle, share], area, high, letter, place) {
  const wide = share * area.wide, x = area.left + middle * area.wide - wide / 2, y = high - EDGE - letter * 1.25 - SPACE - 16;
  const gradient = shape("linearGradient", { id: `ramp-${place}` });
  gradient.append(...stops.map(([offset, colour]) => shape("stop", { offset, "stop-color": colour })));
  return [
    gradient,
    shape("rect", { x, y, width: wide, height: 16, fill: `url(#ramp-${place})`, stroke: "currentColor", "stroke-width": 1 }),
    ...marks.map(({ at, label }) => write(label, { x: x + at * wide, y: y + 16 + SPACE, letter, across: "middle", down: "top" })),
    write(title, { x: x + wide / 2, y: y - 2, letter, across: "middle", down: "bottom" }),
  ];
}
