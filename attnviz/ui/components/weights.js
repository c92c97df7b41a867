// A row of weights: each bar is a slider for pointer and keyboard, each number a field. While a bar is moved, the server is asked
// what the model would answer; what is set goes to the page, which answers with the row as the model then has it. Tokens are set
// as text, never as markup.

import { find, findAs, focusWithin, make, nearest, set, stamped } from "../../drawings/shared/elements.js";
import { asking } from "../../drawings/shared/live.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */
/** @import { Live, Told } from "../../drawings/shared/live.js" */

/**
 * @typedef {object} Row
 * @property {string} token
 * @property {number} own The model's own weight.
 * @property {string} was The same as text.
 * @property {number | null} now The weight as it stands; null where the token is not there any more.
 */

/**
 * @typedef {object} Class One that the model may answer, and its probabilities.
 * @property {string} name
 * @property {number} own With the model's own weights.
 * @property {number} now As the weights stand.
 */

/**
 * @typedef {object} Weights
 * @property {Row[]} rows
 * @property {number[]} order In which they stand.
 * @property {Class[]} classes None where the answer is no class.
 * @property {Live | null} live What to ask while a bar is moved; null asks nothing.
 * @property {string} place Of the row; goes back with what is set.
 * @property {number} most Largest weight that may be typed.
 * @property {string} text_language
 * @property {{ bar: string, accent: string }} colours
 * @property {Record<"token" | "own" | "drag" | "typed" | "gone" | "hint" | "answer", string>} words
 */

/**
 * What outlives the draws.
 * @typedef {object} Table
 * @property {ReturnType<typeof setTimeout>} [timer] Until what the keys have set is sent.
 * @property {{ place: string, key: string, value: number }} [waiting] What that is.
 * @property {HTMLElement | null} dragging The track the pointer holds.
 * @property {ReturnType<typeof asking>} [asking] Of the row as it was drawn last.
 */

/** Milliseconds after a key until what it set is sent; classes shown at most. */
const QUIET = 450, CLASSES = 3;
/** @type {WeakMap<ParentNode, Table>} */
const tables = new WeakMap();

export default newest(drawWeights);

/** @param {Component<Weights>} component */
function drawWeights({ data, parentElement, setStateValue }) {
  const section = find(parentElement, ".weights"), body = find(section, "tbody");
  /** @type {Table} */
  const table = tables.get(parentElement) ?? { dragging: null };
  tables.set(parentElement, table);
  const waiting = table.waiting?.place === data.place ? table.waiting : undefined;
  clearTimeout(table.timer);
  table.asking?.stop();
  table.asking = data.live ? asking(data.live, data.place, (told, key) => answered(section, data, told, key)) : undefined;
  section.style.setProperty("--bar", data.colours.bar);
  section.style.setProperty("--accent", data.colours.accent);
  find(section, ".hint").textContent = data.words.hint;
  const heads = section.querySelectorAll("thead th");
  [data.words.token, data.words.own, data.words.drag, data.words.typed].forEach((words, index) => { heads[index].textContent = words; });

  const focused = focusWithin(section), part = focused?.dataset.part, held = focused && rowOf(focused).dataset.key;
  body.replaceChildren(...data.order.map((key) => line(data.rows[key], key, data)));
  classes(section, data, data.classes);
  if (part) /** @type {HTMLElement | null} */ (body.querySelector(`tr[data-key="${held}"] [data-part="${part}"]`))?.focus();

  /** @param {HTMLElement} row @param {number} value */
  const send = (row, value) => {
    clearTimeout(table.timer);
    table.waiting = undefined;
    setStateValue("set", stamped({ place: data.place, key: Number(row.dataset.key), value }));
  };
  /** @param {HTMLElement} row @param {number} value */
  const move = (row, value) => {
    show(row, value);
    table.asking?.ask(Number(row.dataset.key), value);
  };
  body.onpointerenter = () => table.asking?.warm(Number(body.querySelector("tr")?.dataset.key), data.rows[data.order[0]].now ?? 0);
  drag(body, table, data, move, send);
  /** @param {HTMLElement} row @param {number} value */
  const soon = (row, value) => {
    move(row, value);
    clearTimeout(table.timer);
    table.waiting = { place: data.place, key: String(row.dataset.key), value };
    table.timer = setTimeout(() => send(row, value), QUIET);
  };
  listenToKeys(body, soon);
  listenToFields(body, data, send);
  // What was pressed while the answer to something before was under way is not lost with it.
  const row = waiting && /** @type {HTMLElement | null} */ (body.querySelector(`tr[data-key="${waiting.key}"]`));
  if (waiting && row) soon(row, waiting.value);
}

/** @typedef {(row: HTMLElement, value: number) => void} Send */

/**
 * Shows what the server says of a weight that is being moved: the answer, and the other weights of the row.
 * @param {HTMLElement} section
 * @param {Weights} data
 * @param {Told} told
 * @param {number} key Of the weight that is moved: it stays where it is held.
 */
function answered(section, data, told, key) {
  classes(section, data, data.classes.map((each, index) => ({ ...each, now: told.probabilities[index] })));
  if (told.row.length !== data.rows.length) return; // some are gone, and the places of the others with them
  for (const row of section.querySelectorAll("tbody tr")) {
    const other = Number(/** @type {HTMLElement} */ (row).dataset.key);
    if (other !== key) show(/** @type {HTMLElement} */ (row), told.row[other]);
  }
}

/**
 * Draws the classes that are most probable, with the model's own weights or now, in their own order.
 * @param {HTMLElement} section
 * @param {Weights} data
 * @param {Class[]} all
 */
