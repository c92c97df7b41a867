// A training played back: bars of the weights and of the answer at each look, and the frame that marks the look in the chart
// below. All looks are in the data.

import { find, make, stamped } from "../../drawings/shared/elements.js";
import { labels } from "../../drawings/shared/legend.js";
import { newest } from "../../drawings/shared/newest.js";
import { Playback } from "../../drawings/shared/player.js";
import { Lit, switches } from "../../drawings/shared/regions.js";

/** @import { Component, Tick } from "../../drawings/component.js" */
/** @import { Button, Film } from "../../drawings/shared/player.js" */
/** @import { Pictured, Switched } from "../../drawings/shared/regions.js" */

/** @typedef {{ text: string, unknown: boolean }} Name */

/**
 * A look; one of a model that gives no answer has weights only.
 * @typedef {object} Look
 * @property {string} name
 * @property {number[]} weights One a token.
 * @property {string[]} numbers The same as text.
 * @property {number[]} [shares] One an answer.
 * @property {string[]} [percents]
 * @property {number} [top] The answer given, or -1.
 * @property {string} [told] The answer in words.
 * @property {string} [writes] What a model that writes would write.
 */

/**
 * @typedef {object} Learning
 * @property {string} key
 * @property {number} at
 * @property {number} pace
 * @property {string} chart Key of the container of the chart below.
 * @property {string} language
 * @property {Name[]} tokens
 * @property {Pictured & { legend: { title: string, ticks: Tick[] } } | null} picture Whose regions are the tokens; each look is a word of it.
 * @property {Name[]} answers
 * @property {string} answerLanguage
 * @property {string} fixed Of a model that writes: the translation that the weights are of.
 * @property {Look[]} looks
 * @property {{ bar: string, accent: string }} colours
 * @property {Record<Button | "slider" | "weights" | "answer" | "writes" | "outlined" | "spread", string>} words
 */

/** @typedef {Film & { send?: (look: number) => void, mark?: () => void, plot?: Element, watch?: ResizeObserver, on: Switched }} Shown */

/** @type {WeakMap<ParentNode, Shown>} */
const films = new WeakMap();

export default newest(drawLearning);

/** @param {Component<Learning>} component */
function drawLearning({ data, parentElement, setStateValue }) {
  const section = find(parentElement, ".learning");
  /** @type {Shown} */
  const film = films.get(parentElement) ?? { key: null, at: 0, playing: false, on: {} };
  films.set(parentElement, film);
  section.style.setProperty("--bar", data.colours.bar);
  section.style.setProperty("--accent", data.colours.accent);
  film.send = (look) => setStateValue("event", stamped({ look }));
  film.mark = () => mark(film, data);
  const draw = drawer(section, data), light = lighter(section, data, film);
  const playback = new Playback(film, {
    section, player: find(section, ".player"), title: data.words.slider, words: data.words, last: data.looks.length - 1, pace: () => data.pace,
    draw: (at) => {
      draw(data.looks[at]);
      light(at);
      film.mark?.();
      return { name: data.looks[at].name, count: data.looks[at].name };
    },
    tell: (look) => film.send?.(look),
  });
  section.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.target === playback.slider || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    playback.move(film.at + step);
  };
  if (film.key !== data.key) { playback.stop(); playback.forget(); }
  film.key = data.key;
  if (film.playing) playback.begin(film.at);
  else playback.show(film.telling ? film.at : data.at);
  // The chart below is drawn after this and may be drawn again by the same run.
  for (const delay of [100, 400, 1200]) setTimeout(() => film.mark?.(), delay);
}

/**
 * Lays out bars and texts.
 * @param {HTMLElement} section
 * @param {Learning} data
 * @returns {(look: Look) => void} Draws a look.
 */
