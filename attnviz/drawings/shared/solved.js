// Which slides' exercises have been solved: kept in the browser, as far as it keeps anything.

const SOLVED = "attnviz-solved";

/** @returns {string[]} */
export function solved() {
  try {
    const found = JSON.parse(localStorage.getItem(SOLVED) ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

/**
 * Keeps it, and tells the panel.
 * @param {string} slide
 */
export function solve(slide) {
  try {
    localStorage.setItem(SOLVED, JSON.stringify([...new Set([...solved(), slide])].slice(-MOST)));
  } catch {
    return;
  }
  window.dispatchEvent(new Event(SOLVED));
}

/** Slides that are remembered. */
const MOST = 500;

/**
 * Calls when something has been solved; returns what ends it.
 * @param {() => void} then
 */
export function onSolved(then) {
  window.addEventListener(SOLVED, then);
  return () => window.removeEventListener(SOLVED, then);
}
