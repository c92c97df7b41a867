// Words in an SVG, of several lines and colours, and how wide they are. Texts are set as text, never as markup.

import { shape } from "./elements.js";

/** @import { Words } from "../component.js" */

const LINE = 1.25;

/**
 * The lines of words, each of runs with their colours.
 * @param {Words} words
 * @returns {[string, string][][]}
 */
export const lines = (words) => (typeof words === "string" ? words.split("\n").map((line) => [[line, ""]]) : words);

/** @param {Words} words */
export const read = (words) => lines(words).map((line) => line.map(([text]) => text).join("")).join("\n");

/**
 * How wide words are, in pixels.
 * @param {string} family
 * @returns {(words: Words, letter: number) => number}
 */
export function measure(family) {
  const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  return (words, letter) => {
    pen.font = `${letter}px ${family}`;
    return Math.max(...read(words).split("\n").map((line) => pen.measureText(line).width));
  };
}

/**
 * The same words, so short that they are no wider.
 * @param {Words} words
 * @param {number} room
 * @param {(words: Words) => number} wide
 * @returns {Words}
 */
export function shortened(words, room, wide) {
  if (wide(words) <= room) return words;
  const text = read(words).split("\n")[0], ink = lines(words)[0][0]?.[1] ?? "";
  const characters = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)].map(({ segment }) => segment);
  while (characters.length > 1 && wide(`${characters.join("")}…`) > room) characters.pop();
  return [[[`${characters.join("")}…`, ink]]];
}

/**
 * Whether a text has characters that stand one below the other where it runs down.
 * @param {string} text
 */
export const cjk = (text) => /[\u3000-\u9fff\uf900-\uffef]/.test(text);

/**
 * @param {Words} words
 * @param {object} how
 * @param {number} how.x
 * @param {number} how.y
 * @param {number} how.letter Pixels.
 * @param {"start" | "middle" | "end"} [how.across] What of the words stands at x.
 * @param {"top" | "middle" | "bottom"} [how.down] What of them stands at y.
 * @param {number} [how.turn] Degrees.
 * @param {string} [how.ink]
 */
export function write(words, { x, y, letter, across = "start", down = "middle", turn = 0, ink = "" }) {
  if (Math.abs(turn) === 90 && lines(words).length === 1 && cjk(read(words))) return upright(words, { x, y, letter, across, down, turn, ink });
  const rows = lines(words), high = LINE * letter, first = { top: 0.5, middle: 0.5 - rows.length / 2, bottom: 0.5 - rows.length }[down];
  const element = shape("text", { "text-anchor": across, "dominant-baseline": "central", "font-size": letter, ...(turn && { transform: `rotate(${turn} ${x} ${y})` }) });
  if (ink) element.style.fill = ink;
  rows.forEach((runs, row) => {
    runs.forEach(([text, colour], place) => {
      const run = shape("tspan", place ? {} : { x, y: y + (first + row) * high }, text);
      if (colour) run.style.fill = colour;
      element.append(run);
    });
  });
  return element;
}

/**
 * One line that is turned, with its characters upright: it takes the same room, and is read from the top down.
 * @param {Words} words
 * @param {{ x: number, y: number, letter: number, across: "start" | "middle" | "end", down: "top" | "middle" | "bottom", turn: number, ink: string }} how
 */
function upright(words, { x, y, letter, across, down, turn, ink }) {
  const beside = { top: 0.5, middle: 0, bottom: -0.5 }[down] * LINE * letter, other = { start: "end", middle: "middle", end: "start" };
  const element = shape("text", {
    x: x + (turn < 0 ? beside : -beside), y, "text-anchor": turn < 0 ? other[across] : across, "dominant-baseline": "central", "font-size": letter,
  });
  element.style.writingMode = "vertical-rl";
  if (ink) element.style.fill = ink;
  for (const [text, colour] of lines(words)[0]) {
    const run = shape("tspan", {}, text);
    if (colour) run.style.fill = colour;
    element.append(run);
  }
  return element;
}

/**
 * How high words are, in pixels.
 * @param {Words} words
 * @param {number} letter
 */
export const height = (words, letter) => lines(words).length * letter * LINE;
