// What may be put into a scene: buttons with pictures, found by their names, dragged to where they belong.

import { make, nearest } from "./elements.js";

/**
 * A button with a picture.
 * @param {string} name
 * @param {string} word
 * @param {string} source Of its picture; empty for none.
 * @param {boolean} labelled Whether the word stands beside it.
 */
export function choice(name, word, source, labelled) {
  const button = make("button", source ? "" : "bare", source ? undefined : word);
  button.type = "button";
  button.dataset.name = name;
  button.setAttribute("aria-label", word);
  if (source) {
    const image = make("img");
    Object.assign(image, { alt: "", src: source, draggable: false, loading: "lazy", decoding: "async" });
    button.append(image);
    if (labelled) button.append(make("span", "", word));
  }
  return button;
}

/**
 * The kinds that are called something like this in any language; hiragana finds katakana.
 * @param {{ name: string, word: string, others: string }[]} kinds
 * @param {string} asked
 */
export function named(kinds, asked) {
  const like = plainly(asked);
  return new Set(kinds.filter((each) => plainly(`${each.word} ${each.others} ${each.name}`).includes(like)).map((each) => each.name));
}

/** @param {string} text */
const plainly = (text) => text.normalize("NFKC").trim().toLowerCase().replace(/[ァ-ヶ]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - 0x60));

/**
 * What is being dragged.
 * @typedef {object} Pull
 * @property {string} kind
 * @property {string} source Of its picture.
 * @property {number} x Of the pointer at first.
 * @property {number} y
 * @property {HTMLImageElement | null} ghost Follows the pointer; none before it has moved.
 */

/**
 * Lets what is in a tray be dragged out of it.
 * @param {HTMLElement} section Around the tray and where things may be dropped.
 * @param {HTMLElement} tray
 * @param {{ width: () => number, dropped: (kind: string, x: number, y: number) => void }} how Pixels of what follows the pointer; what is done at the end.
 * @returns {() => boolean} Whether the click that follows ends a drag.
 */
export function pullable(section, tray, { width, dropped }) {
  /** @type {Pull | null} */
  let pull = null;
  let moved = false;
  const end = () => { pull?.ghost?.remove(); pull = null; };
  tray.onpointerdown = (event) => {
    const button = nearest(event, "button"), image = button?.querySelector("img");
    moved = false;
    if (event.button !== 0 || !button || !image) return;
    button.setPointerCapture(event.pointerId); // a quick pointer has left the tray before it is seen to move
    pull = { kind: button.dataset.name ?? "", source: image.src, x: event.clientX, y: event.clientY, ghost: null };
  };
  tray.onpointermove = (event) => {
    if (!pull || (!pull.ghost && Math.hypot(event.clientX - pull.x, event.clientY - pull.y) < 6)) return;
    if (!pull.ghost) {
      pull.ghost = make("img", "ghost");
      Object.assign(pull.ghost, { src: pull.source, alt: "" });
      pull.ghost.style.width = `${width()}px`;
      section.append(pull.ghost);
      moved = true;
    }
    const { left, top } = section.getBoundingClientRect();
    pull.ghost.style.left = `${event.clientX - left}px`;
    pull.ghost.style.top = `${event.clientY - top}px`;
  };
  tray.onpointerup = (event) => {
    const kind = pull?.ghost ? pull.kind : "";
    end();
    setTimeout(() => { moved = false; }); // after the click of this drag, before any by keyboard
    if (kind) dropped(kind, event.clientX, event.clientY);
  };
  tray.onpointercancel = end;
  return () => moved;
}
