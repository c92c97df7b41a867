// The verdict on what was tried on a slide. What has been solved is kept in this browser and nowhere else.

import { find } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";
import { solve } from "../../drawings/shared/solved.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Told
 * @property {string} words
 * @property {boolean} solved
 * @property {string} slide Lecture and number.
 */

export default newest(drawTold);

/** @param {Component<Told>} component */
function drawTold({ data, parentElement }) {
  const told = find(parentElement, ".told");
  told.textContent = `${data.solved ? "✓ " : ""}${data.words}`;
  told.classList.toggle("solved", data.solved);
  if (data.solved) solve(data.slide);
}
