// A row of weights: each bar is a slider for pointer and keyboard, each number a field. What is set goes to the server, which
// answers with the row as the model then has it. Tokens are set as text, never as markup.

import { find, findAs, focusWithin, make, nearest, set, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Row
 * @property {string} token
 * @property {number} own The model's own weight.
 * @property {string} was The same as text.
 * @property {number | null} now The weight as it stands; null where the token is not there any more.
 */

/**
 * @typedef {object} Weights
 * @property {Row[]} rows
 * @property {string} place Of the row; goes back with what is set.
 * @property {number} most Largest weight that may be typed.
 * @property {string} text_language
 * @property {{ bar: string, accent: string }} colours
 * @property {Record<"token" | "own" | "drag" | "typed" | "gone" | "hint", string>} words
 */

/**
 * What outlives the draws.
 * @typedef {object} Table
 * @property {ReturnType<typeof setTimeout>} [timer] Until what the keys have set is sent.
 * @property {HTMLElement | null} dragging The track the pointer holds.
 */

const QUIET = 450;
/** @type {WeakMap<ParentNode, Table>} */
const tables = new WeakMap();

export default newest(drawWeights);

/** @param {Component<Weights>} component */
function drawWeights({ data, parentElement, setStateValue }) {
  const section = find(parentElement, ".weights"), body = find(section, "tbody");
  /** @type {Table} */
  const table = tables.get(parentElement) ?? { dragging: null };
  tables.set(parentElement, table);
  clearTimeout(table.timer);
  section.style.setProperty("--bar", data.colours.bar);
  section.style.setProperty("--accent", data.colours.accent);
  find(section, ".hint").textContent = data.words.hint;
  const heads = section.querySelectorAll("thead th");
  [data.words.token, data.words.own, data.words.drag, data.words.typed].forEach((words, index) => { heads[index].textContent = words; });

  const focused = focusWithin(section), part = focused?.dataset.part, row = focused && rowOf(focused).dataset.key;
  body.replaceChildren(...data.rows.map((row, key) => line(row, key, data)));
  if (part) /** @type {HTMLElement | null} */ (body.querySelector(`tr[data-key="${row}"] [data-part="${part}"]`))?.focus();

  /** @param {HTMLElement} row @param {number} value */
  const send = (row, value) => {
    clearTimeout(table.timer);
    setStateValue("set", stamped({ place: data.place, key: Number(row.dataset.key), value }));
  };
  drag(body, table, data, send);
  listenToKeys(body, table, send);
  listenToFields(body, data, send);
}

/** @typedef {(row: HTMLElement, value: number) => void} Send */

/**
 * @param {HTMLElement} body
 * @param {Table} table
 * @param {Weights} data
 * @param {Send} send
 */
function drag(body, table, data, send) {
  body.onpointerdown = (event) => {
    const track = nearest(event, ".track");
    if (!track || event.button) return;
    track.setPointerCapture(event.pointerId);
    track.focus();
    table.dragging = track;
    show(rowOf(track), at(track, event));
    event.preventDefault();
  };
  body.onpointermove = (event) => {
    if (table.dragging) show(rowOf(table.dragging), at(table.dragging, event));
  };
  body.onpointerup = (event) => {
    const track = table.dragging;
    table.dragging = null;
    if (track) send(rowOf(track), at(track, event));
  };
  body.onpointercancel = () => {
    if (table.dragging) restore(rowOf(table.dragging), data);
    table.dragging = null;
  };
}

/**
 * @param {HTMLElement} body
 * @param {Table} table
 * @param {Send} send
 */
function listenToKeys(body, table, send) {
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
    show(row, value);
    clearTimeout(table.timer);
    table.timer = setTimeout(() => send(row, value), QUIET);
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

/** @param {HTMLElement} within */
const rowOf = (within) => /** @type {HTMLTableRowElement} */ (within.closest("tr"));

/**
 * @param {HTMLElement} row
 * @param {number} value
 */
function show(row, value) {
  const track = find(row, ".track");
  find(track, ".fill").style.width = `${Math.min(value, 1) * 100}%`;
  track.setAttribute("aria-valuenow", String(value));
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
  set(track, { role: "slider", "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": row.now, "aria-label": row.token });
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
