// Terms explain themselves: where one stands in a text, its meaning comes up under the pointer.

import { make } from "./elements.js";

/**
 * A paragraph in which the first occurrence of each term is marked.
 * @param {string} text
 * @param {[string, string][]} terms Each with its meaning, longer ones before those they contain.
 */
export function explained(text, terms) {
  const paragraph = make("p"), known = new Map(terms.map(([term, meaning]) => [term.toLowerCase(), meaning]));
  let reached = 0;
  for (const found of text.matchAll(anyOf(terms.map(([term]) => term)))) {
    const meaning = known.get(found[1].toLowerCase());
    if (meaning === undefined) continue;
    known.delete(found[1].toLowerCase());
    const term = make("abbr", "", found[0]);
    term.title = meaning;
    paragraph.append(text.slice(reached, found.index), term);
    reached = found.index + found[0].length;
  }
  paragraph.append(text.slice(reached));
  return paragraph;
}

/**
 * Any of some terms, as words where the script parts words; a plural is one, too.
 * @param {string[]} terms
 */
function anyOf(terms) {
  const forms = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&"));
  return new RegExp(`(?<![a-z])(${forms.join("|") || "(?!)"})(?:s|es)?(?![a-z])`, "giu");
}
