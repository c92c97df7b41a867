// Where the panels of a chart stand, and what is written along their sides.

import { shape } from "./elements.js";
import { EDGE, SPACE, thick } from "./scales.js";
import { height, shortened, write } from "./words.js";

/** @import { Words } from "../component.js" */
/** @import { Bars, Cells, Curve, Frame } from "./marks.js" */
/** @import { Scale } from "./scales.js" */

/** @typedef {{ at: number, label: Words }} Mark */

/**
 * @typedef {object} Side
 * @property {[number, number]} ends What stands at the left or the bottom, and at the right or the top.
 * @property {Mark[]} marks
 * @property {boolean} labelled
 * @property {string | null} grid Colour of the lines at the marks.
 * @property {string | null} zero Colour of the line at 0.
 * @property {Words} title
 * @property {[number, number]} domain Shares of the picture.
 * @property {boolean} square Whether its units are as long as those across.
 */

/** @typedef {{ x: Side, y: Side, marks: (Cells | Bars | Curve)[] }} Panel */

/**
 * What stands around the panels.
 * @typedef {object} Around
 * @property {number} letter Pixels.
 * @property {Panel[]} panels
 * @property {Scale[]} bars
 * @property {{ y: { shares: boolean, at: number[] }, words: Words, down: string, shift: number, letter: number | null, border: number }[]} notes
 */

/** How much of the width names at the left may take. */
const NAMES = 0.42;

/**
 * Where panels stand, when all that is written beside them has its room.
 * @param {Around} data
 * @param {number} wide
 * @param {number} high
 * @param {(words: Words, letter: number) => number} width
 */
export function planned(data, wide, high, width) {
  const { letter, panels, bars } = data, bar = bars.find(({ below }) => !below);
  /** @param {Words} words */
  const titled = (words) => (words === "" ? 0 : height(words, letter) + SPACE);
  /** @param {Mark[]} marks */
  const widest = (marks) => Math.max(0, ...marks.map(({ label }) => width(label, letter)));
  const first = panels.filter(({ y }) => y.labelled);
  const names = Math.min(Math.max(0, ...first.map(({ y }) => widest(y.marks))), NAMES * wide);
  const left = EDGE + names + SPACE + Math.max(0, ...first.map(({ y }) => titled(y.title)));
  const right = bar ? EDGE + 16 + 2 * SPACE + widest(bar.marks) + titled(bar.title) : EDGE + letter * 0.6;
  const inner = wide - left - right;
  const turned = panels.map(({ x, marks }) => x.labelled && marks.some(({ kind }) => kind === "cells") && crowded(x, inner * (x.domain[1] - x.domain[0]), letter, width));
  const below = Math.max(...panels.map(({ x }, place) => {
    const labels = x.labelled && x.marks.length ? SPACE + (turned[place] ? Math.min(widest(x.marks), 0.4 * high) : Math.max(...x.marks.map(({ label }) => height(label, letter)))) : 0;
    return labels + titled(x.title);
  })) + Math.max(EDGE, ...bars.filter(({ below }) => below).map(({ title }) => thick(title, letter) + 2 * EDGE));
  const top = EDGE + Math.max(letter / 2, ...data.notes.filter(({ y, down }) => y.shares && y.at[0] >= 1 && down === "bottom")
    .map(({ words, letter: own, shift, border }) => height(words, own ?? letter) + shift + 2 * border));
  const tall = high - top - below;
  const frames = panels.map(({ x, y }) => {
    const [from, to] = x.domain, [foot, ceiling] = y.domain, ends = { x: x.ends, y: y.ends }, frame = { left: left + from * inner, top: top + (1 - ceiling) * tall, wide: (to - from) * inner, high: (ceiling - foot) * tall };
    if (y.square) widen(ends, frame);
    return {
      ...frame,
      /** @param {number} value */
      x: (value) => frame.left + ((value - ends.x[0]) / (ends.x[1] - ends.x[0])) * frame.wide,
      /** @param {number} value */
      y: (value) => frame.top + (1 - (value - ends.y[0]) / (ends.y[1] - ends.y[0])) * frame.high,
    };
  });
  return { frames, turned, names };
}

/**
 * The box around all panels.
 * @param {Frame[]} frames
 * @returns {{ left: number, top: number, wide: number, high: number }}
 */
export function outer(frames) {
  const left = Math.min(...frames.map((each) => each.left)), top = Math.min(...frames.map((each) => each.top));
  return { left, top, wide: Math.max(...frames.map((each) => each.left + each.wide)) - left, high: Math.max(...frames.map((each) => each.top + each.high)) - top };
}

