// The picture that is composed: things are moved by pointer and keyboard. Places are shares of its side, so it may have any size.

import { focusWithin, make, nearest, set } from "./elements.js";
import { sized, snapped } from "./scene_code.js";

/** @import { Composed, Limits, Thing } from "./scene_code.js" */

/**
 * What the picture asks of whoever shows it.
 * @typedef {object} Frame
 * @property {Limits} limits
 * @property {(name: string) => string} behind Address of a background.
 * @property {(thing: { kind: string, style: string }) => string} art Address of a thing.
 * @property {(thing: Thing) => string} told A thing in words, and where it is.
 * @property {(thing: Thing) => string} word A thing in words.
 * @property {(change: () => void, kind?: string) => void} change Makes a change that can be undone; changes of one kind that follow each other are undone together.
 * @property {(thing: Thing | null) => void} choose
 * @property {() => void} hold A pointer holds a thing: nothing is sent.
 * @property {(back: boolean) => void} drop Ends what `hold` began; `back` undoes it.
 */

/**
 * @typedef {object} Held
 * @property {Thing} thing
 * @property {"move" | "size"} how
 * @property {number} x Of the pointer at first.
 * @property {number} y
 * @property {Thing} before
 */

export class ScenePicture {
  /**
   * @param {HTMLElement} canvas
   * @param {Frame} frame
   */
  constructor(canvas, frame) {
    this.canvas = canvas;
    this.frame = frame;
    /** @type {Composed} */
    this.scene = { background: "", things: [] };
    /** @type {Thing | null} */
    this.chosen = null;
    /** @type {Held | null} */
    this.held = null;
    this.behind = make("img", "behind");
    this.behind.alt = "";
    this.behind.draggable = false;
    this.handle = make("span", "handle");
    /** @type {Map<number, HTMLButtonElement>} */
    this.shown = new Map();
    canvas.replaceChildren(this.behind, this.handle);
    this.#listen();
  }

  /**
   * Draws; what is there already stays, with the focus.
   * @param {Composed} scene
   * @param {Thing | null} chosen
   */
  draw(scene, chosen) {
    this.scene = scene;
    this.chosen = chosen;
    const source = this.frame.behind(scene.background), focused = focusWithin(this.canvas);
    if (this.behind.getAttribute("src") !== source) this.behind.src = source;
    const kept = new Set(scene.things.map((each) => each.id));
    for (const [id, element] of this.shown) {
      if (!kept.has(id)) { element.remove(); this.shown.delete(id); }
    }
    const elements = scene.things.map((each) => this.#place(each));
    const stand = [...this.canvas.querySelectorAll(".thing")];
    if (elements.some((element, place) => element !== stand[place])) this.handle.before(...elements);
    this.#placeHandle();
    if (focused?.isConnected && focusWithin(this.canvas) !== focused) focused.focus({ preventScroll: true });
  }

  /** @param {Thing} thing */
  focus(thing) { this.shown.get(thing.id)?.focus({ preventScroll: true }); }

  /**
   * A place on the picture, in cells, from one on the screen; nothing where it is beside the picture.
   * @param {number} x
   * @param {number} y
   */
  placeAt(x, y) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    if (x < left || y < top || x > left + width || y > top + height) return null;
    const { limits } = this.frame;
    const [column, row] = [(x - left) / width, (y - top) / height].map((share) => snapped(share * limits.grid - 0.5, limits));
    return { column, row };
  }

  /** Pixels of a cell. */
  get cell() { return this.canvas.getBoundingClientRect().width / this.frame.limits.grid; }

