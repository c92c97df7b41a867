// The stage alone, for a projector: F turns it on and off, Escape off; C, or a touch of the edge, brings the controls and takes them away.
// P turns colours of strong contrast on and off. B, or the full stop, which a presenter's remote sends, makes the whole window black; any key, or a click, brings it back.

import { findAs, shape, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";
import { free } from "../../drawings/shared/typing.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Alone
 * @property {boolean} alone The stage is alone.
 * @property {boolean} edge This one stands at its edge and listens to the keys; the other is a button among the tools.
 * @property {{ turn: string, controls: string }} words
 */

/** @type {WeakMap<ParentNode, () => void>} */
const stops = new WeakMap();

// Of the page's body while the window is black; the page's rules make it so.
const BLACK = "attnvizBlack";

export default newest(drawAlone);

/** @param {Component<Alone>} component */
function drawAlone({ data, parentElement, setStateValue }) {
  const button = findAs(parentElement, ".alone", HTMLButtonElement), { alone, edge, words } = data;
  const turn = () => setStateValue("turned", stamped({}));
  button.classList.toggle("edge", edge);
  button.hidden = edge && !alone;
  button.replaceChildren(icon(edge ? "M4 12h.01M12 12h.01M20 12h.01" : "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"));
  button.title = edge ? words.controls : words.turn;
  button.setAttribute("aria-label", button.title);
  button.onclick = edge ? controls : turn;
  stops.get(parentElement)?.();
  if (!edge) return;
  if (!alone) delete document.body.dataset.attnvizControls;
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (!free(event)) return;
    const key = event.key.toLowerCase(), black = BLACK in document.body.dataset;
    light();
    if (!black && (key === "b" || key === ".")) document.body.dataset[BLACK] = "1";
    else if (key === "f" || (key === "escape" && alone)) turn();
    else if (key === "c" && alone) controls();
    else if (key === "p") setStateValue("contrasted", stamped({}));
  };
  document.addEventListener("keydown", press);
  document.addEventListener("pointerdown", light);
  stops.set(parentElement, () => {
    document.removeEventListener("keydown", press);
    document.removeEventListener("pointerdown", light);
  });
  return stops.get(parentElement);
}

/** @param {string} path */
function icon(path) {
  const drawn = shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  drawn.append(shape("path", { d: path }));
  return drawn;
}

/** Ends what is black. */
function light() {
  delete document.body.dataset[BLACK];
}

/** Brings the controls, or takes them away. */
function controls() {
  const { dataset } = document.body;
  if (dataset.attnvizControls) delete dataset.attnvizControls;
  else dataset.attnvizControls = "1";
}
