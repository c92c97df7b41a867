// Streamlit imports a component's script anew for every draw and calls it when the import is there. Two imports on their way
// at once come back in either order, so an older draw can follow a newer one: it is dropped.

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
  return draw(component);
};

/** @type {WeakMap<ParentNode, number>} */
const serials = new WeakMap();