function classes(section, data, all) {
  const list = find(section, ".classes");
  /** @param {Class} each */
  const most = ({ own, now }) => Math.max(own, now);
  const shown = new Set(all.toSorted((one, other) => most(other) - most(one)).slice(0, CLASSES));
  const first = Math.max(...all.map(({ now }) => now));
  list.setAttribute("aria-label", data.words.answer);
  list.replaceChildren(...all.filter((each) => shown.has(each)).map(({ name, own, now }) => {
    const item = make("li", now === first ? "first" : ""), meter = make("span", "meter"), fill = make("span", "fill"), was = make("span", "was");
    fill.style.width = `${now * 100}%`;
    was.style.insetInlineStart = `${own * 100}%`;
    meter.append(fill, was);
    item.append(make("span", "class", name), meter, make("span", "number", `${(now * 100).toFixed(1)} %`));
    return item;
  }));
}

/**
 * @param {HTMLElement} body
 * @param {Table} table
 * @param {Weights} data
 * @param {Send} move
 * @param {Send} send
 */
function drag(body, table, data, move, send) {
  body.onpointerdown = (event) => {
    const track = nearest(event, ".track");
    if (!track || event.button) return;
    track.setPointerCapture(event.pointerId);
    track.focus();
    table.dragging = track;
    move(rowOf(track), at(track, event));
    event.preventDefault();
  };
  body.onpointermove = (event) => {
    if (table.dragging) move(rowOf(table.dragging), at(table.dragging, event));
  };
  body.onpointerup = (event) => {
    const track = table.dragging;
    table.dragging = null;
    if (track) send(rowOf(track), at(track, event));
  };
  body.onpointercancel = () => {
    if (!table.dragging) return;
    table.dragging = null;
    table.asking?.forget();
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (body.querySelectorAll("tr:not(.gone)"))) restore(row, data);
    classes(/** @type {HTMLElement} */ (body.closest(".weights")), data, data.classes);
  };
}

/**
 * @param {HTMLElement} body
 * @param {Send} soon
 */
function listenToKeys(body, soon) {
  body.onkeydown = (event) => {
    const track = nearest(event, ".track");
    if (!track) {
      if (event.key === "Enter" && !event.isComposing) nearest(event, "input")?.blur();
      return;
    }
    const now = Number(track.getAttribute("aria-valuenow")), step = event.shiftKey ? 0.1 : 0.01;
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: now + step, ArrowUp: now + step, ArrowLeft: now - step, ArrowDown: now - step, PageUp: now + 0.1,
      PageDown: now - 0.1, Home: 0, End: 1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const value = thousandths(moves[event.key]), row = rowOf(track);
    soon(row, value);
  };
}

/**
 * @param {HTMLElement} body
 * @param {Weights} data
 * @param {Send} send
 */
function listenToFields(body, data, send) {
  body.onchange = (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target), row = rowOf(field), value = Number(field.value.replace(",", "."));
    if (field.value.trim() === "" || !Number.isFinite(value)) restore(row, data);
    else send(row, Math.max(0, Math.min(data.most, value)));
  };
}

/**
 * For attributes, which know no powers of ten.
 * @param {number} value
 */
const plain = (value) => value.toFixed(6);

/** @param {HTMLElement} within */
const rowOf = (within) => /** @type {HTMLTableRowElement} */ (within.closest("tr"));

/**
 * @param {HTMLElement} row
 * @param {number} value
 */
function show(row, value) {
  const track = find(row, ".track");
  find(track, ".fill").style.width = `${Math.min(value, 1) * 100}%`;
  track.setAttribute("aria-valuenow", plain(value));
  findAs(row, "input", HTMLInputElement).value = written(value);
}

/**
 * Shows again what stands.
 * @param {HTMLElement} row
 * @param {Weights} data
 */
const restore = (row, data) => show(row, data.rows[Number(row.dataset.key)].now ?? 0);

/**
 * The weight under the pointer.
 * @param {HTMLElement} track
 * @param {PointerEvent} event
 */
function at(track, event) {
  const frame = track.getBoundingClientRect(), share = (event.clientX - frame.left) / frame.width;
  return thousandths(getComputedStyle(track).direction === "rtl" ? 1 - share : share);
}

/** @param {number} value */
const thousandths = (value) => Math.round(Math.max(0, Math.min(1, value)) * 1000) / 1000;

/** @param {number} value */
const written = (value) => String(Math.round(value * 1e4) / 1e4);

/**
 * @param {Row} row
 * @param {number} key
 * @param {Weights} data
 */
function line(row, key, data) {
  const tr = make("tr"), name = make("th", "token", row.token), own = make("td", "number", row.was), bar = make("td"), field = make("td");
  tr.dataset.key = String(key);
  name.scope = "row";
  name.lang = data.text_language;
  tr.append(name, own, bar, field);
  if (row.now === null) {
    tr.className = "gone";
    bar.textContent = data.words.gone;
    return tr;
  }
  const track = make("div", "track"), fill = make("div", "fill"), was = make("div", "was");
  track.tabIndex = 0;
  track.dataset.part = "track";
  set(track, { role: "slider", "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": plain(row.now), "aria-label": row.token });
  fill.style.width = `${Math.min(row.now, 1) * 100}%`;
  was.style.insetInlineStart = `${Math.min(row.own, 1) * 100}%`;
  was.title = `${data.words.own} ${row.was}`;
  track.append(fill, was);
  bar.append(track);
  const input = make("input");
  input.dataset.part = "input";
  input.inputMode = "decimal";
  input.autocomplete = "off";
  input.value = written(row.now);
  input.setAttribute("aria-label", `${data.words.typed}: ${row.token}`);
  field.append(input);
  return tr;
}
