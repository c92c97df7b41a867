// The first picture: each sentence with its tokens shaded by weight, and beside it the prediction. Everything shown is
// set as text, never as markup. `data-attnviz-trace` tells what has been drawn. While the sentences stay the same, their
// tokens are only shaded anew: laying out hundreds of them takes longer than all else.

import { classes } from "./shared/classes.js";
import { find, focusWithin, make, nearest, stamped } from "./shared/elements.js";
import { legend } from "./shared/legend.js";
import { newest } from "./shared/newest.js";

/** @import { Component, Tick } from "./component.js" */
/** @import { Class } from "./shared/classes.js" */

/**
 * @typedef {object} Token
 * @property {string} text
 * @property {string} gap What stands before it.
 * @property {string} fill
 * @property {string} ink
 * @property {boolean} unknown
 * @property {number | null} segment Which of two sentences it is of.
 * @property {number} place By the model's own count.
 * @property {boolean} query It asks.
 * @property {string} weight
 * @property {string} number Under the token.
 * @property {string} tip
 * @property {string} said The same for who hears it.
 */

/**
 * A sentence; with an error it has no tokens.
 * @typedef {object} Row
 * @property {number} index
 * @property {string} [name]
 * @property {string} [error]
 * @property {boolean} selectable
 * @property {Token[]} [tokens]
 * @property {Class[]} [classes]
 * @property {{ name: string, percent: string } | null} [others]
 * @property {string} [alt]
 */

/**
 * @typedef {object} Stage
 * @property {Row[]} rows
 * @property {number | null} selected
 * @property {boolean} numbers Each weight is written under its token.
 * @property {string | null} text What has been applied; null where another picture stands for it.
 * @property {string} text_language
 * @property {{ bar: string, accent: string }} colours
 * @property {{ title: string, ramp: string[], ticks: Tick[] }} legend
 * @property {boolean} tokens_choosable
 * @property {{ label: string }} words
 * @property {{ name: string, colour: string }[]} segments The two sentences of a pair.
 */

/** @typedef {(event: Event) => void} Listener */

/** @type {WeakMap<Element, Listener>} */
const shows = new WeakMap();
/** @type {WeakMap<Element, string>} */
const laid = new WeakMap();

export default newest(drawStage);

/** @param {Component<Stage>} component */
function drawStage({ data, parentElement, setStateValue }) {
  const stage = find(parentElement, ".stage"), rows = find(stage, ".rows"), tip = find(stage, ".tip"), scale = find(stage, ".legend");
  const many = data.rows.filter((row) => row.selectable).length > 1, focused = focusWithin(stage);
  const looks = { many, numbers: data.numbers, choosable: data.tokens_choosable, long: data.rows.some(({ tokens = [] }) => tokens.length > 40) };
  for (const [name, is] of Object.entries(looks)) stage.classList.toggle(name, is);
  stage.style.setProperty("--bar", data.colours.bar);
  stage.style.setProperty("--accent", data.colours.accent);
  stage.setAttribute("aria-label", data.words.label);
  tip.hidden = true;

  const layout = JSON.stringify([many, data.numbers, data.tokens_choosable, data.text_language, data.rows.map(outline)]);
  if (laid.get(rows) !== layout) {
    rows.replaceChildren(...data.rows.map((row) => line(row, data, many)));
    laid.set(rows, layout);
    if (focused?.classList.contains("line")) {
      /** @type {HTMLElement | null} */ (rows.querySelector(`.line[data-index="${focused.dataset.index}"]`))?.focus();
    }
  }
  data.rows.forEach((row, index) => { shade(/** @type {HTMLElement} */ (rows.children[index]), row, data, many); });
  legend(scale, data.legend);
  data.segments.forEach(({ colour }, index) => { stage.style.setProperty(`--segment${index}`, colour); });
  find(stage, ".segments").replaceChildren(...data.segments.map(({ name }, index) => make("li", `segment${index}`, name)));
  if (data.text !== null) stage.dataset.attnvizTrace = data.text;

  const choose = chooser(data, many, setStateValue);
  rows.onclick = choose;
  rows.onkeydown = (event) => press(event, choose, tip);
  tell(rows, tip, teller(stage, tip));
}

/**
 * What a click does: chooses a token as the query, or a sentence.
 * @param {Stage} data
 * @param {boolean} many
 * @param {Component<Stage>["setStateValue"]} setStateValue
 * @returns {Listener}
 */
function chooser(data, many, setStateValue) {
  return (event) => {
    const token = nearest(event, ".token"), line = nearest(event, ".line");
    if (data.tokens_choosable && token && line && line.dataset.index !== "0") {
      setStateValue("token", stamped({ sentence: Number(line.dataset.index), token: Number(token.dataset.token) }));
    } else if (many && line?.dataset.selectable) setStateValue("selected", Number(line.dataset.index));
  };
}

