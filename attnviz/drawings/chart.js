// A chart of cells, bars and curves. The server has worked out what stands where, in units of the axes; here it becomes pixels.

import { find, make, shape, stamped } from "./shared/elements.js";
import { hatching, mark, outlined, pixels, stroke } from "./shared/marks.js";
import { newest } from "./shared/newest.js";
import { outer, planned, sides } from "./shared/panels.js";
import { lying, scale } from "./shared/scales.js";
import { tell } from "./shared/tip.js";
import { boxed, pointed } from "./shared/under.js";
import { holder, reach } from "./shared/wide.js";
import { height, measure, read, write } from "./shared/words.js";

/** @import { Component, Words } from "./component.js" */
/** @import { Bars, Cells, Curve, Frame, Look } from "./shared/marks.js" */
/** @import { Panel } from "./shared/panels.js" */
/** @import { Scale } from "./shared/scales.js" */

/** @typedef {{ panel: number | null, shares: boolean, at: number[] }} Place */

/**
 * @typedef {object} Chart
 * @property {string} alt
 * @property {number} height
 * @property {number | null} width
 * @property {number} letter Pixels.
 * @property {string} ink
 * @property {Words} title
 * @property {(Look & { name: Words })[]} legend
 * @property {Scale[]} bars
 * @property {Panel[]} panels
 * @property {{ x: Place, y: Place, rect: boolean, colour: string, width: number, dash: string, fill: string, opacity: number }[]} shapes
 * @property {{ x: Place, y: Place, words: Words, across: "left" | "center" | "right", down: "top" | "middle" | "bottom", shift: number,
 *   letter: number | null, ink: string, ground: string, border: number }[]} notes
 * @property {boolean} nearest Whether pointing anywhere means the nearest point.
 * @property {boolean} choosable
 */

/** Pixels of a letter, at least. */
const LEAST = 9;
/** @type {WeakMap<Element, { wide: number, draw: () => void }>} */
const drawn = new WeakMap();

export default newest(drawChart);

/** @param {Component<Chart>} component */
function drawChart({ data, parentElement, setStateValue }) {
  const section = find(parentElement, ".chart"), plane = find(section, ".plane"), tip = find(section, ".tip");
  const draw = () => {
    head(section, data);
    const frames = paint(plane, data, section.clientWidth);
    const panels = data.panels.map(({ marks }, place) => ({ marks, frame: frames[place] }));
    tell(plane, tip, (event) => pointed(plane, panels, event, data.nearest)?.hint ?? null);
    plane.onclick = (event) => {
      const point = pointed(plane, panels, event, data.nearest)?.chosen;
      if (data.choosable && point) setStateValue("chosen", stamped({ point }));
    };
    plane.classList.toggle("choosable", data.choosable);
    reach(section, plane.querySelector(":scope > svg"));
  };
  if (!drawn.has(section)) {
    const observer = new ResizeObserver(() => again(section));
    for (const each of [section, holder(section)]) if (each) observer.observe(each);
  }
  drawn.set(section, { wide: section.clientWidth, draw });
  if (section.clientWidth) draw(); // else as soon as it has a width
}

/**
 * Draws for another width.
 * @param {HTMLElement} section
 */
function again(section) {
  const now = drawn.get(section);
  if (!now || !section.clientWidth) return;
  if (now.wide === section.clientWidth) reach(section, section.querySelector(".plane > svg"));
  else {
    now.wide = section.clientWidth;
    now.draw();
  }
}

/**
 * Title and legend.
 * @param {HTMLElement} section
 * @param {Chart} data
 */
function head(section, { title, legend, letter, ink, width }) {
  const heading = find(section, ".title"), list = find(section, ".key"), { host } = /** @type {ShadowRoot} */ (section.getRootNode());
  // The chart may be wider than the page; what stands above it is read without scrolling.
  for (const each of [heading, list]) each.style.maxWidth = `${(holder(section) ?? host).clientWidth}px`;
  heading.textContent = read(title);
  heading.style.fontSize = `${letter + 2}px`;
  section.style.width = width === null ? "" : `${width}px`;
  list.style.fontSize = `${letter}px`;
  list.replaceChildren(...legend.map((entry) => {
    const line = make("li"), sign = shape("svg", { width: 2.4 * letter, height: letter, "aria-hidden": "true" });
    sign.append(...mark(entry, 2.4 * letter, letter, ink));
    line.append(sign, read(entry.name));
    return line;
  }));
}

/**
 * @param {HTMLElement} plane
 * @param {Chart} data
 * @param {number} wide
 * @returns {Frame[]}
 */
function paint(plane, data, wide) {
  const { letter } = data, family = getComputedStyle(plane).fontFamily, width = measure(family);
  const above = plane.offsetTop, high = Math.max(data.height - above, 80), svg = shape("svg", { role: "img", width: wide, height: high, "aria-label": data.alt });
  const { frames, turned, names } = planned(data, wide, high, width);
  const canvases = data.panels.map((panel, place) => pixels(panel.marks, frames[place]));
  for (const [place, panel] of data.panels.entries()) svg.append(sides(panel, frames[place], letter, { turned: turned[place], names, wide: width }));
  const area = outer(frames);
  for (const [place, { marks }] of data.panels.entries()) svg.append(...marks.flatMap((each) => drawMark(each, frames[place], data, width)));
  svg.append(...data.shapes.map((each) => outline(each, frames, area)), ...data.notes.flatMap((each) => note(each, frames, area, data, width)));
  svg.append(...data.bars.flatMap((bar, place) => (bar.below ? lying(bar, bar.below, area, high, letter, place) : scale(bar, area, letter, width))));
  plane.replaceChildren(...canvases.filter((canvas) => canvas !== null), svg);
  return frames;
}

