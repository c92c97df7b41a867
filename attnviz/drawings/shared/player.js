// Plays what a component has in steps: buttons, and a slider. Playing asks no server, which is told where it stopped.
// `data-step` and `data-playing` of the section tell where it stands.

import { focusWithin, make } from "./elements.js";

/**
 * What outlives the draws.
 * @typedef {object} Film
 * @property {string | null} key Names what is played.
 * @property {number} at The step.
 * @property {boolean} playing Whether it goes on.
 * @property {ReturnType<typeof setTimeout>} [timer] Of the next step.
 * @property {ReturnType<typeof setTimeout> | null} [telling] Set while the server is still to be told.
 */

/** @typedef {"play" | "pause" | "first" | "back" | "forward" | "last"} Button */

/**
 * What is played, and where.
 * @typedef {object} Show
 * @property {HTMLElement} section
 * @property {HTMLElement} player Where buttons and slider go.
 * @property {string} title Of both, for who cannot see them.
 * @property {Record<Button, string>} words
 * @property {number} last
 * @property {() => number} pace Milliseconds a step stays.
 * @property {(at: number) => { name: string, count: string }} draw Draws a step; gives its name for the slider and the count beside it.
 * @property {(at: number, ended: boolean) => void} tell Tells the server, half a second after the last step or at the end.
 */

export class Playback {
  /**
   * @param {Film} film
   * @param {Show} shown
   */
  constructor(film, shown) {
    clearTimeout(film.timer);
    this.film = film;
    this.shown = shown;
    this.slider = make("input", "slider");
    this.count = make("span", "count");
    this.play = this.#button("play", "", () => (film.playing ? this.move(film.at) : this.begin()));
    this.#place();
  }

  #place() {
    const { film, slider, shown: { player, title, last } } = this;
    Object.assign(slider, { type: "range", min: 0, max: last, step: 1 });
    slider.oninput = () => this.move(Number(slider.value));
    for (const element of [slider, player]) element.setAttribute("aria-label", title);
    const focused = focusWithin(player)?.className;
    player.replaceChildren(
      this.#button("first", "⇤", () => this.move(0)), this.#button("back", "←", () => this.move(film.at - 1)), this.play,
      this.#button("forward", "→", () => this.move(film.at + 1)), this.#button("last", "⇥", () => this.move(last)), slider, this.count,
    );
    if (focused) /** @type {HTMLElement | undefined} */ ([...player.children].find((element) => element.className === focused))?.focus();
  }

  /**
   * @param {Button} name
   * @param {string} sign
   * @param {() => void} act
   */
  #button(name, sign, act) {
    const element = make("button", name, sign);
    element.type = "button";
    element.title = this.shown.words[name];
    element.setAttribute("aria-label", this.shown.words[name]);
    element.onclick = act;
    return element;
  }

  /**
   * Shows a step, whether it plays or not.
   * @param {number} at
   */
  show(at) {
    const { film, play, slider, shown: { draw, last, section, words } } = this;
    film.at = Math.max(0, Math.min(last, at));
    const said = draw(film.at);
    slider.value = String(film.at);
    slider.setAttribute("aria-valuetext", said.name);
    this.count.textContent = said.count;
    section.dataset.step = String(film.at);
    section.dataset.playing = film.playing ? "1" : "0";
    const name = film.playing ? "pause" : "play";
    play.textContent = film.playing ? `❚❚ ${words.pause}` : `▶ ${words.play}`;
    play.title = words[name];
    play.setAttribute("aria-label", words[name]);
  }

  /**
   * Goes to a step by hand: it stops there.
   * @param {number} at
   */
  move(at) {
    this.stop();
    this.show(at);
    this.#tellSoon(false);
  }

  /** Plays from a step on, or from the beginning where it has ended. */
  begin(from = this.film.at >= this.shown.last ? 0 : this.film.at) {
    this.stop();
    this.forget();
    this.film.playing = this.shown.last > 0;
    this.show(from);
    if (this.film.playing) this.#later();
  }

  stop() {
    clearTimeout(this.film.timer);
    this.film.playing = false;
  }

  /** Does not tell the server what was still to be told. */
  forget() {
    clearTimeout(this.film.telling ?? undefined);
    this.film.telling = null;
  }

  #later() {
    this.film.timer = setTimeout(() => this.#next(), this.shown.pace());
  }

  #next() {
    if (this.film.at + 1 >= this.shown.last) {
      this.stop();
      this.show(this.shown.last);
      this.#tellSoon(true);
    } else {
      this.show(this.film.at + 1);
      this.#later();
    }
  }

  /** @param {boolean} ended */
  #tellSoon(ended) {
    const { film, shown } = this;
    this.forget();
    film.telling = setTimeout(() => { film.telling = null; shown.tell(film.at, ended); }, 500);
  }
}
