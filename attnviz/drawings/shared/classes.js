// How probable classes are: bars with their names.

import { make } from "./elements.js";

/** @typedef {{ name: string, share: number, percent: string, top: boolean }} Class */

/**
 * @param {Class[]} entries
 * @param {{ name: string, percent: string } | null} others
 */
export function classes(entries, others) {
  const list = make("div", "classes");
  for (const entry of entries) {
    const top = entry.top ? " top" : "";
    const bar = make("div", `bar${top}`);
    bar.style.width = `${Math.max(entry.share * 100, 0.2)}%`;
    list.append(make("span", `class${top}`, entry.name), bar, make("span", `value${top}`, entry.percent));
  }
  if (others) list.append(make("span", "class others", others.name), make("span"), make("span", "value others", others.percent));
  return list;
}
