// Says that the server is gone for as long as it is: Streamlit finds it again by itself, and tells nobody on a page without its toolbar.

import { findAs, make } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Gone
 * @property {string} words
 */

// A connection that is there again at once is no news.
const PATIENCE = 1500;
/** @type {WeakMap<ParentNode, () => void>} */
const stops = new WeakMap();
// Since when, over all draws and tries to connect; 0 while it is there.
let since = 0;

export default newest(drawGone);

/** @param {Component<Gone>} component */
function drawGone({ data, parentElement }) {
  const line = findAs(parentElement, ".gone", HTMLParagraphElement), app = document.querySelector("[data-test-connection-state]");
  stops.get(parentElement)?.();
  if (!(app instanceof HTMLElement)) return;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const look = () => {
    clearTimeout(timer);
    since = app.dataset.testConnectionState === "CONNECTED" ? 0 : since || Date.now();
    const left = since + PATIENCE - Date.now();
    line.hidden = !since || left > 0;
    document.body.toggleAttribute("data-attnviz-gone", since > 0);
    if (!line.hidden) line.textContent = data.words;
    else if (since) timer = setTimeout(look, left);
  };
  hideDialog();
  const watching = new MutationObserver(look);
  watching.observe(app, { attributes: true, attributeFilter: ["data-test-connection-state"] });
  look();
  stops.set(parentElement, () => { clearTimeout(timer); watching.disconnect(); });
  return stops.get(parentElement);
}

/** Streamlit's own dialog is for whoever writes a page, in English, and lies over it. */
function hideDialog() {
  if (document.getElementById("attnviz-gone")) return;
  const style = make("style", "", "body[data-attnviz-gone] .stDialog { display: none; }");
  style.id = "attnviz-gone";
  document.head.append(style);
}
