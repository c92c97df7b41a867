// Keys of the page, and those that belong to what is being typed or chosen.

/**
 * Whether a key is one of the page's.
 * @param {KeyboardEvent} event
 */
export const free = (event) => !(event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || typing(event));

/**
 * Whether a key belongs to what is being typed or chosen.
 * @param {Event} event
 */
function typing(event) {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select, [role=combobox], [role=textbox]"));
}
