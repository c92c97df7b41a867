// The first picture of a model that classifies pictures: regions lit by their weights, and beside them the prediction. Names are set as
// text, never as markup. `data-attnviz-trace` tells what has been drawn.

import { classes } from "./shared/classes.js";
import { find, floats, nearest } from "./shared/elements.js";
import { newest, reform } from "./shared/newest.js";
import { Lit, switches } from "./shared/regions.js";

/** @import { Component, Tick } from "./component.js" */
/** @import { Class } from "./shared/classes.js" */
/** @import { Pictured, Switched } from "./shared/regions.js" */

/**
 * @typedef {object} LitPicture
 * @property {Pictured} picture
 * @property {string} alt
 * @property {string[]} names Of the regions.
 * @property {string} weights float32.
 * @property {boolean} small A view is drawn beneath.
 * @property {string} text What has been applied.
 * @property {Class[]} classes
 * @property {{ name: string, percent: string } | null} others
 * @property {{ bar: string, accent: string }} colours
 * @property {{ title: string, ticks: Tick[] }} legend
 * @property {{ weight: string, outlined: string, spread: string }} words
 */

/** @type {WeakMap<ParentNode, Switched>} */
const switched = new WeakMap();

export default newest(drawLit);

/** @param {Component<LitPicture>} component */
function drawLit({ data, parentElement }) {
  const section = find(parentElement, ".lit"), on = switched.get(parentElement) ?? {}, weights = floats(data.weights);
  switched.set(parentElement, on);
  reform(section, data.small);
  section.style.setProperty("--accent", data.colours.accent);
  section.style.setProperty("--bar", data.colours.bar);
  const lit = new Lit(section, data.picture, data.alt, data.legend, data.names, weights, on), note = find(section, ".note");
  lit.light(0, false);
  find(section, ".classes").replaceWith(classes(data.classes, data.others));
  /** @param {Event | null} event */
  const tell = (event) => {
    const place = event && nearest(event, ".region")?.dataset.index;
    note.textContent = place ? `${data.names[Number(place)]}: ${data.words.weight} ${Number(weights[Number(place)].toPrecision(9))}` : lit.told(0, false);
  };
  const { outlined, spread } = data.words, apply = () => { lit.shade(); tell(null); };
  switches(find(section, ".switches"), { ...(data.picture.objects.length ? { outlined } : {}), spread }, on, apply);
  const frame = find(section, ".regions");
  frame.onpointerover = tell;
  frame.onpointerleave = () => tell(null);
  frame.onkeydown = (event) => {
    const step = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -data.picture.columns, ArrowDown: data.picture.columns })[event.key];
    const next = lit.cells[Number(nearest(event, ".region")?.dataset.index) + step];
    if (!step || !next) return;
    event.preventDefault();
    next.focus();
    note.textContent = `${data.names[lit.cells.indexOf(next)]}: ${data.words.weight} ${Number(weights[lit.cells.indexOf(next)].toPrecision(9))}`;
  };
  apply();
  section.dataset.attnvizTrace = data.text;
}
