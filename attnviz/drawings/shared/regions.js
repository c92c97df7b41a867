// A picture that is written about: its regions lit by weights, outlines of what is in it, and a strip with one small picture a word.

import { bytes, find, findAs, floats, make, marked, set } from "./elements.js";
import { legend } from "./legend.js";

/** @import { Tick } from "../component.js" */

/**
 * The words of a caption, and where each looks.
 * @typedef {object} Looks
 * @property {string} weight Codes of the weights, word by word.
 * @property {string} difference Codes of what is above the mean over the words.
 * @property {string[]} told Where each looks, in words.
 * @property {string[]} spread How much of it lies on the border, and how spread it is.
 */

/**
 * The picture; its regions are row by row.
 * @typedef {object} Pictured
 * @property {string} url
 * @property {number} columns Of its regions.
 * @property {{ name: string, box: [number, number, number, number] }[]} objects x0, y0, x1, y1 in shares of the picture.
 * @property {Looks} looks
 * @property {{ title: string, ticks: Tick[] }} difference What its codes mean.
 * @property {Second | null} second
 */

/**
 * A caption in another language over the same picture.
 * @typedef {object} Second
 * @property {string} name
 * @property {string} language
 * @property {{ text: string, gap: string, special: boolean, unknown: boolean }[]} tokens
 * @property {string} weights float32, word by word.
 * @property {Looks} looks
 */

/** @typedef {"outlined" | "difference" | "spread"} Switch */

/** What is switched on; it outlives the draws. @typedef {Partial<Record<Switch, boolean>>} Switched */

/**
 * How a region is dimmed: not at all at full weight.
 * @param {number} code
 */
export const dimmed = (code) => `rgb(6 10 22 / ${(0.82 * (1 - code / 255)).toFixed(3)})`;

/** Colours of a legend, from no weight to the most. */
const SHADES = Array.from({ length: 64 }, (_, index) => dimmed(index * 4 + 3));

/** Lights the regions of a picture. */
export class Lit {
  /**
   * @param {HTMLElement} section
   * @param {Pictured} picture
   * @param {string} alt
   * @param {{ title: string, ticks: Tick[] }} scale Of the weights.
   * @param {string[]} names Of the regions.
   * @param {Float32Array} weights Of the caption's words, word by word.
   * @param {Switched} on
   */
  constructor(section, picture, alt, scale, names, weights, on) {
    this.section = section;
    this.weights = weights;
    this.picture = picture;
    this.scale = scale;
    this.names = names;
    this.on = on;
    this.cells = regions(section, picture, alt, names);
    this.codes = decoded(picture.looks);
    this.second = picture.second && { ...picture.second, codes: decoded(picture.second.looks), weights: floats(picture.second.weights) };
    /** @type {HTMLCanvasElement[]} */
    this.shades = [];
  }

  /** Codes of the caption's words, or of the second one's, as they are switched to be seen. */
  #shown(second = false) {
    const codes = second && this.second ? this.second.codes : this.codes;
    return this.on.difference ? codes.difference : codes.weight;
  }

  /**
   * Lights the regions a word looks at; none where there is no word.
   * @param {number | null} word
   * @param {boolean} second Of the second caption.
   */
  light(word, second) {
    const codes = this.#shown(second), count = this.cells.length, weights = second && this.second ? this.second.weights : this.weights;
    const heaviest = word === null ? -1 : largest(weights.subarray(word * count, (word + 1) * count));
    this.cells.forEach((cell, index) => {
      cell.style.background = word === null ? "" : dimmed(codes[word * count + index]);
      cell.classList.toggle("met", index === heaviest);
      cell.setAttribute("aria-label", word === null ? this.names[index] : `${this.names[index]}: ≈ ${weights[word * count + index].toFixed(3)}`);
    });
  }

  /**
   * Where a word looks, in words.
   * @param {number} word
   * @param {boolean} second
   */
  told(word, second) {
    const { told, spread } = second && this.second ? this.second.looks : this.picture.looks;
    return this.on.spread ? `${told[word]} ${spread[word]}` : told[word];
  }

  /** @param {{ text: string }[]} tokens Of the caption. */
  strip(tokens) {
    const { picture } = this, grid = find(this.section, ".grid");
    this.shades = [];
    const rows = tokens.map((token, index) => {
      const item = marked(make("div", "row still"), { side: "target", index }), shade = make("canvas"), image = make("img"), frame = make("div", "frame");
      image.src = picture.url;
      image.alt = "";
      shade.width = picture.columns;
      shade.height = this.cells.length / picture.columns;
      this.shades.push(shade);
      frame.append(image, shade);
      item.append(frame, make("span", "", token.text));
      return item;
    });
    grid.replaceChildren(...rows);
    return rows;
  }

  /** Draws what hangs on a switch alone. */
  shade() {
    const codes = this.#shown(), count = this.cells.length, { on, scale, picture } = this;
    this.shades.forEach((shade, word) => {
      const pen = shade.getContext("2d"), pixels = pen?.createImageData(shade.width, shade.height);
      if (!pen || !pixels) return;
      for (let key = 0; key < count; key++) pixels.data.set([6, 10, 22, Math.round(209 * (1 - codes[word * count + key] / 255))], key * 4);
      pen.putImageData(pixels, 0, 0);
    });
    legend(find(this.section, ".seen .legend"), { ...(on.difference ? picture.difference : scale), ramp: SHADES });
    find(this.section, ".outlines").hidden = !on.outlined;
  }
}

/** @param {Looks} looks */
const decoded = (looks) => ({ weight: bytes(looks.weight), difference: bytes(looks.difference) });

/** @param {Float32Array} weights */
const largest = (weights) => weights.reduce((best, weight, index) => (weight > weights[best] ? index : best), 0);

/**
 * Lays the regions over the picture, and outlines of what is in it.
 * @param {HTMLElement} section
 * @param {Pictured} picture
 * @param {string} alt
 * @param {string[]} names
 * @returns {HTMLElement[]} The regions.
 */
function regions(section, picture, alt, names) {
  const frame = find(section, ".regions"), image = findAs(section, ".picture img", HTMLImageElement);
  if (image.src !== picture.url) image.src = picture.url;
  image.alt = alt;
  frame.style.gridTemplateColumns = `repeat(${picture.columns}, 1fr)`;
  const cells = names.map((name, index) => {
    const cell = marked(make("span", "token region"), { side: "source", index });
    cell.tabIndex = index ? -1 : 0;
    set(cell, { role: "img", "aria-label": name });
    return cell;
  });
  frame.replaceChildren(...cells);
  find(section, ".outlines").replaceChildren(...picture.objects.map(({ name, box: [x0, y0, x1, y1] }) => {
    const outline = make("div", "outline", name);
    Object.assign(outline.style, { left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%` });
    return outline;
  }));
  return cells;
}

/**
 * The switches of a picture.
 * @param {HTMLElement} row
 * @param {Partial<Record<Switch, string>>} names Of those there are.
 * @param {Switched} on
 * @param {() => void} apply
 */
export function switches(row, names, on, apply) {
  const kinds = /** @type {Switch[]} */ (Object.keys(names));
  row.replaceChildren(...kinds.map((kind) => {
    const label = make("label"), box = make("input");
    box.type = "checkbox";
    box.checked = Boolean(on[kind]);
    box.onchange = () => { on[kind] = box.checked; apply(); };
    label.append(box, make("span", "", names[kind]));
    return label;
  }));
}
