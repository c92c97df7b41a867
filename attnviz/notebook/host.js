// Drawings of the page in the output of a cell, with the choice of a layer, a head and a query. All weights that can be chosen
// are there: nothing is asked of anybody. Light or dark as the text around it is. Texts are set as text, never as markup.

import { palette } from "../drawings/shared/cells.js";
import { bytes, floats, make } from "../drawings/shared/elements.js";

/** @import { Component, Reason } from "../drawings/component.js" */

/** @typedef {"layer" | "head" | "query"} Choice */
/** @typedef {Record<Choice, number>} Place */
/** @typedef {Record<string, any>} Data What a drawing shows; each script says which. */

/**
 * The weights that can be chosen from.
 * @typedef {object} Given
 * @property {number[]} layers
 * @property {number[]} heads
 * @property {string[]} queries
 * @property {number[]} own The model's own position of each query.
 * @property {number} keys
 * @property {boolean} exact Weights are float32; else 8 bits, as shares of the largest of their row.
 * @property {string} weights
 * @property {string} most The largest of each row, float32.
 * @property {string} masks
 * @property {"none" | "all" | "each"} mask Whether one holds for all heads.
 */

/**
 * @typedef {object} Output
 * @property {{ name: string, data: Data, dark: Data }[]} parts
 * @property {Record<"light" | "dark", { variables: Record<string, string>, ramp: string[] }>} paints
 * @property {Given} given
 * @property {Place} at
 * @property {(Choice | "heads")[]} choices
 * @property {Record<string, any>} words
 */

/** @typedef {Record<string, (component: Component<any>) => void>} Drawings */
/** @typedef {Record<string, { html: string, css: string }>} Rules */

/**
 * Draws a picture wherever its name stands and it is not drawn.
 * @param {string} name
 * @param {Output} output
 * @param {Drawings} drawings
 * @param {Rules} rules
 */
function shown(name, output, drawings, rules) {
  for (const frame of document.querySelectorAll(`[data-attnviz="${name}"]:not([data-drawn])`)) {
    if (frame instanceof HTMLElement) new Live(frame, output, drawings, rules);
  }
}

class Live {
  #serial = 0;
  /** @type {[number, number] | null} Layer and head of what is written; null: the mean it opens with. */
  #writing = null;

  /**
   * @param {HTMLElement} frame
   * @param {Output} output
   * @param {Drawings} drawings
   * @param {Rules} rules
   */
  constructor(frame, output, drawings, rules) {
    this.frame = frame;
    this.output = output;
    this.drawings = drawings;
    this.at = { ...output.at };
    this.weights = new Weights(output.given);
    this.box = make("div", "picture");
    this.controls = make("div", "choices");
    const root = make("div"), still = /** @type {HTMLElement} */ (frame.firstElementChild);
    const shadow = root.attachShadow({ mode: "open" });
    shadow.append(make("style", "", rules.host.css), this.box);
    this.roots = output.parts.map(({ name }) => {
      const place = make("div", "drawing"), own = place.attachShadow({ mode: "open" });
      own.innerHTML = rules[name].html;
      own.prepend(make("style", "", rules[name].css));
      return { place, own };
    });
    this.box.append(this.controls, ...this.roots.map(({ place }) => place));
    if (output.words.part) this.box.append(make("p", "part", output.words.part));
    frame.insertBefore(root, still.nextSibling);
    this.draw();
    frame.dataset.drawn = "1";
    still.style.display = "none";
    this.#watch();
  }

  /** Draws again where the theme changes, and where it gets room that it did not have. */
  #watch() {
    let dark = this.#dark(), width = this.box.clientWidth;
    new MutationObserver(() => {
      if (dark === this.#dark()) return;
      dark = !dark;
      this.draw();
    }).observe(document.body, { attributes: true });
    new ResizeObserver(() => {
      const before = width;
      width = this.box.clientWidth;
      if (!before && width) this.draw();
    }).observe(this.box);
  }