function drawer(section, data) {
  const bars = rows(find(section, ".bars"), data.words.weights, data.tokens, data.language, ["0", "0.25", "0.5", "0.75", "1"]);
  const answer = rows(find(section, ".answer"), data.words.answer, data.answers, data.answerLanguage, ["0", "50 %", "100 %"]);
  find(section, ".answer").hidden = !data.answers.length;
  const writes = find(section, ".writes"), own = find(section, ".now-written");
  writes.hidden = !data.fixed;
  writes.setAttribute("aria-label", data.words.writes);
  find(section, ".own strong").textContent = data.words.writes;
  find(section, ".fixed").textContent = data.fixed;
  own.lang = data.answerLanguage;
  find(section, ".bars").hidden = data.picture !== null;
  return (look) => {
    fill(bars.lines, look.weights, look.numbers);
    fill(answer.lines, look.shares ?? [], look.percents ?? [], look.top);
    if (data.answers.length) answer.told.textContent = look.told ?? "";
    if (data.fixed) own.textContent = look.writes ?? "";
  };
}

/**
 * Lays out the picture, where there is one.
 * @param {HTMLElement} section
 * @param {Learning} data
 * @param {Shown} film
 * @returns {(at: number) => void} Lights it as at a look.
 */
function lighter(section, data, film) {
  const { picture, tokens, looks, words } = data, note = find(section, ".note");
  find(section, ".seen").hidden = !picture;
  if (!picture) return () => undefined;
  const weights = Float32Array.from(looks.flatMap((look) => look.weights));
  const lit = new Lit(section, picture, words.weights, picture.legend, tokens.map((token) => token.text), weights, film.on);
  /** @param {number} at */
  const light = (at) => { lit.light(at, false); note.textContent = lit.told(at, false); };
  const names = { ...(picture.objects.length ? { outlined: words.outlined } : {}), spread: words.spread };
  switches(find(section, ".switches"), names, film.on, () => { lit.shade(); light(film.at); });
  lit.shade();
  return light;
}

/**
 * Moves the frame in the chart below: it stands where the server drew it; from there it is moved by whole columns.
 * @param {Shown} film
 * @param {Learning} data
 */
function mark(film, data) {
  const box = document.querySelector(`.st-key-${CSS.escape(data.chart)}`), roots = [...(box?.querySelectorAll("*") ?? [])].map((each) => each.shadowRoot);
  const plot = roots.map((root) => root?.querySelector(".chart")).find(Boolean);
  if (!box || !plot) return;
  for (const frame of plot.querySelectorAll(".shape")) {
    // It is as wide as a column.
    frame.setAttribute("transform", `translate(${(film.at - data.at) * Number(frame.getAttribute("width"))}, 0)`);
    // On a narrow screen the chart is wider than its box.
    const [own, room] = [frame.getBoundingClientRect(), box.getBoundingClientRect()];
    if (own.left < room.left || own.right > room.right) box.scrollLeft += own.left - room.left - room.width / 2;
  }
  if (plot !== film.plot) {
    film.watch?.disconnect();
    film.watch = new ResizeObserver(() => requestAnimationFrame(() => film.mark?.()));
    film.watch.observe(plot);
    film.plot = plot;
  }
}

/** @typedef {{ row: HTMLElement, bar: HTMLElement, value: HTMLElement }} Line */

/**
 * @param {HTMLElement} place
 * @param {string} title
 * @param {Name[]} names
 * @param {string} language
 * @param {string[]} marks Of the scale below.
 */
function rows(place, title, names, language, marks) {
  const told = make("p", "told"), ticks = make("div", "ticks"), scale = make("div", "row");
  ticks.append(...labels(marks.map((label, index) => ({ label, position: index / (marks.length - 1) }))));
  scale.append(make("span"), ticks, make("span"));
  scale.setAttribute("aria-hidden", "true");
  place.setAttribute("aria-label", title);
  /** @type {Line[]} */
  const lines = names.map(({ text, unknown }) => {
    const row = make("div", "row"), name = make("span", `name${unknown ? " unknown" : ""}`, text), track = make("div", "track"), bar = make("div", "bar"), value = make("span", "value");
    name.lang = language;
    name.title = text;
    track.append(bar);
    row.append(name, track, value);
    return { row, bar, value };
  });
  place.replaceChildren(make("h3", "", title), told, ...lines.map(({ row }) => row), scale);
  return { told, lines };
}

/**
 * @param {Line[]} lines
 * @param {number[]} shares
 * @param {string[]} numbers
 */
function fill(lines, shares, numbers, top = -1) {
  lines.forEach(({ row, bar, value }, index) => {
    bar.style.width = `${shares[index] * 100}%`;
    value.textContent = numbers[index];
    row.classList.toggle("top", index === top);
  });
}
