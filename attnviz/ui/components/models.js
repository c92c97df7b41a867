// The choice of a model, by how it attends: a button with what is chosen, and behind it all that there are. Titles are set as text, never as
// markup.

import { find, make, nearest, set, shape, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Models
 * @property {string} model The one that is chosen.
 * @property {{ key: string, name: string, told: string, models: { name: string, title: string, summary: string }[] }[]} groups
 * @property {{ label: string }} words
 */

/** @type {Record<string, string>} */
const DRAWN = {
  one_query: "M20 21L4 5 M20 21L14 5 M20 21L26 5 M20 21L36 5",
  self: "M4 5L14 21 M4 5L36 21 M14 5L26 21 M26 5L4 21 M36 5L26 21 M36 5L36 21",
  source_target: "M4 5L26 21 M14 5L4 21 M26 5L36 21 M36 5L14 21",
  pictures: "M8 3h22v18H8Z M15 3v18 M23 3v18 M8 9h22 M8 15h22",
  next_word: "M4 5L34 21 M14 5L34 21 M24 5L34 21 M34 5L34 21",
};

/** @type {WeakMap<ParentNode, () => void>} */
const stops = new WeakMap();

export default newest(drawModels);

/** @param {Component<Models>} component */
function drawModels({ data, parentElement, setStateValue }) {
  const root = find(parentElement, ".models"), button = find(root, ".open"), panel = find(root, ".panel");
  const chosen = data.groups.flatMap((group) => group.models).find((each) => each.name === data.model);
  button.textContent = chosen?.title ?? data.model;
  button.setAttribute("aria-label", `${data.words.label}: ${button.textContent}`);
  panel.setAttribute("aria-label", data.words.label);
  panel.replaceChildren(...data.groups.map((group) => family(group, data.model)));
  /** @param {boolean} unfolded */
  const unfold = (unfolded) => {
    panel.hidden = !unfolded;
    button.setAttribute("aria-expanded", String(unfolded));
    if (unfolded) /** @type {HTMLElement | null} */ (panel.querySelector("[aria-current]"))?.focus();
  };
  button.onclick = () => unfold(Boolean(panel.hidden));
  panel.onclick = (event) => {
    const name = nearest(event, ".model")?.dataset.model;
    if (!name) return;
    unfold(false);
    button.focus();
    if (name !== data.model) setStateValue("chosen", stamped({ model: name }));
  };
  root.onkeydown = (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    unfold(false);
    button.focus();
  };
  stops.get(parentElement)?.();
  /** @param {Event} event */
  const outside = (event) => { if (!event.composedPath().includes(root)) unfold(false); };
  document.addEventListener("pointerdown", outside);
  stops.set(parentElement, () => document.removeEventListener("pointerdown", outside));
  return stops.get(parentElement);
}

/**
 * Models that attend in one manner.
 * @param {Models["groups"][number]} group
 * @param {string} chosen
 */
function family({ key, name, told, models }, chosen) {
  const section = make("section", "how"), title = make("h3"), icon = shape("svg", { viewBox: "0 0 40 26", "aria-hidden": "true" });
  icon.append(shape("path", { d: DRAWN[key] ?? "" }));
  title.append(icon, make("span", "", name));
  section.append(title, make("p", "", told), ...models.map((model) => {
    const button = make("button", "model");
    set(button, { type: "button", "data-model": model.name });
    if (model.name === chosen) button.setAttribute("aria-current", "true");
    button.append(make("b", "", model.title), make("span", "", model.summary));
    return button;
  }));
  return section;
}
