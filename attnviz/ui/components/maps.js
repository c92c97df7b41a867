// All heads of all layers as small maps on one scale. A click, or Enter on the one the arrow keys have reached, opens it.

export default function ({ data, parentElement, setStateValue }) {
  const grid = parentElement.querySelector(".grid");
  const colours = ramp(data.ramp), codes = bytes(data.codes);
  const size = data.rows * data.columns;
  const masks = bytes(data.masks), sign = word([...channels(data.sign), 255]);
  grid.style.gridTemplateColumns = `max-content repeat(${data.heads}, minmax(2rem, ${data.heads > 6 ? 7 : 11}rem))`;
  grid.setAttribute("aria-label", data.words.label);
  const cells = [make("span")];
  for (let head = 0; head < data.heads; head++) cells.push(make("span", "head", `${data.words.head} ${head + 1}`));
  for (let layer = 0; layer < data.layers; layer++) {
    cells.push(make("span", "side", `${data.words.layer} ${layer + 1}`));
    for (let head = 0; head < data.heads; head++) {
      const at = (layer * data.heads + head) * size;
      const button = make("button");
      const chosen = layer === data.layer && head === data.head;
      button.type = "button";
      button.dataset.place = `${layer},${head}`;
      button.setAttribute("aria-label", `${data.words.layer} ${layer + 1}, ${data.words.head} ${head + 1}`);
      button.setAttribute("aria-pressed", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      const from = masks.length > size ? at : 0;
      button.append(paint(make("canvas"), codes.subarray(at, at + size), masks.subarray(from, from + size), data.rows, data.columns, colours, sign));
      cells.push(button);
    }
  }
  const focused = (grid.getRootNode().activeElement ?? {}).dataset?.place;
  grid.replaceChildren(...cells);
  if (focused) find(grid, focused)?.focus();

  grid.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const [layer, head] = button.dataset.place.split(",").map(Number);
    setStateValue("chosen", { layer, head, stamp: Date.now() + Math.random() });
  };
  grid.onkeydown = (event) => {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key], button = event.target.closest("button");
    if (!move || !button) return;
    const [layer, head] = button.dataset.place.split(",").map(Number);
    const next = find(grid, `${layer + move[0]},${head + move[1]}`);
    if (next) { event.preventDefault(); next.tabIndex = 0; next.focus(); }
  };

  legend(parentElement.querySelector(".legend"), data.legend, parentElement.querySelector(".reasons"), data.reasons, colours, sign);
}

const find = (grid, place) => grid.querySelector(`[data-place="${place}"]`);
