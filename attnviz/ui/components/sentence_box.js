// The sentence box: Enter applies, Shift+Enter or a pasted line break makes a further sentence, the Enter that ends a
// kana-kanji conversion does neither. The text belongs to the browser; the server replaces it only with a new version.

import { find, findAs, make, nearest, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} SentenceBox
 * @property {string} text
 * @property {string} version Changes where the server sets the text.
 * @property {{ text: string, mark: string, told: string }[]} examples With a mark of whether the model answers as a reader would.
 * @property {string} text_language
 * @property {boolean} follow The picture follows the typing.
 * @property {number} pause Milliseconds of quiet before it does.
 * @property {number} limit Characters that are read.
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

  /** @param {"apply" | "live" | "follow" | "why"} kind */
  const send = (kind) => {
    clearTimeout(box.timer);
    if (kind === "live" && box.sent === text.value) return;
    box.sent = text.value.slice(0, data.limit + 1); // one more says that there was more
    setStateValue("entry", stamped({ text: box.sent, kind, follow: follow.checked }));
  };
  offer(box, find(parentElement, ".examples"), data, (example, kind) => {
    text.value = example;
    grow(text);
    send(kind);
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
 * @param {(example: string, kind: "apply" | "why") => void} chosen
 */
function offer(box, place, { examples, text_language }, chosen) {
  const shown = JSON.stringify(examples);
  if (box.examples !== shown) {
    box.examples = shown;
    place.replaceChildren(...examples.map(({ text, mark, told }) => {
      const pill = make("span", mark === "✗" ? "pill wrong" : "pill"), button = make("button", "example");
      if (mark === "✗") pill.append(asks(text, `${text}: ${told}`));
      else if (mark) button.append(make("b", "", mark), " ");
      button.append(text);
      button.type = "button";
      button.title = told ? `${text} – ${told}` : text;
      button.dataset.text = text;
      button.dir = "auto";
      button.lang = text_language;
      pill.append(button);
      return pill;
    }));
  }
  // One stop of the Tab key; arrow keys go from one to the next.
  const buttons = [...place.querySelectorAll("button")];
  buttons.forEach((button, index) => { button.tabIndex = index ? -1 : 0; });
  place.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], at = buttons.indexOf(/** @type {HTMLButtonElement} */ (nearest(event, "button")));
    if (!step || at < 0) return;
    event.preventDefault();
    buttons[(at + step + buttons.length) % buttons.length].focus();
  };
  place.onclick = (event) => {
    const button = nearest(event, "button");
    if (button) chosen(button.dataset.text ?? "", button.classList.contains("why") ? "why" : "apply");
  };
}

/**
 * The mark of an example that the model fails on: it asks why.
 * @param {string} text
 * @param {string} told
 */
function asks(text, told) {
  const button = make("button", "why", "✗");
  button.type = "button";
  button.title = told;
  button.setAttribute("aria-label", told);
  button.dataset.text = text;
  return button;
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
