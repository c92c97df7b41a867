// A chart of cells, bars and curves. The server has worked out what stands where, in units of the axes; here it becomes pixels.

import { find, make, shape, stamped } from "./shared/elements.js";
import { hatching, mark, outlined, pixels, stroke } from "./shared/marks.js";
import { newest } from "./shared/newest.js";
import { tell } from "./shared/tip.js";
import { boxed, pointed } from "./shared/under.js";
import { height, measure, read, shortened, write } from "./shared/words.js";

/** @import { Component, Words } from "./component.js" */
/** @import { Bars, Cells, Curve, Frame, Look } from "./shared/marks.js" */

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

/**
 * A scale of colours.
 * @typedef {object} Scale
 * @property {Words} title
 * @property {[number, string][]} stops
 * @property {number | null} length Pixels; null: as the panels are high.
 * @property {[number, number] | null} below Its middle and its length as shares of the panels' width, where it lies below them.
 * @property {Mark[]} marks
 */

/** @typedef {{ x: Side, y: Side, marks: (Cells | Bars | Curve)[] }} Panel */
/** @typedef {{ panel: number | null, shares: boolean, at: number[] }} Place */

/**
 * @typedef {object} Chart
 * @property {string} alt
 * @property {number} height
 * @property {number | null} width
 * @property {number} letter Pixels.
 * @property {string} ink
 * @property {Words} title
 * @property {{ below: boolean, entries: (Look & { name: Words })[] } | null} legend
 * @property {Scale[]} bars
 * @property {Panel[]} panels
 * @property {{ x: Place, y: Place, rect: boolean, colour: string, width: number, dash: string, fill: string, opacity: number }[]} shapes
 * @property {{ x: Place, y: Place, words: Words, across: "left" | "center" | "right", down: "top" | "middle" | "bottom", shift: number,
 *   letter: number | null, ink: string, ground: string, border: number }[]} notes
 * @property {boolean} nearest Whether pointing anywhere means the nearest point.
 * @property {boolean} choosable
 */

/** Pixels: around all, and between a mark and its label. */
const EDGE = 6, SPACE = 6;
/** Pixels of a letter, at least. */
const LEAST = 9;
/** How much of the width names at the left may take. */
const NAMES = 0.42;

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
  };
  const before = drawn.get(section);
  if (!before) new ResizeObserver(() => again(section)).observe(section);
  drawn.set(section, { wide: section.clientWidth, draw });
  draw();
}

/**
 * Draws for another width.
 * @param {HTMLElement} section
 */
function again(section) {
  const now = drawn.get(section);
  if (!now || now.wide === section.clientWidth || !section.clientWidth) return;
  now.wide = section.clientWidth;
  now.draw();
}

/**
 * Title and legend.
 * @param {HTMLElement} section
 * @param {Chart} data
 */
function head(section, { title, legend, letter, ink, width }) {
  const heading = find(section, ".title"), list = find(section, ".key"), { host } = /** @type {ShadowRoot} */ (section.getRootNode());
  // The chart may be wider than the page; what stands above it is read without scrolling.
  for (const each of [heading, list]) each.style.maxWidth = `${(host.closest("[class*=st-key-chart]") ?? host).clientWidth}px`;
  heading.textContent = read(title);
  heading.style.fontSize = `${letter + 2}px`;
  section.style.width = width === null ? "" : `${width}px`;
  list.style.fontSize = `${letter}px`;
  list.style.order = legend?.below ? "1" : "";
  list.replaceChildren(...(legend?.entries ?? []).map((entry) => {
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
 * Where panels stand, when all that is written beside them has its room.
 * @param {Chart} data
 * @param {number} wide
 * @param {number} high
 * @param {(words: Words, letter: number) => number} width
 */
function planned(data, wide, high, width) {
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
function sides({ x, y }, frame, letter, { turned, names, wide }) {
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
 * The box around all panels.
 * @param {Frame[]} frames
 * @returns {{ left: number, top: number, wide: number, high: number }}
 */
function outer(frames) {
  const left = Math.min(...frames.map((each) => each.left)), top = Math.min(...frames.map((each) => each.top));
  return { left, top, wide: Math.max(...frames.map((each) => each.left + each.wide)) - left, high: Math.max(...frames.map((each) => each.top + each.high)) - top };
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

/**
 * The scale of colours at the right.
 * @param {Scale} bar
 * @param {ReturnType<typeof outer>} area
 * @param {number} letter
 * @param {(words: Words, letter: number) => number} width
 */
function scale({ title, stops, length, marks }, area, letter, width) {
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
const thick = (title, letter) => height(title, letter) + 16 + SPACE + letter * 1.25;

/**
 * A scale of colours below the panels.
 * @param {Scale} bar
 * @param {[number, number]} below
 * @param {ReturnType<typeof outer>} area
 * @param {number} high Of the picture.
 * @param {number} letter
 * @param {number} place Among all scales.
 */
function lying({ title, stops, marks }, [middle, share], area, high, letter, place) {
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
