// A text as it is written. About a text: the two sentences with lines between them, and a map that grows by a row a step. About a
// picture: its regions, lit by the weight of the word that is looked at, and a strip of them that grows by a word a step. What else
// could have been written stands beside it. All steps are in the data: playing and hovering ask no server. Tokens are set as text, never as
// markup. `data-attnviz-trace` tells what has been drawn.

import { bytes, find, findAs, floats, make, nearest, set, shape, stamped } from "./shared/elements.js";
import { legend } from "./shared/legend.js";
import { newest } from "./shared/newest.js";
import { Playback } from "./shared/player.js";

/** @import { Component, Tick } from "./component.js" */
/** @import { Button, Film } from "./shared/player.js" */

/** @typedef {{ text: string, gap: string, special: boolean, unknown: boolean }} Token */

/** @typedef {{ token: string, text: string, share: number, percent: string, written: boolean }} Alternative */

/**
 * @typedef {object} Step
 * @property {number} place By the model's own count.
 * @property {string} percent
 * @property {boolean} differs The model would have written another token.
 * @property {string} preferred That token.
 * @property {string} told Where the weight lies, in words; empty where the source is a text.
 * @property {Alternative[]} alternatives
 */

/**
 * The picture that is written about; its regions are the tokens of the source, row by row.
 * @typedef {object} Pictured
 * @property {string} url
 * @property {number} columns Of its regions.
 * @property {{ name: string, box: [number, number, number, number] }[]} objects x0, y0, x1, y1 in shares of the picture.
 */

/**
 * @typedef {object} Writing
 * @property {string} key
 * @property {number} start First step that is new.
 * @property {number} at Step it stands at, or -1.
 * @property {number} speed Tokens a second; 0 shows all at once.
 * @property {string} text What has been applied.
 * @property {string} alt
 * @property {string} name Which heads these are.
 * @property {boolean} forced The translation is given; the model reads it.
 * @property {{ language: string, tokens: Token[] }} source
 * @property {{ language: string, tokens: Token[] }} target
 * @property {Pictured | null} picture
 * @property {Step[]} steps One a target token.
 * @property {string} codes Of the weights, target token by target token.
 * @property {string} weights float32.
 * @property {number} least Weights below it have no line.
 * @property {[string, string][]} ramp Fill and ink of each code.
 * @property {{ line: string, accent: string }} colours
 * @property {{ title: string, ticks: Tick[] }} legend
 * @property {Record<Button | "source" | "translation" | "step" | "alternatives" | "chosen" | "map" | "continue" | "preferred" | "agreed" | "weight" | "least" | "outlines", string>} words
 */

/**
 * What the pointer meets: a token, or a cell of the map.
 * @typedef {{ side: "source" | "target", index: number } | { query: number, key: number }} Met
 */

/**
 * What outlives the draws.
 * @typedef {Film & { send?: (event: object) => void, picture?: Picture, listening?: boolean, outlined?: boolean }} Shown
 */

/** @type {WeakMap<ParentNode, Shown>} */
const films = new WeakMap();

export default newest(drawWriting);

/** @param {Component<Writing>} component */
function drawWriting({ data, parentElement, setStateValue }) {
  const section = find(parentElement, ".writing"), sources = data.source.tokens, targets = data.target.tokens;
  /** @type {Shown} */
  const film = films.get(parentElement) ?? { key: null, at: 0, playing: false };
  films.set(parentElement, film);
  film.send = (event) => setStateValue("event", stamped(event));
  section.classList.toggle("long", !data.picture && Math.max(sources.length, targets.length) > 26);
  section.classList.toggle("pictured", data.picture !== null);
  section.style.setProperty("--accent", data.colours.accent);
  section.style.setProperty("--line", data.colours.line);
  find(section, ".name").textContent = data.name;
  const steps = Array.from({ length: 64 }, (_, index) => index * 4 + 3);
  legend(find(section, ".legend"), { ...data.legend, ramp: steps.map((code) => (data.picture ? dimmed(code) : data.ramp[code][0])) });
  outlines(section, data, film);

  const picture = new Picture(section, data, film);
  film.picture = picture;
  const last = targets.length - 1, rest = data.picture ? picture.keenest() : last, list = find(section, ".choices");
  const playback = new Playback(film, {
    section, player: find(section, ".player"), title: data.words.step, words: data.words, last, pace: () => 1000 / (data.speed || 2),
    draw: (step) => {
      picture.paint();
      choices(list, data, step, (token) => {
        playback.stop();
        playback.forget();
        film.send?.({ kind: "alternative", place: data.steps[step].place, token });
      });
      return { name: targets[step].text, count: `${step + 1} / ${last + 1}` };
    },
    // What has been written to its end stays there unless it is said otherwise: that is not told.
    tell: (step, ended) => ended || film.send?.({ kind: "step", place: data.steps[step].place }),
  });
  listen(section, film, picture, playback);
  begin(data, film, playback, rest);
  section.dataset.attnvizTrace = data.text;
}

