// The speaker's notes in a window of their own: it follows the window of the slides and turns them, by a channel between the windows of
// one browser. Words are set as text, never as markup.

import { find, findAs, make, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Notes
 * @property {string} lecture
 * @property {number} slide
 * @property {string} place `3 / 20`.
 * @property {number | null} previous Number of the slide before,
 * @property {number | null} next and of the one after.
 * @property {string} title
 * @property {string[]} notes
 * @property {string[]} paragraphs What stands on the slide.
 * @property {string} ask
 * @property {string} coming What comes next.
 * @property {Record<"previous" | "next" | "clock", string>} words
 */

/** Milliseconds to wait for the window of the slides. */
const PATIENCE = 1500;
const begun = Date.now();
/** @type {WeakMap<ParentNode, () => void>} */
const stops = new WeakMap();

export default newest(drawNotes);

/** @param {Component<Notes>} component */
function drawNotes({ data, parentElement, setTriggerValue }) {
  find(parentElement, ".place").textContent = data.place;
  find(parentElement, ".title").textContent = data.title;
  find(parentElement, ".text").replaceChildren(...data.notes.map((paragraph) => make("p", "", paragraph)));
  find(parentElement, ".words").replaceChildren(...data.paragraphs.map((paragraph) => make("p", "", paragraph)));
  find(parentElement, ".ask").textContent = data.ask;
  find(parentElement, ".coming").textContent = data.coming;
  find(parentElement, ".clock").title = data.words.clock;
  stops.get(parentElement)?.();
  const stop = followed(parentElement, data, (slide) => setTriggerValue("event", stamped({ kind: "go", slide })));
  stops.set(parentElement, stop);
  return stop;
}

/**
 * @param {ParentNode} root
 * @param {Notes} data
 * @param {(slide: number) => void} go
 */
function followed(root, data, go) {
  const channel = new BroadcastChannel("attnviz-lecture"), { lecture } = data;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let alone;
  channel.onmessage = ({ data: said }) => {
    if (said.kind !== "here" || said.lecture !== lecture) return;
    clearTimeout(alone);
    if (said.slide !== data.slide) go(said.slide);
  };
  channel.postMessage({ kind: "where", lecture });
  // The window of the slides goes first, and this one follows; it goes alone where there is none.
  /** @param {number | null} slide */
  const turn = (slide) => {
    if (slide === null) return;
    channel.postMessage({ kind: "go", lecture, slide });
    alone = setTimeout(() => go(slide), PATIENCE);
  };
  for (const name of /** @type {const} */ (["previous", "next"])) {
    const button = findAs(root, `.${name}`, HTMLButtonElement);
    button.disabled = data[name] === null;
    button.setAttribute("aria-label", data.words[name]);
    button.onclick = () => turn(data[name]);
  }
  /** @param {KeyboardEvent} event */
  const pressed = (event) => {
    if (event.key !== "PageDown" && event.key !== "PageUp") return;
    event.preventDefault();
    if (!event.repeat) turn(event.key === "PageDown" ? data.next : data.previous);
  };
  const tick = () => {
    const seconds = Math.floor((Date.now() - begun) / 1000);
    find(root, ".clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  tick();
  const clock = setInterval(tick, 1000);
  window.addEventListener("keydown", pressed);
  return () => {
    clearTimeout(alone);
    clearInterval(clock);
    window.removeEventListener("keydown", pressed);
    channel.close();
  };
}