/**
 * What stands above the cells of a mark, or all of it.
 * @param {Cells | Bars | Curve} each
 * @param {Frame} frame
 * @param {Chart} data
 * @param {(words: Words, letter: number) => number} width
 * @returns {SVGElement[]}
 */
function drawMark(each, frame, { letter, ink }, width) {
  if (each.kind === "curve") return [...outlined(each, frame), ...noted(each, frame, letter)];
  if (each.kind === "cells") return written(each, frame, letter, width);
  const pattern = each.pattern && hatching(each.pattern, String(each.colour));
  const boxes = each.boxes.map((box, place) => {
    const { x, y, width, height: high } = boxed(each, box, frame), colour = Array.isArray(each.colour) ? each.colour[place] : each.colour;
    return shape("rect", { x, y, width, height: high, fill: pattern ? `url(#${pattern.id})` : colour, stroke: each.edge ?? (pattern ? colour : "none") });
  });
  const words = (each.written ?? []).map((text, place) => {
    const [base, reached, low, high] = each.boxes[place], back = reached < base;
    return write(text, { x: frame.x(reached) + (back ? -4 : 4), y: frame.y((low + high) / 2), letter, across: back ? "end" : "start", ink });
  });
  return [...(pattern ? [pattern] : []), ...boxes, ...words];
}

/**
 * What is written at points.
 * @param {Curve} curve
 * @param {Frame} frame
 * @param {number} letter
 */
function noted({ x, y, written: texts }, frame, letter) {
  return (texts?.words ?? []).flatMap((text, at) => {
    const [across, down] = [x[at], y[at]], inks = texts?.inks ?? "";
    if (across === null || down === null) return [];
    return [write(text, { x: frame.x(across), y: frame.y(down), letter: texts?.letter ?? letter, across: "middle", ink: Array.isArray(inks) ? inks[at] : inks })];
  });
}

/**
 * What is written in cells, in letters so small that the widest is within its cell.
 * @param {Cells} cells
 * @param {Frame} frame
 * @param {number} letter
 * @param {(words: Words, letter: number) => number} width
 */
function written({ written: texts, first, step, columns, letter: own }, frame, letter, width) {
  const whole = own ?? letter, room = Math.abs(frame.x(first[0] + step[0]) - frame.x(first[0])) - 4;
  const size = Math.max(LEAST, Math.min(whole, (whole * room) / Math.max(1, ...(texts ?? []).map((text) => width(text, whole)))));
  return (texts ?? []).flatMap((text, place) => {
    if (text === "") return [];
    const column = place % columns, row = Math.floor(place / columns);
    return [write(text, { x: frame.x(first[0] + (column + 0.5) * step[0]), y: frame.y(first[1] + (row + 0.5) * step[1]), letter: size, across: "middle" })];
  });
}

/**
 * A place in pixels.
 * @param {Place} place
 * @param {"x" | "y"} axis
 * @param {Frame[]} frames
 * @param {ReturnType<typeof outer>} area
 */
function located({ panel, shares, at }, axis, frames, area) {
  const frame = panel === null ? area : frames[panel];
  const [start, size] = axis === "x" ? [frame.left, frame.wide] : [frame.top + frame.high, -frame.high];
  return at.map((value) => (shares ? start + value * size : frames[panel ?? 0][axis](value)));
}

/**
 * @param {Chart["shapes"][number]} given
 * @param {Frame[]} frames
 * @param {ReturnType<typeof outer>} area
 */
function outline(given, frames, area) {
  const [x0, x1] = located(given.x, "x", frames, area), [y0, y1] = located(given.y, "y", frames, area);
  const line = given.colour ? stroke(given) : {};
  if (!given.rect) return shape("path", { class: "shape", d: `M${x0} ${y0}L${x1} ${y1}`, fill: "none", ...line });
  const box = { x: Math.min(x0, x1), y: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) };
  return shape("rect", { class: "shape", ...box, fill: given.fill || "none", opacity: given.opacity, ...line });
}

/**
 * @param {Chart["notes"][number]} given
 * @param {Frame[]} frames
 * @param {ReturnType<typeof outer>} area
 * @param {Chart} data
 * @param {(words: Words, letter: number) => number} width
 */
function note(given, frames, area, data, width) {
  const letter = given.letter ?? data.letter, [x] = located(given.x, "x", frames, area), [y] = located(given.y, "y", frames, area);
  const across = /** @type {const} */ ({ left: "start", center: "middle", right: "end" })[given.across], pad = given.border;
  const side = { left: pad, center: 0, right: -pad }[given.across], foot = { top: pad, middle: 0, bottom: -pad }[given.down];
  const words = write(given.words, { x: x + side, y: y + foot - given.shift, letter, across, down: given.down, ink: given.ink });
  words.classList.add("note");
  if (!given.ground) return [words];
  const wide = width(given.words, letter) + 2 * pad, high = height(given.words, letter) + 2 * pad;
  const left = x - { left: 0, center: wide / 2, right: wide }[given.across], top = y - given.shift - { top: 0, middle: high / 2, bottom: high }[given.down];
  return [shape("rect", { x: left, y: top, width: wide, height: high, fill: given.ground }), words];
}