/**
 * Goes on where it stood, or plays what is new.
 * @param {Writing} data
 * @param {Shown} film
 * @param {Playback} playback
 * @param {number} rest Where it stands if it is not played.
 */
function begin(data, film, playback, rest) {
  const still = data.forced || !data.speed || matchMedia("(prefers-reduced-motion: reduce)").matches;
  const same = film.key === data.key;
  film.key = data.key;
  if (same && film.playing) playback.begin(film.at);
  else if (same) playback.show(film.at);
  else {
    playback.stop();
    if (data.at >= 0) playback.show(data.at);
    else if (still) playback.show(rest);
    else playback.begin(data.start);
  }
}

/** The sentences, the lines between them and the map, of the step that the film is at. */
class Picture {
  /** @type {Met | null} */
  #met = null;

  /**
   * @param {HTMLElement} section
   * @param {Writing} data
   * @param {Film} film
   */
  constructor(section, data, film) {
    this.data = data;
    this.film = film;
    this.links = findAs(section, ".links", SVGSVGElement);
    this.note = find(section, ".note");
    this.codes = bytes(data.codes);
    this.weights = floats(data.weights);
    this.source = data.picture ? regions(section, data) : sentence(find(section, ".source"), "source", data);
    this.target = sentence(find(section, ".target"), "target", data);
    find(section, ".picture").hidden = !data.picture;
    find(section, ".source").hidden = data.picture !== null;
    const grid = find(section, ".grid");
    this.map = data.picture ? strip(grid, data, data.picture, this.codes) : map(grid, data, this.weights, this.codes);
  }

