// What may be wider than its place on the page, which then scrolls.

/**
 * What the page holds a drawing in, if it is on the page.
 * @param {Element} section
 * @returns {HTMLElement | null}
 */
export function holder(section) {
  return /** @type {ShadowRoot} */ (section.getRootNode()).host.closest("[class*=st-key-chart]");
}

/**
 * Lets a picture that is wider than its place take the focus, so that arrow keys scroll it, and no other.
 * @param {Element} section
 * @param {Element | null} picture
 */
export function reach(section, picture) {
  const around = holder(section);
  if (around && around.scrollWidth > around.clientWidth + 1) picture?.setAttribute("tabindex", "0");
  else picture?.removeAttribute("tabindex");
}