  /** Whether the text around it is light. */
  #dark() {
    return luminance(getComputedStyle(this.frame).color) > 0.4;
  }

  draw() {
    const { output, at, box } = this, dark = this.#dark(), paint = output.paints[dark ? "dark" : "light"];
    for (const [name, value] of Object.entries(paint.variables)) box.style.setProperty(name, value);
    this.#choose();
    const colours = palette(paint.ramp, "#000000").ramp;
    /** @type {[string, string][]} */
    const ramp = colours.map((fill) => [fill, luminance(fill) > 0.179 ? "#000000" : "#ffffff"]);
    for (const [index, { name, data, dark: other }] of output.parts.entries()) {
      const own = { ...data, ...(dark ? other : {}) };
      if ("ramp" in own) own.ramp = name === "writing" ? ramp : paint.ramp;
      /** @type {Record<string, (data: Data, at: Place, ramp: [string, string][]) => Data>} */
      const changed = { stage: this.#stage, lines: this.#lines, matrix: this.#matrix, maps: this.#maps, writing: this.#written };
      const all = { ...own, ...changed[name]?.call(this, own, at, ramp), serial: ++this.#serial };
      this.drawings[name]({ data: all, parentElement: this.roots[index].own, setStateValue: (_, value) => this.#met(name, value), setTriggerValue: () => {} });
    }
  }

  /**
   * What is chosen in a drawing.
   * @param {string} name
   * @param {unknown} value
   */
  #met(name, value) {
    const { given } = this.output, met = /** @type {{ token?: number, query?: number, layer?: number, head?: number }} */ (value);
    if (name === "maps" && given.layers.includes(met.layer ?? -1) && given.heads.includes(met.head ?? -1)) {
      Object.assign(this.at, { layer: met.layer, head: met.head });
    } else if (name === "stage" || name === "matrix") {
      const query = given.own.indexOf((name === "stage" ? met.token : met.query) ?? -1);
      if (query < 0) return;
      this.at.query = query;
    } else return;
    this.draw();
  }

  /** The choices above the drawings. */
  #choose() {
    const { output: { choices, given, words }, at } = this;
    /** @type {Record<Choice, [number, string][]>} */
    const options = {
      layer: given.layers.map((layer) => [layer, String(layer + 1)]),
      head: given.heads.map((head) => [head, String(head + 1)]),
      query: given.queries.map((token, index) => [index, token]),
    };
    const focused = this.controls.getRootNode() instanceof ShadowRoot ? /** @type {ShadowRoot} */ (this.controls.getRootNode()).activeElement?.getAttribute("name") : null;
    this.controls.replaceChildren(...choices.map((choice) => {
      if (choice === "heads") return this.#heads();
      return labelled(words[choice], choice, options[choice], at[choice], (value) => {
        at[choice] = value;
        this.draw();
      });
    }));
    if (focused) /** @type {HTMLElement | null} */ (this.controls.querySelector(`[name="${focused}"]`))?.focus();
  }

  /** The choice of one head of what is written. */
  #heads() {
    const { given, words } = this.output, pairs = given.layers.flatMap((layer) => given.heads.map((head) => [layer, head]));
    /** @type {[number, string][]} */
    const options = [[-1, words.shown], ...pairs.map(([layer, head], index) => /** @type {[number, string]} */ ([index, filled(words.short, { layer: layer + 1, head: head + 1 })]))];
    const chosen = this.#writing, now = chosen ? pairs.findIndex(([layer, head]) => layer === chosen[0] && head === chosen[1]) : -1;
    return labelled(words.heads, "heads", options, now, (value) => {
      this.#writing = value < 0 ? null : /** @type {[number, number]} */ (pairs[value]);
      this.draw();
    });
  }

  /**
   * A sentence shaded by the row that is looked at.
   * @param {Data} data
   * @param {Place} at
   * @param {[string, string][]} ramp
   */
  #stage(data, at, ramp) {
    const { given, words } = this.output, { layer, head, query } = at, row = this.weights.row(layer, head, query), mask = this.weights.mask(layer, head, query);
    const top = Math.max(...row) || 1, [first] = data.rows, named = { layer: layer + 1, head: head + 1, query: given.queries[query] };
    const tokens = first.tokens.map((/** @type {Data} */ token, /** @type {number} */ key) => {
      const [fill, ink] = ramp[Math.round(Math.min(1, Math.max(0, row[key] / top)) * 255)], number = this.#number(row[key]);
      const more = [...token.tip.split("\n").slice(1).filter((/** @type {string} */ line) => !Object.values(words.masks).includes(line)), ...(mask[key] ? [words.masks[mask[key]]] : [])];
      return { ...token, fill, ink, weight: number, number: mask[key] ? words.signs[mask[key]] : approx(row[key]), tip: [`${words.weight} ${number}`, ...more].join("\n"),
        said: [`${words.weight} ${approx(row[key])}`, ...more].join(words.separator), query: data.tokens_choosable && token.place === given.own[query] };
    });
    const order = [...row.keys()].sort((a, b) => row[b] - row[a]).slice(0, 5), several = given.queries.length * given.layers.length * given.heads.length > 1;
    const largest = order.map((key) => `${tokens[key].text} ${approx(row[key])}`).join(words.separator);
    return {
      rows: [{ ...first, tokens, alt: `${filled(words.row, named)} ${filled(words.largest, { largest })}` }],
      legend: { ...data.legend, title: several ? filled(words.colour, named) : data.legend.title },
    };
  }

  /**
   * @param {Data} _
   * @param {Place} at
   */
  #lines(_, { layer, head }) {
    const { given } = this.output, size = given.queries.length * given.keys;
    const codes = new Uint8Array(size * (Math.max(...given.heads) + 1));
    for (const each of given.heads) {
      given.queries.forEach((__, query) => {
        const row = this.weights.row(layer, each, query), mask = this.weights.mask(layer, each, query);
        row.forEach((weight, key) => { codes[each * size + query * given.keys + key] = mask[key] ? 0 : Math.round(Math.min(1, weight) * 255); });
      });
    }
    return { head, codes: base64(codes) };
  }

  /**
   * @param {Data} data
   * @param {Place} at
   */
  #matrix(data, { layer, head, query }) {
    const { given, words } = this.output, { values, shares, masks } = this.weights.head(layer, head);
    const reasons = [...new Set(masks)].filter((code) => code).map((code) => /** @type {Reason} */ ({ code, name: words.masks[code] }));
    return {
      query, codes: base64(shares), weights: data.weights && given.exact ? base64(new Uint8Array(values.buffer)) : "", masks: base64(masks), reasons,
      title: filled(words.numbered, { layer: layer + 1, head: head + 1 }),
    };
  }

  /**
   * @param {Data} _
   * @param {Place} at
   */
  #maps(_, { layer, head }) {
    return { layer, head };
  }

  /** @returns {Data} */
  #written() {
    if (!this.#writing) return {};
    const [layer, head] = this.#writing, { values, shares } = this.weights.head(layer, head);
    return { codes: base64(shares), weights: base64(new Uint8Array(values.buffer)), name: filled(this.output.words.short, { layer: layer + 1, head: head + 1 }) };
  }

  /** @param {number} weight */
  #number(weight) {
    return this.output.given.exact ? String(Number(weight.toPrecision(9))) : approx(weight);
  }
}

