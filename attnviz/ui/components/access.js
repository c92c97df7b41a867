// For who comes without a mouse or without eyes: a way past the header, the answer said aloud when it changes, and a key for every action.
// A key presses what a mouse would; what is not there, or cannot be pressed now, is passed over.

import { find, findAs, make } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";
import { free } from "../../drawings/shared/typing.js";

/** @import { Component } from "../../drawings/component.js" */

/** @typedef {{ keys: string[], name: string, shown: string, place: string, target: string, how: "press" | "focus" | "before" | "after" | "" }} Action */

/**
 * @typedef {object} Access
 * @property {Action[]} actions `place` is where on the page it stands, `target` what in there is pressed; without, another part of the page listens.
 * @property {string} said The answer, in words.
 * @property {Record<"skip" | "ask" | "title" | "on" | "close", string>} words
 */

/** Whether single keys are listened to: kept by the browser. */
const OFF = "attnviz-keys-off";

/** What Escape closes first: menus and lists that lie over the page. */
const OPEN = '[data-testid="stPopoverBody"], [role="listbox"]';

/** @type {WeakMap<ParentNode, () => void>} */
const stops = new WeakMap();

export default newest(drawAccess);

/** @param {Component<Access>} component */
function drawAccess({ data, parentElement }) {
  const { words, actions, said } = data, dialog = findAs(parentElement, "dialog", HTMLDialogElement), live = find(parentElement, ".said");
  const skip = find(parentElement, ".skip"), ask = find(parentElement, ".ask");
  if (live.textContent !== said) live.textContent = said;
  skip.textContent = words.skip;
  skip.onclick = () => within(".st-key-rail-place", "[aria-current]")?.focus();
  ask.title = words.ask;
  ask.setAttribute("aria-label", words.ask);
  ask.onclick = () => dialog.showModal();
  explain(dialog, data);
  stops.get(parentElement)?.();
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (!free(event) || dialog.open) return;
    if (event.key === "Escape" && document.querySelector(OPEN)) return;
    const action = actions.find(({ keys }) => keys.includes(event.key) || keys.includes(event.key.toLowerCase()));
    if (event.key === "?") dialog.showModal();
    else if (!action?.how || localStorage.getItem(OFF)) return;
    else if (action.how === "press") pressed(within(action.place, action.target));
    else if (action.how === "focus") within(action.place, action.target)?.focus();
    else turn(action.how === "after" ? 1 : -1);
    event.preventDefault();
  };
  document.addEventListener("keydown", press);
  stops.set(parentElement, () => document.removeEventListener("keydown", press));
  return stops.get(parentElement);
}

/**
 * The list of keys, and the switch that turns them off.
 * @param {HTMLDialogElement} dialog
 * @param {Access} data
 */
function explain(dialog, { actions, words }) {
  const on = findAs(dialog, "input", HTMLInputElement), close = find(dialog, ".close");
  find(dialog, "h2").textContent = words.title;
  find(dialog, "dl").replaceChildren(...actions.map(({ shown, name }) => {
    const row = make("div", "row");
    row.append(make("dt", "", shown), make("dd", "", name));
    return row;
  }));
  find(dialog, "label span").textContent = words.on;
  on.checked = !localStorage.getItem(OFF);
  on.onchange = () => {
    if (on.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  };
  close.textContent = words.close;
  close.onclick = () => dialog.close();
}

/** @param {HTMLElement | null} element */
function pressed(element) {
  if (!element) return;
  element.focus();
  element.click();
}

/**
 * The view before or after, in the order of the rail, round and round.
 * @param {1 | -1} step
 */
function turn(step) {
  const rail = within(".st-key-rail-place", ".rail"), views = [...(rail?.querySelectorAll("[data-view]") ?? [])];
  const at = views.findIndex((view) => view.hasAttribute("aria-current")), next = views[(at + step + views.length) % views.length];
  if (next instanceof HTMLElement) next.click();
}

/**
 * What a selector names in a place of the page, in the shadow of a component, too.
 * @param {string} place
 * @param {string} target
 * @returns {HTMLElement | null}
 */
function within(place, target) {
  for (const root of document.querySelectorAll(place)) {
    const found = deep(root, target);
    if (found instanceof HTMLElement) return found;
  }
  return null;
}

/**
 * @param {ParentNode} root
 * @param {string} target
 * @returns {Element | null}
 */
function deep(root, target) {
  const found = root.querySelector(target);
  if (found) return found;
  for (const element of root.querySelectorAll("*")) {
    const inner = element.shadowRoot && deep(element.shadowRoot, target);
    if (inner) return inner;
  }
  return null;
}
