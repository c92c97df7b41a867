// Keeps the address bar: everything on the screen is in it. An applied sentence and another model, view or slide are steps of the
// browser's history, every other change replaces the present step; live typing does so only until it is applied. A text too long for a
// server's request line travels behind the # instead.

import { stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Address
 * @property {Record<string, string>} parameters Without a text where a lecture's slide has it.
 * @property {number} version Rises with every change.
 * @property {number} step Counts the steps of the history.
 * @property {boolean} live The text is still being typed.
 * @property {boolean} entered Something has been sent by hand before.
 * @property {string} language
 * @property {string} title Of the page.
 */

const LONGEST = 6000;
// Streamlit's own parameters, which whoever embeds the page has set.
const KEPT = ["embed", "embed_options"];
/** @type {{ version: number | null, step: number | null, applied: string | null }} */
const written = { version: null, step: null, applied: null };
// Streamlit takes away what a draw listens to before it imports the script for the next one. This stays, or a step back between the
// two would be lost, and the next draw would write the address left over the one that was gone to.
let navigated = () => {};
window.addEventListener("popstate", () => navigated());

export default newest(drawAddress);

/** @param {Component<Address>} component */
function drawAddress({ data, setTriggerValue }) {
  navigated = () => setTriggerValue("navigated", here());
  if (written.version === null && hidden() !== null && !data.entered) {
    written.version = data.version;
    written.step = data.step;
    navigated();
    return;
  }
  // Where the page has moved, Streamlit may draw what was there before once more: only what is newer is written.
  if (written.version === null || written.version < data.version) renew(data);
  document.documentElement.lang = data.language;
  document.title = data.title;
}

/** @param {Address} data */
function renew(data) {
  const url = address(data.parameters), stands = location.search + location.hash;
  if (written.step !== null && written.step !== data.step && url !== written.applied) {
    // The step that live typing wrote over gets back what was applied there.
    if (stands !== written.applied) write("replaceState", written.applied);
    write("pushState", url);
  } else if (url !== stands) write("replaceState", url);
  if (!data.live) written.applied = url;
  written.version = data.version;
  written.step = data.step;
}

/**
 * @param {"pushState" | "replaceState"} how
 * @param {string | null} url
 */
const write = (how, url) => history[how]({}, "", location.pathname + url);

/** The text behind the #, if it is there. */
const hidden = () => new URLSearchParams(location.hash.slice(1)).get("text");

function here() {
  const parameters = Object.fromEntries(new URLSearchParams(location.search)), text = hidden();
  if (text !== null) parameters.text = text;
  return stamped({ parameters });
}

/** @param {Address["parameters"]} parameters */
function address(parameters) {
  const { text, ...others } = parameters;
  const search = new URLSearchParams(others), words = new URLSearchParams(text === undefined ? {} : { text });
  for (const [name, value] of new URLSearchParams(location.search)) if (KEPT.includes(name)) search.append(name, value);
  if (text === undefined) return `?${search}`;
  return String(words).length <= LONGEST ? `?${search}&${words}` : `?${search}#${words}`;
}
