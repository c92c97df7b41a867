// A text as it is written. About a text: the two sentences with lines between them, and a map that grows by a row a step. About a
// picture: its regions, lit by the weight of the word that is looked at, and a strip of them that grows by a word a step. What else
// could have been written stands beside it. All steps are in the data: playing and hovering ask no server. Tokens are set as text, never as
// markup. `data-attnviz-trace` tells what has been drawn.

import { bytes, find, findAs, floats, make, marked, nearest, set, shape, stamped } from "./shared/elements.js";
import { legend } from "./shared/legend.js";
import { newest, reform } from "./shared/newest.js";
import { Playback } from "./shared/player.js";
import { Lit, switches } from "./shared/regions.js";
import { cjk } from "./shared/words.js";

/** @import { Component, Tick } from "./component.js" */
/** @import { Button, Film } from "./shared/player.js" */
/** @import { Pictured, Switched } from "./shared/regions.js" */

/** @typedef {{ text: string, gap: string, special: boolean, unknown: boolean }} Token */

/** @typedef {{ token: string, text: string, share: number, percent: string, written: boolean }} Alternative */

/**
 * @typedef {object} Step
 * @property {number} place By the model's own count.
 * @property {string} percent
 * @property {boolean} differs The model would have written another token.
 * @property {string} preferred That token.
 * @property {Alternative[]} alternatives
 */

/**
 * @typedef {object} Writing
 * @property {string} key
 * @property {number} start First step that is new.
 * @property {number} at Step it stands at, or -1.
 * @property {number} rest Token that is looked at once all is written.
 * @property {number} speed Tokens a second; 0 shows all at once.
 * @property {string} text What has been applied.
 * @property {boolean} small Without player, map and alternatives.
 * @property {string} alt
 * @property {string} name Which heads these are.
 * @property {boolean} forced The translation is given; the model reads it.
 * @property {boolean} fixed There is no model to go on from another token.
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
 * @property {Record<Button | "source" | "translation" | "step" | "alternatives" | "chosen" | "map" | "continue" | "preferred" | "agreed" | "weight" | "least" | "outlined" | "difference" | "spread_of", string>} words
 */

/**
 * What the pointer meets: a token, of the second caption too, or a cell of the map.
 * @typedef {{ side: "source" | "target" | "second", index: number } | { query: number, key: number }} Met
 */

/**
 * What outlives the draws.
 * @typedef {Film & { send?: (event: object) => void, picture?: Picture, listening?: boolean, on: Switched }} Shown
 */

/** @type {WeakMap<ParentNode, Shown>} */
const films = new WeakMap();

export default newest(drawWriting);

/** @param {Component<Writing>} component */
function drawWriting({ data, parentElement, setStateValue }) {
  const section = find(parentElement, ".writing"), sources = data.source.tokens, targets = data.target.tokens;
  /** @type {Shown} */
  const film = films.get(parentElement) ?? { key: null, at: 0, playing: false, on: {} };
  films.set(parentElement, film);
  film.send = (event) => setStateValue("event", stamped(event));
  section.classList.toggle("long", !data.picture && Math.max(sources.length, targets.length) > 26);
  section.classList.toggle("pictured", data.picture !== null);
  reform(section, data.small);
  section.style.setProperty("--accent", data.colours.accent);
  section.style.setProperty("--line", data.colours.line);
  find(section, ".name").textContent = data.name;

  const picture = new Picture(section, data, film);
  film.picture = picture;
  const last = targets.length - 1, list = find(section, ".choices");
  /** @param {number} step */
  const offer = (step) => choices(list, data, step, (token) => {
    playback.stop();
    playback.forget();
    film.send?.({ kind: "alternative", place: data.steps[step].place, token });
  });
  // What is written to the end is shown with its clearest word, for the last token looks at nothing much: it lights a picture, or is the
  // one of a text that is looked at.
  const rest = () => {
    if (film.at !== last) return;
    if (data.picture) picture.meet({ side: "target", index: data.rest });
    else picture.rest(data.rest);
    offer(data.rest);
  };
  const playback = new Playback(film, {
    section, player: find(section, ".player"), title: data.words.step, words: data.words, last, pace: () => 1000 / (data.speed || 2),
    draw: (step) => {
      picture.rest(step);
      offer(step);
      return { name: targets[step].text, count: `${step + 1} / ${last + 1}` };
    },
    // What has been written to its end stays there unless it is said otherwise: that is not told.
    tell: (step, ended) => {
      if (ended) rest();
      else film.send?.({ kind: "step", place: data.steps[step].place });
    },
  });
  listen(section, film, picture, playback);
  begin(data, film, playback, last);
  if (!film.playing && data.at < 0) rest();
  section.dataset.attnvizTrace = data.text;
}

