// Streamlit imports a component's script anew for every draw and calls it when the import is there. Two imports on their way
// at once come back in either order, so an older draw can follow a newer one: it is dropped. What is `drawn` is marked: before, it
// would stand there empty, and move when it is filled.

/** @import { Component } from "../component.js" */

/**
 * What a component's script exports, of the function that draws it.
 * @template {object} Data
 * @param {(component: Component<Data>) => void | (() => void)} draw
 * @returns {(component: Component<Data>) => void | (() => void)}
 */
export const newest = (draw) => (component) => {
  const { data, parentElement } = component;
  if (data.serial < (serials.get(parentElement) ?? 0)) return undefined;
  serials.set(parentElement, data.serial);
  parentElement.querySelector("section, .box, .alone")?.classList.add("drawn");
  return draw(component);
};

/**
 * Gives a drawing one of its two forms, as its rules have it: it is laid out anew, and no part of it is seen to jump to its other place.
 * An unseen element of the page's own says in which form it is drawn, by its class, for the page's rules: a rule about what holds an
 * attribute is tried at each element that is put in anywhere, and classes of the element that holds this are React's.
 * @param {HTMLElement} section
 * @param {boolean} small
 */
export function reform(section, small) {
  const root = section.getRootNode();
  if (section.classList.contains("small") !== small) {
    section.style.display = "none";
    section.getBoundingClientRect();
    section.classList.toggle("small", small);
    section.style.display = "";
  }
  if (!(root instanceof ShadowRoot)) return;
  const mark = root.host.querySelector(":scope > [class^=form-]") ?? root.host.appendChild(document.createElement("i"));
  mark.className = small ? "form-small" : "form-large";
}

/** @type {WeakMap<ParentNode, number>} */
const serials = new WeakMap();