  /** @param {Thing} each */
  #place(each) {
    const { frame: { limits, art, told, word } } = this;
    let element = this.shown.get(each.id);
    if (!element) {
      element = make("button", "thing");
      element.type = "button";
      element.dataset.id = String(each.id);
      const image = make("img");
      image.draggable = false;
      element.append(image);
      this.shown.set(each.id, element);
    }
    const image = /** @type {HTMLImageElement} */ (element.firstElementChild), source = art(each);
    if (image.getAttribute("src") !== source) image.src = source;
    image.alt = word(each);
    image.style.rotate = `${each.tilt}deg`;
    set(element, { "aria-label": told(each), "aria-pressed": String(each === this.chosen) });
    element.style.left = `${((each.column + 0.5) / limits.grid) * 100}%`;
    element.style.top = `${((each.row + 0.5) / limits.grid) * 100}%`;
    element.style.width = `${((each.size * limits.cells) / limits.grid) * 100}%`;
    return element;
  }

  /** At the corner that is farthest from the picture's edges. */
  #placeHandle() {
    const { chosen, handle, frame: { limits } } = this;
    handle.hidden = !chosen;
    if (!chosen) return;
    const middle = (limits.grid - 1) / 2, half = (chosen.size * limits.cells) / 2;
    const [x, y] = [chosen.column, chosen.row].map((place) => (place > middle ? place - half : place + half));
    handle.style.left = `${((x + 0.5) / limits.grid) * 100}%`;
    handle.style.top = `${((y + 0.5) / limits.grid) * 100}%`;
    handle.style.cursor = (chosen.column > middle) === (chosen.row > middle) ? "nwse-resize" : "nesw-resize";
  }

  #listen() {
    const { canvas } = this;
    canvas.onpointerdown = (event) => this.#take(event);
    canvas.onpointermove = (event) => this.#pull(event);
    canvas.onpointerup = () => this.#drop(false);
    canvas.onpointercancel = () => this.#drop(true);
    canvas.onlostpointercapture = () => this.#drop(false);
    canvas.onkeydown = (event) => this.#key(event);
    canvas.addEventListener("focusin", (event) => {
      const thing = this.#thingOf(event);
      if (thing && thing !== this.chosen) this.frame.choose(thing);
    });
    canvas.onwheel = (event) => {
      const { chosen } = this;
      if (!chosen || this.#thingOf(event) !== chosen) return; // the wheel belongs to the page
      event.preventDefault();
      this.#resize(chosen, chosen.size + (event.deltaY < 0 ? 0.1 : -0.1));
    };
  }

  /** @param {PointerEvent} event */
  #take(event) {
    if (event.button !== 0 || this.held) return;
    const onHandle = nearest(event, ".handle"), thing = onHandle ? this.chosen : this.#thingOf(event);
    if (!thing) { if (this.chosen) this.frame.choose(null); return; }
    event.preventDefault();
    this.frame.choose(thing);
    this.focus(thing);
    this.held = { thing, how: onHandle ? "size" : "move", x: event.clientX, y: event.clientY, before: { ...thing } };
    this.canvas.setPointerCapture(event.pointerId);
    this.frame.hold();
  }

  /** @param {PointerEvent} event */
  #pull(event) {
    if (!this.held) return;
    const { thing, how, before } = this.held, { frame: { limits }, cell } = this;
    const across = (event.clientX - this.held.x) / cell, down = (event.clientY - this.held.y) / cell;
    if (how === "move") {
      thing.column = snapped(before.column + across, limits);
      thing.row = snapped(before.row + down, limits);
    } else {
      const { left, top } = this.canvas.getBoundingClientRect();
      const [x, y] = [(event.clientX - left) / cell - 0.5 - thing.column, (event.clientY - top) / cell - 0.5 - thing.row];
      thing.size = sized((2 * Math.max(Math.abs(x), Math.abs(y))) / limits.cells, limits);
    }
    this.draw(this.scene, this.chosen);
  }

  /** @param {boolean} back */
  #drop(back) {
    if (!this.held) return;
    const { thing, before } = this.held;
    this.held = null;
    if (back) Object.assign(thing, before);
    this.frame.drop(back);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const thing = this.#thingOf(event);
    if (event.key === "Escape" && this.held) { this.#drop(true); return; }
    if (!thing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#command(thing, event.key, event.shiftKey ? 0.5 : 1)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /**
   * @param {Thing} thing
   * @param {string} key
   * @param {number} step
   * @returns {boolean} Whether the key means something.
   */
  #command(thing, key, step) {
    const move = STEPS[key], { limits } = this.frame;
    if (move) {
      this.frame.change(() => {
        thing.column = snapped(thing.column + move[0] * step, limits);
        thing.row = snapped(thing.row + move[1] * step, limits);
      }, `move ${thing.id}`);
    } else if (key === "+" || key === "=") this.larger(thing);
    else if (key === "-" || key === "_") this.smaller(thing);
    else if (key === "Delete" || key === "Backspace") this.remove(thing);
    else if (key === "PageUp") this.toFront(thing);
    else return false;
    return true;
  }

  /** @param {Thing} thing */
  larger(thing) { this.#resize(thing, thing.size + 0.1); }

  /** @param {Thing} thing */
  smaller(thing) { this.#resize(thing, thing.size - 0.1); }

  /**
   * @param {Thing} thing
   * @param {number} size
   */
  #resize(thing, size) {
    this.frame.change(() => { thing.size = sized(size, this.frame.limits); }, `size ${thing.id}`);
  }

  /** @param {Thing} thing */
  remove(thing) {
    const { things } = this.scene, place = things.indexOf(thing), focused = this.canvas.contains(focusWithin(this.canvas));
    const next = things[place + 1] ?? things[place - 1] ?? null;
    this.frame.change(() => { things.splice(place, 1); });
    this.frame.choose(next);
    if (focused) (next ? this.shown.get(next.id) : this.canvas)?.focus({ preventScroll: true });
  }

  /** @param {Thing} thing */
  toFront(thing) {
    const { things } = this.scene;
    this.frame.change(() => { things.push(...things.splice(things.indexOf(thing), 1)); });
  }

  /** @param {Event} event */
  #thingOf(event) {
    const id = Number(nearest(event, ".thing")?.dataset.id);
    return this.scene.things.find((each) => each.id === id) ?? null;
  }
}

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
