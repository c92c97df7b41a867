// The panel of a lecture: title and words of the slide, the way to the others, and the way back to it. Page Up and Page Down, the keys of
// presenters' remotes, turn the slides wherever the focus is. Words are set as text, never as markup.

import { find, findAs, make, nearest, set, shape, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";
import { onSolved, solved } from "../../drawings/shared/solved.js";
import { explained } from "../../drawings/shared/terms.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Lecture
 * @property {string} lecture Its name.
 * @property {number} slide That is shown, from 1.
 * @property {[number, string][]} stops Number and title of each slide there is to go to.
 * @property {string} title
 * @property {string[]} paragraphs
 * @property {[string, string][]} terms Of the glossary, with their meanings.
 * @property {string} attempt The one thing to do.
 * @property {string} ask What the class is asked, until the weights are shown.
 * @property {boolean} edited The page is no longer as the slide has it.
 * @property {string} notes Address of the speaker's notes.
 * @property {{ link: string, code: string, size: number, far: string } | null} join
 * @property {string} language
 * @property {Record<"lecture" | "previous" | "next" | "slides" | "back" | "join" | "hint" | "copy" | "copied" | "code" | "notes" | "close" | "reveal" | "done", string>} words
 */

/** @type {WeakMap<ParentNode, () => void>} */
const stops = new WeakMap();

export default newest(drawLecture);

/** @param {Component<Lecture>} component */
function drawLecture({ data, parentElement, setTriggerValue }) {
  const { words } = data, place = data.stops.findIndex(([number]) => number >= data.slide);
  /** @param {object} facts */
  const send = (facts) => setTriggerValue("event", stamped(facts));
  /** @param {number} steps */
  const turn = (steps) => {
    const there = data.stops[place + steps];
    if (there) send({ kind: "go", slide: there[0] });
  };
  say(parentElement, data, place);
  find(parentElement, ".bar").onclick = (event) => {
    const steps = nearest(event, "[data-go]")?.dataset.go;
    if (steps) turn(Number(steps));
  };
  findAs(parentElement, ".slides", HTMLSelectElement).onchange = (event) => {
    if (event.target instanceof HTMLSelectElement) send({ kind: "go", slide: Number(event.target.value) });
  };
  for (const kind of ["back", "join", "close", "reveal"]) find(parentElement, `.${kind}`).onclick = () => send({ kind });
  joined(parentElement, data);
  find(parentElement, ".lecture").lang = data.language;
  find(parentElement, ".close").title = words.close;
  stops.get(parentElement)?.();
  const mark = () => { find(parentElement, ".done").hidden = !solved().includes(`${data.lecture}/${data.slide}`); };
  mark();
  find(parentElement, ".done").title = words.done;
  const ends = [onSolved(mark), listen(turn, data.lecture, data.slide, (slide) => send({ kind: "go", slide }))];
  const stop = () => { for (const end of ends) end(); };
  stops.set(parentElement, stop);
  return stop;
}

/**
 * Names, titles and words.
 * @param {ParentNode} root
 * @param {Lecture} data
 * @param {number} place Of the slide among the stops.
 */
function say(root, data, place) {
  const { words } = data;
  find(root, ".lecture").setAttribute("aria-label", words.lecture);
  for (const name of /** @type {const} */ (["previous", "next", "slides", "close"])) {
    find(root, `.${name}`).setAttribute("aria-label", words[name]);
    find(root, `.${name}`).title = words[name];
  }
  findAs(root, ".previous", HTMLButtonElement).disabled = place === 0;
  findAs(root, ".next", HTMLButtonElement).disabled = place === data.stops.length - 1 || place < 0;
  const slides = findAs(root, ".slides", HTMLSelectElement);
  slides.replaceChildren(...data.stops.map(([number, title], index) => {
    const here = index === place, option = make("option", "", here ? `${index + 1}/${data.stops.length}` : `${index + 1}  ${title}`);
    option.value = String(number);
    option.selected = here;
    return option;
  }));
  find(root, ".title").textContent = data.title;
  find(root, ".words").replaceChildren(...data.paragraphs.map((paragraph) => explained(paragraph, data.terms)));
  find(root, ".try").textContent = data.attempt;
  find(root, ".ask").textContent = data.ask;
  for (const name of /** @type {const} */ (["back", "join", "notes", "reveal"])) find(root, `.${name}`).textContent = words[name];
  find(root, ".back").hidden = !data.edited;
  find(root, ".reveal").hidden = !data.ask;
  findAs(root, ".notes", HTMLAnchorElement).href = data.notes;
}

/**
 * The link and its code, where they are asked for.
 * @param {ParentNode} root
 * @param {Lecture} data
 */
function joined(root, { join, words }) {
  find(root, ".joined").hidden = !join;
  find(root, ".join").setAttribute("aria-expanded", String(Boolean(join)));
  if (!join) return;
  const picture = findAs(root, ".joined svg", SVGElement), copy = find(root, ".copy");
  set(picture, { viewBox: `-4 -4 ${join.size + 8} ${join.size + 8}`, "aria-label": words.code });
  picture.replaceChildren(shape("path", { d: join.code, fill: "#000", "shape-rendering": "crispEdges" }));
  find(root, ".hint").textContent = words.hint;
  find(root, ".link").textContent = join.link;
  find(root, ".far").textContent = join.far;
  copy.textContent = words.copy;
  copy.onclick = async () => {
    await navigator.clipboard.writeText(join.link);
    copy.textContent = words.copied;
  };
}

/**
 * Keys, and the window with the speaker's notes.
 * @param {(steps: number) => void} turn
 * @param {string} lecture
 * @param {number} slide
 * @param {(slide: number) => void} go
 */
function listen(turn, lecture, slide, go) {
  /** @param {KeyboardEvent} event */
  const pressed = (event) => {
    const steps = { PageDown: 1, PageUp: -1 }[event.key];
    if (!steps || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    turn(steps);
  };
  const channel = new BroadcastChannel("attnviz-lecture");
  channel.onmessage = ({ data }) => {
    if (data.lecture !== lecture) return;
    if (data.kind === "where") channel.postMessage({ kind: "here", lecture, slide });
    else if (data.kind === "go" && data.slide !== slide) go(data.slide);
  };
  channel.postMessage({ kind: "here", lecture, slide });
  window.addEventListener("keydown", pressed);
  return () => {
    window.removeEventListener("keydown", pressed);
    channel.close();
  };
}
