// Streamlit imports a component's script anew for every draw and calls it when the import is there. Two imports on their way
// at once come back in either order, so an older draw can follow a newer one: it is dropped. What has drawn says so, in
// `data-drawn` of its host: until then what stands below it is out of sight, and does not jump when it takes its room.

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
  try {
    return draw(component);
  } finally {
    parentElement.host?.setAttribute("data-drawn", "");
  }
};

/** @type {WeakMap<ParentNode, number>} */
const serials = new WeakMap();