/**
 * @param {KeyboardEvent} event
 * @param {Listener} choose
 * @param {HTMLElement} tip
 */
function press(event, choose, tip) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.key === "Enter" || event.key === " ") {
    if (target.matches(".line, .token")) { event.preventDefault(); choose(event); }
  } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    /** @type {HTMLElement[]} */
    const tokens = [...(nearest(event, ".line")?.querySelectorAll(/** @type {"span"} */ (".token")) ?? [])];
    const step = event.key === "ArrowRight" ? 1 : -1;
    const next = tokens[tokens.indexOf(target) + step] ?? tokens[step > 0 ? 0 : tokens.length - 1];
    if (next) { event.preventDefault(); next.focus(); }
  } else if (event.key === "Escape") tip.hidden = true;
}

/**
 * Shows the number of the token an event came from, above it where there is room.
 * @param {HTMLElement} stage
 * @param {HTMLElement} tip
 * @returns {Listener}
 */
function teller(stage, tip) {
  return (event) => {
    const token = nearest(event, ".token");
    if (!token) { tip.hidden = true; return; }
    tip.textContent = token.dataset.tip ?? "";
    tip.hidden = false;
    const frame = stage.getBoundingClientRect(), place = token.getBoundingClientRect();
    const left = place.left + place.width / 2 - frame.left - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(0, Math.min(left, frame.width - tip.offsetWidth))}px`;
    const above = place.top - frame.top - tip.offsetHeight - 4;
    tip.style.top = `${above > -frame.top ? above : place.bottom - frame.top + 4}px`;
  };
}

/**
 * @param {HTMLElement} rows
 * @param {HTMLElement} tip
 * @param {Listener} show
 */
function tell(rows, tip, show) {
  rows.onpointerover = show;
  rows.onpointerleave = () => { tip.hidden = true; };
  // There is no `onfocusin`; the listeners are added once and find the run's own `show`.
  if (!shows.has(rows)) {
    rows.addEventListener("focusin", (event) => shows.get(rows)?.(event));
    rows.addEventListener("focusout", () => { tip.hidden = true; });
  }
  shows.set(rows, show);
}

/**
 * What a line's layout depends on, apart from the prediction.
 * @param {Row} row
 */
const outline = ({ index, name, error, selectable, tokens, classes }) =>
  [index, name, error, selectable, classes?.length, tokens?.map(({ text, gap, place }) => [text, gap, place])];

/**
 * A line with its tokens, not yet shaded.
 * @param {Row} row
 * @param {Stage} data
 * @param {boolean} many
 */
function line(row, data, many) {
  const element = make("div", "line");
  element.setAttribute("role", "listitem");
  element.dataset.index = String(row.index);
  if (many && row.selectable) {
    element.dataset.selectable = "1";
    element.tabIndex = 0;
  }
  if (row.name) element.append(make("p", "name", row.name));
  if (row.error) { element.append(make("p", "error", row.error)); return element; }
  const sentence = make("p", "sentence");
  sentence.dir = "auto";
  sentence.lang = data.text_language;
  sentence.setAttribute("role", "group");
  row.tokens?.forEach((token, index) => {
    if (token.gap) sentence.append(token.gap);
    const span = make("span", "token", token.text);
    span.dataset.token = String(token.place);
    if (data.numbers) span.append(make("span", "number"));
    span.tabIndex = index === 0 ? 0 : -1;
    span.setAttribute("role", data.tokens_choosable && row.index ? "button" : "img");
    sentence.append(span);
  });
  const words = make("div", "words");
  words.append(sentence);
  element.append(words);
  if (row.classes?.length) element.append(make("div"));
  else element.classList.add("alone");
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {Row} row
 * @param {Stage} data
 * @param {boolean} many
 */
function shade(element, row, data, many) {
  if (many && row.selectable) element.setAttribute("aria-current", String(row.index === data.selected));
  if (row.error) return;
  find(element, ".sentence").setAttribute("aria-label", row.alt ?? "");
  const spans = element.querySelectorAll(/** @type {"span"} */ (".token"));
  row.tokens?.forEach((token, index) => {
    const span = spans[index];
    span.className = `token${token.unknown ? " unknown" : ""}${token.query ? " query" : ""}${token.segment === null ? "" : ` segment${token.segment}`}`;
    span.style.background = token.fill;
    span.style.color = token.ink;
    span.dataset.tip = token.tip;
    span.dataset.weight = token.weight;
    span.setAttribute("aria-label", `${token.text}: ${token.said}`);
    if (data.numbers) /** @type {ChildNode} */ (span.lastChild).textContent = token.number;
  });
  if (row.classes?.length) element.lastChild?.replaceWith(many ? verdict(row.classes) : classes(row.classes, row.others ?? null));
}

/** @param {Class[]} entries */
function verdict(entries) {
  const best = entries.find((entry) => entry.top);
  return make("div", "verdict", best ? `${best.name} ${best.percent}` : "");
}
