// What colours mean: a title, the scale of colours, and labels below it.

import { make } from "./elements.js";

/** @import { Tick } from "../component.js" */

/**
 * @param {HTMLElement} figure Empty, or as drawn before.
 * @param {{ title: string, ramp: string[], ticks: Tick[] }} scale Colours in steps, from the lowest to the highest.
 */
export function legend(figure, { title, ramp, ticks }) {
  const scale = make("canvas", "ramp"), row = make("div", "ticks");
  scale.width = ramp.length;
  scale.height = 1;
  const pen = /** @type {CanvasRenderingContext2D} */ (scale.getContext("2d"));
  ramp.forEach((colour, step) => {
    pen.fillStyle = colour;
    pen.fillRect(step, 0, 1, 1);
  });
  row.append(...labels(ticks));
  figure.replaceChildren(make("figcaption", "", title), scale, row);
}

/**
 * Labels of a scale, each at its share of the width.
 * @param {Tick[]} ticks
 */
export const labels = (ticks) => ticks.map(({ label, position }) => {
  const mark = make("span", "", label);
  mark.style.left = `${position * 100}%`;
  return mark;
});