/**
 * Moves the ends of one axis apart until a unit is as long along both.
 * @param {Record<"x" | "y", [number, number]>} ends
 * @param {{ wide: number, high: number }} frame
 */
function widen(ends, { wide, high }) {
  const [x, y] = [ends.x, ends.y].map(([start, end]) => end - start), unit = Math.min(Math.abs(wide / x), Math.abs(high / y));
  for (const [axis, span, room] of /** @type {["x" | "y", number, number][]} */ ([["x", x, wide], ["y", y, high]])) {
    const middle = (ends[axis][0] + ends[axis][1]) / 2, half = (Math.sign(span) * room) / unit / 2;
    ends[axis] = [middle - half, middle + half];
  }
}

/**
 * Whether labels along the foot would run into each other.
 * @param {Side} side
 * @param {number} wide
 * @param {number} letter
 * @param {(words: Words, letter: number) => number} width
 */
function crowded({ marks, ends }, wide, letter, width) {
  const pitch = marks.length > 1 ? (Math.abs(marks[1].at - marks[0].at) / Math.abs(ends[1] - ends[0])) * wide : wide;
  return Math.max(0, ...marks.map(({ label }) => width(label, letter))) > pitch - 4;
}

/**
 * Lines, labels and titles of a panel.
 * @param {Panel} panel
 * @param {Frame} frame
 * @param {number} letter
 * @param {{ turned: boolean, names: number, wide: (words: Words, letter: number) => number }} how
 */
export function sides({ x, y }, frame, letter, { turned, names, wide }) {
  const group = shape("g", {}), foot = frame.top + frame.high, end = frame.left + frame.wide;
  /** @param {string} d @param {string} colour */
  const line = (d, colour) => shape("path", { d, stroke: colour, fill: "none", "shape-rendering": "crispEdges" });
  /** @param {number} at */
  const across = (at) => `M${frame.left} ${frame.y(at)}H${end}`;
  /** @param {number} at */
  const down = (at) => `M${frame.x(at)} ${frame.top}V${foot}`;
  if (x.grid && x.marks.length) group.append(line(x.marks.map(({ at }) => down(at)).join(""), x.grid));
  if (y.grid && y.marks.length) group.append(line(y.marks.map(({ at }) => across(at)).join(""), y.grid));
  if (x.zero && within(x, 0)) group.append(line(down(0), x.zero));
  if (y.zero && within(y, 0)) group.append(line(across(0), y.zero));
  /** @param {Words} label */
  const width = (label) => wide(label, letter);
  if (x.labelled) {
    const free = thinned(x.marks, ({ at }) => frame.x(at), ({ label }) => (turned ? letter + 2 : width(label) + 8));
    group.append(...free.map(({ at, label }) => (turned
      ? write(label, { x: frame.x(at), y: foot + SPACE, letter, across: "end", turn: -90 })
      : write(label, { x: frame.x(at), y: foot + SPACE, letter, across: "middle", down: "top" }))));
    const lowest = Math.max(0, ...x.marks.map(({ label }) => (turned ? width(label) : height(label, letter))));
    if (x.title !== "") group.append(write(x.title, { x: frame.left + frame.wide / 2, y: foot + lowest + 2 * SPACE, letter, across: "middle", down: "top" }));
  }
  if (y.labelled) {
    const free = thinned(y.marks, ({ at }) => frame.y(at), ({ label }) => height(label, letter) * 0.8);
    group.append(...free.map(({ at, label }) => write(shortened(label, names, width), { x: frame.left - SPACE, y: frame.y(at), letter, across: "end" })));
    const middle = frame.top + frame.high / 2, aside = EDGE + height(y.title, letter) / 2;
    if (y.title !== "") group.append(write(y.title, { x: aside, y: middle, letter, across: "middle", turn: -90 }));
  }
  return group;
}

/**
 * @param {Side} side
 * @param {number} value
 */
const within = ({ ends }, value) => value >= Math.min(...ends) && value <= Math.max(...ends);

/**
 * As many labels, in equal steps, as do not run into each other.
 * @template Each
 * @param {Each[]} all
 * @param {(each: Each) => number} place
 * @param {(each: Each) => number} size
 */
function thinned(all, place, size) {
  for (let step = 1; step < all.length; step += 1) {
    const kept = all.filter((_, index) => index % step === 0);
    if (kept.every((each, index) => index === 0 || Math.abs(place(each) - place(kept[index - 1])) >= (size(each) + size(kept[index - 1])) / 2)) return kept;
  }
  return all.slice(0, 1);
}
