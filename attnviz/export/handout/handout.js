// Whatever is longer than its room is drawn smaller, so that nothing overlaps or is cut.
for (const text of document.querySelectorAll("text[data-room]")) {
  if (text.getComputedTextLength() > Number(text.dataset.room)) {
    text.setAttribute("textLength", text.dataset.room);
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
  }
}
for (const box of document.querySelectorAll(".fit")) {
  let size = Number.parseFloat(getComputedStyle(box).fontSize);
  while ((box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1) && size > 2) {
    size *= 0.95;
    box.style.fontSize = `${size}px`;
    for (const inner of box.querySelectorAll("table, small, p, li")) inner.style.fontSize = "1em";
  }
}
// Room for notes that would hold no line is left empty.
for (const room of document.querySelectorAll(".room")) {
  if (room.getBoundingClientRect().bottom < room.querySelector("hr").getBoundingClientRect().bottom) {
    room.style.visibility = "hidden";
  }
}
document.querySelector("button").addEventListener("click", () => print());
