// What every picture needs. Texts are set as text, never as markup.

export const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function make(tag, className = "", text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} name
 * @param {Record<string, string | number>} facts
 * @param {string} [text]
 */
export function shape(name, facts, text) {
  const element = document.createElementNS(SVG, name);
  set(element, facts);
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * Sets attributes.
 * @param {Element} element
 * @param {Record<string, string | number>} facts
 */
export function set(element, facts) {
  for (const [key, value] of Object.entries(facts)) element.setAttribute(key, String(value));
}

/**
 * The element that a selector names; it must be there.
 * @param {ParentNode} within
 * @param {string} selector
 */
export const find = (within, selector) => findAs(within, selector, HTMLElement);

/**
 * The same, of a kind.
 * @template {Element} Kind
 * @param {ParentNode} within
 * @param {string} selector
 * @param {new () => Kind} kind
 */
export function findAs(within, selector, kind) {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new TypeError(`${selector} should be a ${kind.name}. Received: ${found}`);
  return found;
}

/**
 * The element an event came from, or the nearest one around it that the selector names.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export const nearest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

/**
 * What has the focus within the component that holds the node.
 * @param {Node} node
 * @returns {HTMLElement | null}
 */
export function focusWithin(node) {
  const root = node.getRootNode();
  const active = root instanceof ShadowRoot || root instanceof Document ? root.activeElement : null;
  return active instanceof HTMLElement ? active : null;
}

/**
 * An event for the server, never equal to the one before.
 * @template {object} Facts
 * @param {Facts} facts
 */
export const stamped = (facts) => ({ ...facts, stamp: Date.now() + Math.random() });

/**
 * A plain loop: `Uint8Array.from` takes ten times as long.
 * @param {string} base64
 */
export function bytes(base64) {
  const text = atob(base64), found = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) found[place] = text.charCodeAt(place);
  return found;
}

/** @param {string} base64 */
export const floats = (base64) => new Float32Array(bytes(base64).buffer);

/**
 * An element with facts in its data set.
 * @template {HTMLElement} Kind
 * @param {Kind} element
 * @param {Record<string, string | number>} facts
 */
export function marked(element, facts) {
  Object.assign(element.dataset, facts);
  return element;
}
