// The words of a sentence before their weights are shown: the class points at one. There is no weight in what the browser is sent.

import { find, make, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Guess
 * @property {{ text: string, gap: string, place: number }[]} tokens
 * @property {number} guess Place of the word that was pointed at; −1 for none.
 * @property {string} made What is said of it.
 * @property {string} text_language
 * @property {string} text What the words are of.
 * @property {string} hint
 */

export default newest(drawGuess);

/** @param {Component<Guess>} component */
function drawGuess({ data, parentElement, setTriggerValue }) {
  const tokens = find(parentElement, ".tokens");
  find(parentElement, ".hint").textContent = data.hint;
  find(parentElement, ".made").textContent = data.made;
  tokens.setAttribute("aria-label", data.hint);
  tokens.dir = "auto";
  tokens.lang = data.text_language;
  const drawn = JSON.stringify(data.tokens);
  if (tokens.dataset.drawn !== drawn) {
    tokens.dataset.drawn = drawn;
    tokens.replaceChildren(...data.tokens.flatMap(({ text, gap, place }) => {
      const button = make("button", "", text);
      button.type = "button";
      button.dataset.place = String(place);
      return [document.createTextNode(gap), button];
    }));
  }
  for (const button of tokens.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.place) === data.guess));
    button.onclick = () => setTriggerValue("guess", stamped({ place: Number(button.dataset.place) }));
  }
  find(parentElement, ".guess").dataset.attnvizTrace = data.text;
}
