// Words beside the pointer about what is under it.

/**
 * @param {HTMLElement} plane
 * @param {HTMLElement} tip Stands in the same box.
 * @param {(event: MouseEvent) => string | null} say What is under the pointer; null: nothing.
 */
export function tell(plane, tip, say) {
  tip.hidden = true;
  /** @param {MouseEvent} event */
  const point = (event) => {
    const words = say(event);
    tip.hidden = words === null;
    if (words === null) return;
    tip.textContent = words;
    const frame = /** @type {Element} */ (plane.parentElement).getBoundingClientRect(), x = event.clientX - frame.left, y = event.clientY - frame.top;
    tip.style.left = `${x + 16 + tip.offsetWidth > frame.width ? Math.max(0, x - 16 - tip.offsetWidth) : x + 16}px`;
    tip.style.top = `${y + 16 + tip.offsetHeight > frame.height ? Math.max(0, y - 16 - tip.offsetHeight) : y + 16}px`;
  };
  plane.onpointermove = point;
  plane.onpointerdown = point;
  plane.onpointerleave = () => { tip.hidden = true; };
}
