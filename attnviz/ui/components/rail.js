// What can be done, by five verbs, and the views of the one that is open. A verb opens the view of its that was looked at last. Names are
// set as text, never as markup.

import { find, focusWithin, make, nearest, set, shape, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {{ name: string, parts: string[] }} Entry `parts` are the views that it opens: the one looked at last, else the first.
 */

/** @typedef {{ key: string, name: string, views: Entry[], more: Entry[] }} Verb */

/**
 * @typedef {object} Rail
 * @property {Verb[]} verbs
 * @property {string} view The one that is shown.
 * @property {{ label: string, more: string }} words
 */

/** @type {Record<string, string>} */
const DRAWN = {
  see: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12Z M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  compute: "M17 5H7l6 7-6 7h10",
  change: "M4 7h9 M17 7h3 M4 17h3 M11 17h9 M15 5v4 M9 15v4",
  test: "M4 12l5 5L20 6",
  learn: "M2 9l10-5 10 5-10 5L2 9Z M6 11v5c3 3 9 3 12 0v-5",
};

/**
 * What outlives the draws: the view of each verb, and of each entry with several, that was looked at last.
 * @type {Map<string, string>}
 */
const visited = new Map();
/** @type {{ view: string | null }} */
const before = { view: null };

export default newest(drawRail);

/** @param {Component<Rail>} component */
function drawRail({ data, parentElement, setStateValue }) {
  const rail = find(parentElement, ".rail");
  rail.setAttribute("aria-label", data.words.label);
  rail.style.setProperty("--verbs", String(data.verbs.length));
  const { view: focused, verb } = focusWithin(rail)?.dataset ?? {};
  rail.replaceChildren(...data.verbs.map((each) => group(each, data)));
  open(rail, data.view);
  // Whoever chose by a key goes on from there.
  const again = focused ? `[data-view="${CSS.escape(focused)}"]` : verb && `[data-verb="${CSS.escape(verb)}"]`;
  if (again) /** @type {HTMLElement | null} */ (rail.querySelector(again))?.focus({ preventScroll: true });
  if (before.view !== null && before.view !== data.view) toTop();
  before.view = data.view;
  rail.onclick = (event) => {
    const button = nearest(event, "button");
    if (!button) return;
    const { view, verb } = button.dataset;
    // The entry of several views that is open leads back to its first.
    const chosen = verb ? remembered(data, verb) : view === before.view ? partsOf(button)[0] : view;
    if (button.classList.contains("more")) unfold(button, button.getAttribute("aria-expanded") !== "true");
    else if (chosen && chosen !== before.view) {
      // At once: the server's answer takes its time.
      open(rail, chosen);
      before.view = chosen;
      toTop();
      setStateValue("chosen", stamped({ view: chosen }));
    }
  };
}

/**
 * A verb with its views.
 * @param {Verb} verb
 * @param {Rail} data
 */
function group(verb, data) {
  const element = make("div", "group"), button = make("button", "verb"), views = make("div", "views"), icon = shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
  icon.append(shape("path", { d: DRAWN[verb.key] ?? "" }));
  button.append(icon, make("span", "", verb.name));
  set(button, { type: "button", "data-verb": verb.key });
  button.disabled = !verb.views.length;
  views.append(...verb.views.map(choice));
  if (verb.more.length) {
    const more = make("button", "more", data.words.more), rest = make("div", "rest");
    more.type = "button";
    rest.append(...verb.more.map(choice));
    views.append(more, rest);
  }
  element.append(button, views);
  return element;
}

/** @param {Entry} entry */
function choice({ name, parts }) {
  const button = make("button", "view", name), last = visited.get(parts.join()) ?? "";
  set(button, { type: "button", "data-view": parts.includes(last) ? last : parts[0] ?? "", "data-parts": parts.join() });
  return button;
}

/**
 * Opens the verb of a view and marks the view.
 * @param {HTMLElement} rail
 * @param {string} view
 */
function open(rail, view) {
  for (const element of rail.children) {
    const views = find(element, ".views"), verb = find(element, ".verb"), more = element.querySelector(".more"), rest = element.querySelector(".rest");
    const chosen = [...views.querySelectorAll(/** @type {"button"} */ ("button.view"))].find((each) => partsOf(each).includes(view)) ?? null;
    element.classList.toggle("open", chosen !== null);
    verb.setAttribute("aria-expanded", String(chosen !== null));
    views.hidden = chosen === null;
    for (const each of views.querySelectorAll("[aria-current]")) each.removeAttribute("aria-current");
    if (chosen) {
      chosen.setAttribute("aria-current", "page");
      visited.set(verb.dataset.verb ?? "", view);
      visited.set(partsOf(chosen).join(), view);
      set(chosen, { "data-view": view });
      views.scrollLeft = chosen.offsetLeft - (views.clientWidth - chosen.offsetWidth) / 2; // of the bar on phones
    }
    if (more instanceof HTMLElement) unfold(more, rest?.contains(chosen) ?? false);
  }
}

/**
 * @param {HTMLElement} more
 * @param {boolean} unfolded
 */
function unfold(more, unfolded) {
  more.setAttribute("aria-expanded", String(unfolded));
  if (more.nextElementSibling instanceof HTMLElement) more.nextElementSibling.hidden = !unfolded;
}

/**
 * The view of a verb that was looked at last, if there still is one, or its first.
 * @param {Rail} data
 * @param {string} key
 */
function remembered(data, key) {
  const verb = data.verbs.find((each) => each.key === key), last = visited.get(key);
  const entries = [...(verb?.views ?? []), ...(verb?.more ?? [])];
  return last !== undefined && entries.some(({ parts }) => parts.includes(last)) ? last : entries[0]?.parts[0];
}

/**
 * The views that a button opens.
 * @param {Element} button
 */
const partsOf = (button) => (button instanceof HTMLElement ? button.dataset.parts ?? "" : "").split(",");

/** Another view is shown from its beginning. */
function toTop() {
  document.querySelector(".st-key-drawing")?.scrollTo(0, 0);
}