class Weights {
  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    this.masks = bytes(given.masks);
    const coded = given.exact ? null : bytes(given.weights), most = given.exact ? null : floats(given.most);
    this.values = coded && most ? Float32Array.from(coded, (code, at) => (code / 255) * most[Math.floor(at / given.keys)]) : floats(given.weights);
  }

  /**
   * Where a row begins.
   * @param {number} layer
   * @param {number} head
   * @param {number} query
   */
  #start(layer, head, query) {
    const { layers, heads, queries, keys } = this.given;
    return ((layers.indexOf(layer) * heads.length + heads.indexOf(head)) * queries.length + query) * keys;
  }

  /**
   * @param {number} layer
   * @param {number} head
   * @param {number} query
   */
  row(layer, head, query) {
    const start = this.#start(layer, head, query);
    return this.values.subarray(start, start + this.given.keys);
  }

  /**
   * Why weights of a row are zero: a code each, 0 where nothing is masked.
   * @param {number} layer
   * @param {number} head
   * @param {number} query
   */
  mask(layer, head, query) {
    const { mask, keys } = this.given, start = mask === "all" ? query * keys : this.#start(layer, head, query);
    return mask === "none" ? new Uint8Array(keys) : this.masks.subarray(start, start + keys);
  }

  /**
   * All rows of a head; `shares` as codes of the largest weight of each row.
   * @param {number} layer
   * @param {number} head
   */
  head(layer, head) {
    const { queries, keys, mask } = this.given, values = new Float32Array(queries.length * keys), shares = new Uint8Array(values.length), masks = new Uint8Array(mask === "none" ? 0 : values.length);
    queries.forEach((_, query) => {
      const row = this.row(layer, head, query), top = Math.max(...row) || 1;
      values.set(row, query * keys);
      shares.set(row.map((weight) => Math.round(Math.min(1, Math.max(0, weight / top)) * 255)), query * keys);
      if (masks.length) masks.set(this.mask(layer, head, query), query * keys);
    });
    return { values, shares, masks };
  }
}

/**
 * @param {string} name
 * @param {string} choice
 * @param {[number, string][]} options
 * @param {number} now
 * @param {(value: number) => void} chosen
 */
function labelled(name, choice, options, now, chosen) {
  const label = make("label", "", name), select = make("select");
  select.name = choice;
  select.setAttribute("aria-label", name);
  select.append(...options.map(([value, text]) => {
    const option = make("option", "", text);
    option.value = String(value);
    return option;
  }));
  select.value = String(now);
  select.onchange = () => chosen(Number(select.value));
  label.append(select);
  return label;
}

/**
 * @param {string} words With `{name}` where values go.
 * @param {Record<string, string | number>} values
 */
const filled = (words, values) => words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** A number for reading, with ≈ in front if it was rounded. @param {number} value */
function approx(value) {
  const text = value === 0 || value >= 0.001 ? value.toFixed(3) : value.toExponential(1);
  return Number(text) === value ? text : `≈ ${text}`;
}

/** @param {Uint8Array} values */
function base64(values) {
  let text = "";
  for (const value of values) text += String.fromCharCode(value);
  return btoa(text);
}

/** Relative luminance of a colour as browsers write it. @param {string} colour */
function luminance(colour) {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((each) => Number(each) / 255).map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export default shown;
