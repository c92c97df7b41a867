
// Streamlit imports a component's script anew for every draw and calls it when the import is there. Two imports on their way
// at once come back in either order, so an older draw can follow a newer one: it is dropped.
const serials = new WeakMap();

export default (component) => {
  const { data, parentElement } = component;
  if (data.serial < (serials.get(parentElement) ?? 0)) return undefined;
  serials.set(parentElement, data.serial);
  return draw(component);
};
