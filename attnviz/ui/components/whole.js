// Says on the page that what is drawn on the stage is whole: all of it has been drawn, and nothing has moved for some frames. Until then
// the page's rules keep it out of sight.

import { newest } from "../../drawings/shared/newest.js";

/** @import { Component } from "../../drawings/component.js" */

/**
 * @typedef {object} Whole
 * @property {number} number Of the change.
 * @property {number} patience Milliseconds after which it counts as whole.
 */

// Frames in which nothing moves. Scripts draw one after the other, some of them in the frame after the one they are asked in.
const STILL = 3;

// What is not there yet, is of the drawing before, or has the form it had before the change.
const MISSING = '[data-testid="stSkeleton"], [data-stale="true"], .st-key-large .form-small, .st-key-small .form-large';

// The latest change: what looks after one before it ends.
let latest = 0;

export default newest(drawWhole);

/** @param {Component<Whole>} component */
function drawWhole({ data: { number, patience } }) {
  const root = document.documentElement, stage = document.querySelector(".st-key-stage-place"), end = performance.now() + patience;
  if (!stage || root.dataset.attnvizWhole === String(number)) return;
  latest = number;
  let before = "", still = 0;
  const look = () => {
    if (latest !== number) return;
    const now = places(stage);
    still = now === before && isThere(stage) ? still + 1 : 0;
    before = now;
    if (still < STILL && performance.now() < end) requestAnimationFrame(look);
    else root.dataset.attnvizWhole = String(number);
  };
  requestAnimationFrame(look);
}

/**
 * Whether all components have drawn.
 * @param {Element} stage
 */
function isThere(stage) {
  if (stage.querySelector(MISSING)) return false;
  const hosts = [...stage.querySelectorAll('[data-testid="stBidiComponentIsolated"]')];
  return hosts.every((host) => !host.shadowRoot?.querySelector(":is(section, .box):not(.drawn)"));
}

/**
 * Where everything on the stage stands.
 * @param {Element} stage
 */
function places(stage) {
  return [...stage.querySelectorAll(".stElementContainer")].map((each) => {
    const { x, y, width, height } = each.getBoundingClientRect();
    return [x, y, width, height].join();
  }).join(" ");
}