/**
 * Goes on where it stood, or plays what is new.
 * @param {Writing} data
 * @param {Shown} film
 * @param {Playback} playback
 * @param {number} last Where it stands if it is not played.
 */
function begin(data, film, playback, last) {
  const still = data.forced || !data.speed || matchMedia("(prefers-reduced-motion: reduce)").matches;
  const same = film.key === data.key;
  film.key = data.key;
  if (same && film.playing) playback.begin(film.at);
  else if (same) playback.show(film.at);
  else {
    playback.stop();
    if (data.at >= 0) playback.show(data.at);
    else if (still) playback.show(last);
    else playback.begin(data.start);
  }
}

/** The sentences, the lines between them and the map, of the step that the film is at. */
class Picture {
  /** @type {Met | null} */
  #met = null;

  /** The token that is looked at where the pointer meets nothing. */
  #rest = 0;

  /**
   * @param {HTMLElement} section
   * @param {Writing} data
   * @param {Shown} film
   */
  constructor(section, data, film) {
    const { picture, words } = data, grid = find(section, ".grid"), second = picture?.second ?? null;
    this.data = data;
    this.film = film;
    this.links = findAs(section, ".links", SVGSVGElement);
    this.note = find(section, ".note");
    this.codes = bytes(data.codes);
    this.weights = floats(data.weights);
    this.lit = picture && new Lit(section, picture, data.alt, data.legend, data.source.tokens.map((token) => token.text), this.weights, film.on);
    this.source = this.lit?.cells ?? sentence(find(section, ".source"), "source", data.source, words.source);
    this.target = sentence(find(section, ".target"), "target", data.target, words.translation);
    if (data.forced) this.target.forEach((span, index) => { judged(span, data.steps[index]); });
    this.second = second ? sentence(find(section, ".second"), "second", second, second.name) : [];
    for (const [part, there] of Object.entries({ seen: picture, source: !picture, second, "of-map": !picture })) find(section, `.${part}`).hidden = !there;
    const { outlined, difference, spread_of: spread } = words, names = { ...(picture?.objects.length ? { outlined } : {}), difference, spread };
    switches(find(section, ".switches"), names, film.on, () => { this.lit?.shade(); this.paint(); });
    if (!this.lit) legend(find(section, ".of-map"), { ...data.legend, ramp: STEPS.map((code) => data.ramp[code][0]) });
    grid.setAttribute("aria-label", data.alt);
    this.map = this.lit ? { rows: this.lit.strip(data.target.tokens), columns: [], cells: [] } : map(grid, data, this.weights, this.codes);
    this.lit?.shade();
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

  /**
   * Shows a token for as long as the pointer meets nothing.
   * @param {number} place
   */
  rest(place) {
    this.#rest = place;
    this.paint();
  }

  /** The pointer meets nothing, and what is shown is about to change. */
  leave() {
    this.#met = null;
  }

  /**
   * The query and the key that are looked at, or the query of the second caption: of the token shown where nothing is met.
   * @returns {{ query: number | null, key: number | null, second: number | null }}
   */
  #looked() {
    const met = this.#met, nothing = { query: null, key: null, second: null };
    if (!met) return { ...nothing, query: this.#rest };
    if ("query" in met) return { ...nothing, ...met };
    return { ...nothing, [{ target: "query", source: "key", second: "second" }[met.side]]: met.index };
  }

  paint() {
    const { film, codes, source, target, lit } = this, met = this.#met, { query, key, second } = this.#looked();
    target.forEach((span, index) => {
      span.classList.toggle("later", index > film.at);
      span.classList.toggle("now", index === this.#rest && !met);
      span.classList.toggle("met", met !== null && index === query);
      this.#shade(span, key !== null && query === null ? codes[this.#at(index, key)] : null);
    });
    if (lit) this.#light(lit, query, key, second);
    else {
      source.forEach((span, index) => {
        span.classList.toggle("met", met !== null && index === key);
        this.#shade(span, query !== null ? codes[this.#at(query, index)] : null);
        const { words, source: { tokens } } = this.data, told = query === null ? "" : `: ${words.weight} ≈ ${this.weights[this.#at(query, index)].toFixed(3)}`;
        span.setAttribute("aria-label", `${tokens[index].text}${told}`);
      });
    }
    this.#paintMap(query, key);
    if (lit) this.links.replaceChildren();
    else this.#link(query, key);
    this.note.textContent = lit && second !== null ? lit.told(second, true) : this.#told(query, key);
  }

  /**
   * Lights what a word of either caption looks at, or shades the second caption's words by what they give to a region.
   * @param {Lit} lit
   * @param {number | null} query
   * @param {number | null} key
   * @param {number | null} second
   */
  #light(lit, query, key, second) {
    const count = lit.cells.length;
    lit.light(second ?? query, second !== null);
    if (key !== null) lit.cells[key].classList.add("met");
    this.second.forEach((span, index) => {
      span.classList.toggle("met", index === second);
      this.#shade(span, key !== null && query === null && lit.second ? lit.second.codes.weight[index * count + key] : null);
    });
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
        each.classList.toggle("now", index === this.#rest);
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
    const { data: { words, source, target }, weights, film, lit } = this, sources = source.tokens, targets = target.tokens;
    if (query !== null && key !== null) return `${targets[query].text} → ${sources[key].text}: ${words.weight} ${number(weights[this.#at(query, key)])}`;
    if (query !== null && lit) return lit.told(query, false);
    const name = query !== null ? `${targets[query].text} →` : `→ ${sources[key ?? 0].text}:`;
    /** @type {[string, number][]} */
    const own = query !== null ? sources.map((token, index) => [token.text, weights[this.#at(query, index)]])
      : targets.slice(0, film.at + 1).map((token, index) => [token.text, weights[this.#at(index, key ?? 0)]]);
    own.sort((a, b) => b[1] - a[1]);
    return `${name} ${own.slice(0, 4).map(([text, value]) => `${text} ≈\u00a0${value.toFixed(2)}`).join(", ")}${lit ? "" : ` · ${words.least}`}`;
  }
}

/** Codes a legend shows. */
const STEPS = Array.from({ length: 64 }, (_, index) => index * 4 + 3);

/**
 * Lays out a sentence.
 * @param {HTMLElement} paragraph
 * @param {"source" | "target" | "second"} side
 * @param {{ language: string, tokens: Token[] }} text
 * @param {string} name
 * @returns {HTMLElement[]} Its tokens.
 */
function sentence(paragraph, side, { language, tokens }, name) {
  paragraph.lang = language;
  paragraph.dir = "auto";
  paragraph.setAttribute("role", "group");
  paragraph.setAttribute("aria-label", `${name}: ${tokens.map((token) => token.gap + token.text).join("")}`);
  const spans = tokens.map((token, index) => {
    const span = marked(make("span", `token${token.special ? " special" : ""}${token.unknown ? " unknown" : ""}`, token.text), { side, index });
    span.tabIndex = index ? -1 : 0;
    span.setAttribute("role", "button");
    return span;
  });
  paragraph.replaceChildren(...spans.flatMap((span, index) => (tokens[index].gap ? [tokens[index].gap, span] : [span])));
  return spans;
}

/**
 * What the model makes of a token that it was given.
 * @param {HTMLElement} span
 * @param {Step} step
 */
function judged(span, step) {
  span.append(make("span", "number", step.percent));
  if (step.differs) span.classList.add("differs");
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
  const step = data.steps[at], { words, forced, fixed } = data;
  find(list, "h2").textContent = words.alternatives.replace("{step}", String(at + 1)).replace("{token}", () => data.target.tokens[at].text);
  find(list, "ol").replaceChildren(...step.alternatives.map((each) => {
    const item = make("li"), button = make("button"), frame = make("div"), bar = make("div", "bar");
    button.type = "button";
    button.lang = data.target.language;
    button.setAttribute("aria-pressed", String(each.written));
    button.setAttribute("aria-label", `${each.text}, ${each.percent}${each.written ? `, ${words.chosen}` : ""}`);
    bar.style.width = `${Math.max(each.share * 100, 1)}%`;
    frame.append(bar);
    button.append(make("span", "word", each.text), frame, make("span", "value", each.percent));
    button.disabled = forced || fixed || each.written;
    button.onclick = () => choose(each.token);
    item.append(button);
    return item;
  }));
  const read = step.differs ? `${words.preferred} ${step.preferred}` : words.agreed;
  find(list, ".hint").textContent = forced ? read : fixed ? "" : words.continue;
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
    if (!place || ("side" in place && place.side !== "target")) return;
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
  const side = { source: picture.source, second: picture.second }[token.dataset.side ?? ""] ?? picture.target.slice(0, film.at + 1);
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
  if (facts.side === "source" || facts.side === "second") return { side: facts.side, index };
  if (facts.side === "target") return index > film.at ? null : { side: "target", index };
  return query > film.at ? null : { query, key: Number(facts.key) };
}

/** @param {number} value */
const number = (value) => String(Number(value.toPrecision(9)));