  /**
   * @param {number} query
   * @param {number} key
   */
  #at(query, key) {
    return query * this.data.source.tokens.length + key;
  }

  /**
   * Shows what the pointer has met, or the step again.
   * @param {Met | null} place
   */
  meet(place) {
    if (JSON.stringify(place) === JSON.stringify(this.#met)) return;
    this.#met = place;
    this.paint();
  }

  /** The pointer meets nothing, and what is shown is about to change. */
  leave() {
    this.#met = null;
  }

  /** The query and the key that are looked at: of the step where nothing is met. */
  #looked() {
    const met = this.#met;
    if (!met) return { query: this.film.at, key: null };
    if ("query" in met) return met;
    return met.side === "target" ? { query: met.index, key: null } : { query: null, key: met.index };
  }

  paint() {
    const { film, codes, source, target } = this, met = this.#met, { query, key } = this.#looked();
    target.forEach((span, index) => {
      span.classList.toggle("later", index > film.at);
      span.classList.toggle("now", index === film.at && !met);
      span.classList.toggle("met", met !== null && index === query);
      this.#shade(span, key !== null && query === null ? codes[this.#at(index, key)] : null);
    });
    const heaviest = query !== null && this.data.picture ? this.#heaviest(query) : -1;
    source.forEach((span, index) => {
      span.classList.toggle("met", (met !== null && index === key) || index === heaviest);
      const code = query !== null ? codes[this.#at(query, index)] : null;
      if (this.data.picture) span.style.background = code === null ? "" : dimmed(code);
      else this.#shade(span, code);
    });
    this.#paintMap(query, key);
    if (this.data.picture) this.links.replaceChildren();
    else this.#link(query, key);
    this.note.textContent = this.#told(query, key);
  }

  /** The word that looks most at one place: what a picture is shown with. */
  keenest() {
    let found = 0;
    for (let index = 1; index < this.weights.length; index++) if (this.weights[index] > this.weights[found]) found = index;
    return Math.floor(found / this.data.source.tokens.length);
  }

  /** @param {number} query */
  #heaviest(query) {
    const row = this.weights.subarray(this.#at(query, 0), this.#at(query + 1, 0));
    return row.indexOf(Math.max(...row));
  }

  /**
   * @param {number | null} query
   * @param {number | null} key
   */
  #paintMap(query, key) {
    const { film, map: { rows, columns, cells } } = this, cell = this.#met !== null && "query" in this.#met;
    rows.forEach((row, index) => { row.classList.toggle("later", index > film.at); row.classList.toggle("met", index === query); });
    columns.forEach((column, index) => { column.classList.toggle("met", index === key); });
    for (const [index, line] of cells.entries()) {
      for (const [place, each] of line.entries()) {
        each.classList.toggle("later", index > film.at);
        each.classList.toggle("now", index === film.at);
        each.classList.toggle("met", cell && query === index && key === place);
      }
    }
  }

  /**
   * @param {HTMLElement} span
   * @param {number | null} code
   */
  #shade(span, code) {
    [span.style.background, span.style.color] = code === null ? ["", ""] : this.data.ramp[code];
  }

  /**
   * Lines between the sentences; where something is met, only its own.
   * @param {number | null} query
   * @param {number | null} key
   */
  #link(query, key) {
    const { data, film, links, source, target } = this, frame = links.getBoundingClientRect(), lines = [];
    set(links, { viewBox: `0 0 ${Math.max(frame.width, 1)} ${Math.max(frame.height, 1)}` });
    for (let row = 0; row <= film.at; row++) {
      for (let column = 0; column < source.length; column++) {
        const value = this.weights[this.#at(row, column)];
        const own = query !== null && key !== null ? row === query && column === key : row === query || column === key;
        if (value < data.least || (this.#met && !own)) continue;
        const from = source[column].getBoundingClientRect(), to = target[row].getBoundingClientRect();
        lines.push(shape("line", {
          x1: from.left + from.width / 2 - frame.left, y1: from.bottom - frame.top, x2: to.left + to.width / 2 - frame.left, y2: to.top - frame.top,
          stroke: own ? data.colours.accent : data.colours.line, "stroke-opacity": Math.min(1, own ? 0.25 + value : 0.08 + value * 0.45), "stroke-width": 1 + value * 4,
        }));
      }
    }
    links.replaceChildren(...lines);
  }

  /**
   * What is looked at, in words and numbers.
   * @param {number | null} query
   * @param {number | null} key
   */
  #told(query, key) {
    const { data: { words, source, target }, weights, film } = this, sources = source.tokens, targets = target.tokens;
    if (query !== null && key !== null) return `${targets[query].text} → ${sources[key].text}: ${words.weight} ${number(weights[this.#at(query, key)])}`;
    if (query !== null && this.data.picture) return this.data.steps[query].told;
    const name = query !== null ? `${targets[query].text} →` : `→ ${sources[key ?? 0].text}:`;
    /** @type {[string, number][]} */
    const own = query !== null ? sources.map((token, index) => [token.text, weights[this.#at(query, index)]])
      : targets.slice(0, film.at + 1).map((token, index) => [token.text, weights[this.#at(index, key ?? 0)]]);
    own.sort((a, b) => b[1] - a[1]);
    return `${name} ${own.slice(0, 4).map(([text, value]) => `${text} ≈ ${value.toFixed(2)}`).join(", ")}${this.data.picture ? "" : ` · ${words.least}`}`;
  }
}

/**
 * Lays out a sentence.
 * @param {HTMLElement} paragraph
 * @param {"source" | "target"} side
 * @param {Writing} data
 * @returns {HTMLElement[]} Its tokens.
 */
function sentence(paragraph, side, data) {
  const { language, tokens } = data[side];
  paragraph.lang = language;
  paragraph.dir = "auto";
  paragraph.setAttribute("aria-label", `${data.words[side === "source" ? "source" : "translation"]}: ${tokens.map((token) => token.gap + token.text).join("")}`);
  const spans = tokens.map((token, index) => {
    const span = marked(make("span", `token${token.special ? " special" : ""}${token.unknown ? " unknown" : ""}`, token.text), { side, index });
    span.tabIndex = index ? -1 : 0;
    if (side === "target" && data.forced) {
      span.append(make("span", "number", data.steps[index].percent));
      if (data.steps[index].differs) span.classList.add("differs");
    }
    return span;
  });
  paragraph.replaceChildren(...spans.flatMap((span, index) => (tokens[index].gap ? [tokens[index].gap, span] : [span])));
  return spans;
}

/**
 * How a region is dimmed: not at all at full weight.
 * @param {number} code
 */
const dimmed = (code) => `rgb(6 10 22 / ${(0.82 * (1 - code / 255)).toFixed(3)})`;

/**
 * Lays the regions over the picture.
 * @param {HTMLElement} section
 * @param {Writing} data
 * @returns {HTMLElement[]} The regions.
 */
function regions(section, data) {
  const picture = /** @type {Pictured} */ (data.picture), frame = find(section, ".regions");
  const image = findAs(section, ".picture img", HTMLImageElement);
  if (image.src !== picture.url) image.src = picture.url;
  image.alt = data.alt;
  frame.style.gridTemplateColumns = `repeat(${picture.columns}, 1fr)`;
  const cells = data.source.tokens.map((token, index) => {
    const cell = marked(make("span", "token region"), { side: "source", index });
    cell.tabIndex = index ? -1 : 0;
    cell.setAttribute("aria-label", token.text);
    return cell;
  });
  frame.replaceChildren(...cells);
  return cells;
}

/**
 * Outlines of the objects, where they are asked for.
 * @param {HTMLElement} section
 * @param {Writing} data
 * @param {Shown} film
 */
function outlines(section, data, film) {
  const label = find(section, ".outlined"), box = findAs(section, ".outlined input", HTMLInputElement), frame = find(section, ".outlines");
  label.hidden = !data.picture?.objects.length;
  find(label, "span").textContent = data.words.outlines;
  frame.replaceChildren(...(data.picture?.objects ?? []).map(({ name, box: [x0, y0, x1, y1] }) => {
    const outline = make("div", "outline", name);
    Object.assign(outline.style, { left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%` });
    return outline;
  }));
  const apply = () => { frame.hidden = !film.outlined; box.checked = Boolean(film.outlined); };
  box.onchange = () => { film.outlined = box.checked; apply(); };
  apply();
}

/**
 * Lays out the regions of every word side by side.
 * @param {HTMLElement} grid
 * @param {Writing} data
 * @param {Pictured} picture
 * @param {Uint8Array} codes
 * @returns {{ rows: HTMLElement[], columns: HTMLElement[], cells: HTMLElement[][] }}
 */
function strip(grid, data, picture, codes) {
  const count = data.source.tokens.length;
  grid.classList.remove("wide");
  grid.style.gridTemplateColumns = "";
  grid.setAttribute("aria-label", data.alt);
  const rows = data.target.tokens.map((token, index) => {
    const item = marked(make("div", "row still"), { side: "target", index }), shade = make("canvas"), image = make("img");
    image.src = picture.url;
    image.alt = "";
    shade.width = picture.columns;
    shade.height = count / picture.columns;
    const pen = shade.getContext("2d"), pixels = pen?.createImageData(shade.width, shade.height);
    if (pen && pixels) {
      for (let key = 0; key < count; key++) pixels.data.set([6, 10, 22, Math.round(209 * (1 - codes[index * count + key] / 255))], key * 4);
      pen.putImageData(pixels, 0, 0);
    }
    const frame = make("div", "frame");
    frame.append(image, shade);
    item.append(frame, make("span", "", token.text));
    return item;
  });
  grid.replaceChildren(...rows);
  return { rows, columns: [], cells: [] };
}

/**
 * Lays out the map.
 * @param {HTMLElement} grid
 * @param {Writing} data
 * @param {Float32Array} weights
 * @param {Uint8Array} codes
 */
function map(grid, data, weights, codes) {
  const sources = data.source.tokens, targets = data.target.tokens, wide = sources.length <= 12;
  grid.classList.toggle("wide", wide);
  grid.style.gridTemplateColumns = `max-content repeat(${sources.length}, max-content)`;
  grid.setAttribute("aria-label", data.alt);
  const columns = sources.map((token, index) => marked(make("span", `column${cjk(token.text) ? " upright" : ""}`, token.text), { side: "source", index }));
  const rows = targets.map((token, index) => marked(make("span", "row", token.text), { side: "target", index }));
  const cells = targets.map((_, query) => sources.map((_, key) => {
    const at = query * sources.length + key, cell = make("div", wide ? "cell number" : "cell", wide ? weights[at].toFixed(2) : "");
    [cell.style.background, cell.style.color] = data.ramp[codes[at]];
    return marked(cell, { query, key });
  }));
  grid.replaceChildren(make("span"), ...columns, ...rows.flatMap((row, query) => [row, ...cells[query]]));
  return { rows, columns, cells };
}

/**
 * What else could have been written at a step.
 * @param {HTMLElement} list
 * @param {Writing} data
 * @param {number} at
 * @param {(token: string) => void} choose
 */
function choices(list, data, at, choose) {
  const step = data.steps[at], { words, forced } = data;
  find(list, "h3").textContent = `${words.alternatives} ${at + 1}: ${data.target.tokens[at].text}`;
  find(list, "ol").replaceChildren(...step.alternatives.map((each) => {
    const item = make("li"), button = make("button"), frame = make("div"), bar = make("div", "bar");
    button.type = "button";
    button.lang = data.target.language;
    button.setAttribute("aria-pressed", String(each.written));
    button.setAttribute("aria-label", `${each.text}, ${each.percent}${each.written ? `, ${words.chosen}` : ""}`);
    bar.style.width = `${Math.max(each.share * 100, 1)}%`;
    frame.append(bar);
    button.append(make("span", "word", each.text), frame, make("span", "value", each.percent));
    button.disabled = forced || each.written;
    button.onclick = () => choose(each.token);
    item.append(button);
    return item;
  }));
  const read = step.differs ? `${words.preferred} ${step.preferred}` : words.agreed;
  find(list, ".hint").textContent = forced ? read : words.continue;
}

/**
 * @param {HTMLElement} section
 * @param {Shown} film
 * @param {Picture} picture
 * @param {Playback} playback
 */
function listen(section, film, picture, playback) {
  section.onpointerover = (event) => picture.meet(placeOf(event, film));
  section.onpointerleave = () => picture.meet(null);
  section.onclick = (event) => {
    const place = placeOf(event, film);
    if (!place || ("side" in place && place.side === "source")) return;
    picture.leave();
    playback.move("query" in place ? place.query : place.index);
  };
  section.onkeydown = (event) => press(event, film, picture, playback);
  // There is no `onfocusin`; the listeners are added once and find the run's own picture.
  if (film.listening) return;
  film.listening = true;
  section.addEventListener("focusin", (event) => {
    if (event.target instanceof Element && event.target.matches(".token")) film.picture?.meet(placeOf(event, film));
  });
  section.addEventListener("focusout", () => film.picture?.meet(null));
  new ResizeObserver(() => film.picture?.paint()).observe(find(section, ".pair"));
}

/**
 * @param {KeyboardEvent} event
 * @param {Film} film
 * @param {Picture} picture
 * @param {Playback} playback
 */
function press(event, film, picture, playback) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], token = nearest(event, ".token");
  if (event.target === playback.slider || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") { picture.meet(null); return; }
  if (token && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); token.click(); return; }
  if (!step) return;
  event.preventDefault();
  if (!token) { playback.move(film.at + step); return; }
  const side = token.dataset.side === "source" ? picture.source : picture.target.slice(0, film.at + 1);
  side[Number(token.dataset.index) + step]?.focus();
}

/**
 * What an event came from; nothing of what is still to be written.
 * @param {Event} event
 * @param {Film} film
 * @returns {Met | null}
 */
function placeOf(event, film) {
  const facts = nearest(event, ".token, .cell, .row, .column")?.dataset;
  if (!facts) return null;
  const index = Number(facts.index), query = Number(facts.query);
  if (facts.side === "source") return { side: "source", index };
  if (facts.side === "target") return index > film.at ? null : { side: "target", index };
  return query > film.at ? null : { query, key: Number(facts.key) };
}

/** @param {string} text */
const cjk = (text) => /[\u3000-\u9fff\uf900-\uffef]/.test(text);

/** @param {number} value */
const number = (value) => String(Number(value.toPrecision(9)));

/**
 * @template {HTMLElement} Kind
 * @param {Kind} element
 * @param {Record<string, string | number>} facts
 */
function marked(element, facts) {
  Object.assign(element.dataset, facts);
  return element;
}
