// The sentence box: Enter applies, Shift+Enter or a pasted line break makes a further sentence, the Enter that ends a
// kana-kanji conversion does neither. The text belongs to the browser; the server replaces it only with a new version.

import { find, findAs, make, nearest, stamped } from "./shared/elements.js";
import { newest } from "./shared/newest.js";

/** @import { Component } from "./component.js" */

/**
 * @typedef {object} SentenceBox
 * @property {string} text
 * @property {string} version Changes where the server sets the text.
 * @property {string[]} examples
 * @property {string} text_language
 * @property {boolean} follow The picture follows the typing.
 * @property {number} pause Milliseconds of quiet before it does.
 * @property {Record<"label" | "apply" | "follow" | "follow_help" | "examples" | "placeholder", string>} words
 */

/**
 * What outlives the draws.
 * @typedef {object} Box
 * @property {string | null} version
 * @property {ReturnType<typeof setTimeout>} [timer] Until what has been typed is sent.
 * @property {string | null} sent
 * @property {string} [examples] As drawn.
 * @property {() => void} [later]
 */

/** @type {WeakMap<ParentNode, Box>} */
const boxes = new WeakMap();

export default newest(drawBox);

/** @param {Component<SentenceBox>} component */
function drawBox({ data, parentElement, setStateValue }) {
  const text = findAs(parentElement, "textarea", HTMLTextAreaElement), follow = findAs(parentElement, ".follow input", HTMLInputElement);
  /** @type {Box} */
  const box = boxes.get(parentElement) ?? { version: null, sent: null };
  boxes.set(parentElement, box);
  name(parentElement, data);
  follow.checked = data.follow;
  if (box.version !== data.version) take(box, text, data);

  /** @param {"apply" | "live" | "follow"} kind */
  const send = (kind) => {
    clearTimeout(box.timer);
    if (kind === "live" && box.sent === text.value) return;
    box.sent = text.value;
    setStateValue("entry", stamped({ text: text.value, kind, follow: follow.checked }));
  };
  offer(box, find(parentElement, ".examples"), data, (example) => {
    text.value = example;
    grow(text);
    send("apply");
  });
  listen(box, text, () => send("apply"), () => {
    clearTimeout(box.timer);
    if (follow.checked && text.value.trim()) box.timer = setTimeout(() => send("live"), data.pause);
  });
  follow.onchange = () => send("follow");
  findAs(parentElement, "form", HTMLFormElement).onsubmit = (event) => { event.preventDefault(); send("apply"); };
  return () => clearTimeout(box.timer);
}

/**
 * @param {ParentNode} root
 * @param {SentenceBox} data
 */
function name(root, { words }) {
  find(root, ".label").textContent = words.label;
  find(root, ".apply").textContent = words.apply;
  find(root, ".follow span").textContent = words.follow;
  find(root, ".follow").title = words.follow_help;
  find(root, ".examples").setAttribute("aria-label", words.examples);
  findAs(root, "textarea", HTMLTextAreaElement).placeholder = words.placeholder;
}

/**
 * Takes the server's text.
 * @param {Box} box
 * @param {HTMLTextAreaElement} text
 * @param {SentenceBox} data
 */
function take(box, text, data) {
  // A server that was started again repeats what was last sent: whatever has been typed since then stays.
  if (box.version === null ? !text.value : data.text !== box.sent) text.value = data.text;
  box.version = data.version;
  box.sent = data.text;
  clearTimeout(box.timer);
  requestAnimationFrame(() => grow(text));
}

/** @param {HTMLTextAreaElement} text */
function grow(text) {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight + 4, window.innerHeight * 0.4)}px`;
}

/**
 * @param {Box} box
 * @param {HTMLElement} place
 * @param {SentenceBox} data
 * @param {(example: string) => void} chosen
 */
function offer(box, place, { examples, text_language }, chosen) {
  const shown = JSON.stringify(examples);
  if (box.examples !== shown) {
    box.examples = shown;
    place.replaceChildren(...examples.map((example) => {
      const button = make("button", "", example);
      button.type = "button";
      button.title = example;
      button.dir = "auto";
      button.lang = text_language;
      return button;
    }));
  }
  place.onclick = (event) => {
    const button = nearest(event, "button");
    if (button) chosen(button.textContent ?? "");
  };
}

/**
 * @param {Box} box
 * @param {HTMLTextAreaElement} text
 * @param {() => void} apply
 * @param {() => void} later Called after each change that is whole.
 */
function listen(box, text, apply, later) {
  text.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!event.repeat) apply();
  };
  text.oninput = (event) => {
    grow(text);
    if (event instanceof InputEvent && event.isComposing) clearTimeout(box.timer);
    else later();
  };
  // There is no `oncompositionend`; the listener is added once and finds the run's own `later`.
  if (!box.later) text.addEventListener("compositionend", () => box.later?.());
  box.later = later;
}
