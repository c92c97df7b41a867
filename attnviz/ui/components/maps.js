// All heads of all layers as small maps on one scale. A click, or Enter on the one the arrow keys have reached, opens it.

export default function ({ data, parentElement, setStateValue }) {
  const grid = parentElement.querySelector(".grid");
  const colours = ramp(data.ramp), codes = bytes(data.codes);
  const size = data.rows * data.columns;
  const masks = bytes(data.masks), sign = channels(data.sign);
  grid.style.gridTemplateColumns = `max-content repeat(${data.heads}, minmax(2rem, ${data.heads > 6 ? 7 : 11}rem))`;
  grid.setAttribute("aria-label", data.words.label);
  const cells = [text("span", "")];
  for (let head = 0; head < data.heads; head++) cells.push(text("span", `${data.words.head} ${head + 1}`, "head"));
  for (let layer = 0; layer < data.layers; layer++) {
    cells.push(text("span", `${data.words.layer} ${layer + 1}`, "side"));
    for (let head = 0; head < data.heads; head++) {
      const at = (layer * data.heads + head) * size;
      const button = document.createElement("button");
      const chosen = layer === data.layer && head === data.head;
      button.type = "button";
      button.dataset.place = `${layer},${head}`;
      button.setAttribute("aria-label", `${data.words.layer} ${layer + 1}, ${data.words.head} ${head + 1}`);
      button.setAttribute("aria-pressed", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      const from = masks.length > size ? at : 0;
      button.append(map(codes.subarray(at, at + size), masks.subarray(from, from + size), data.rows, data.columns, colours, sign));
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

  const legend = parentElement.querySelector(".legend");
  legend.querySelector("figcaption").textContent = data.legend.title;
  legend.querySelector(".ramp").getContext("2d").putImageData(new ImageData(colours.slice(), 256, 1), 0, 0);
  legend.querySelector(".ticks").replaceChildren(...data.legend.ticks.map((tick) => {
    const mark = text("span", tick.label);
    mark.style.left = `${tick.position * 100}%`;
    return mark;
  }));
  parentElement.querySelector(".reasons").replaceChildren(...data.reasons.map(({ code, name }) => {
    const entry = text("li", "");
    entry.append(map(new Uint8Array(36), new Uint8Array(36).fill(code), 6, 6, colours, sign), name);
    return entry;
  }));
}

const find = (grid, place) => grid.querySelector(`[data-place="${place}"]`);

function text(tag, words, className = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = words;
  return element;
}

// Whether a masked cell carries the sign: dots for padding, stripes for a causal mask, checks for the model's
// other masks, columns for what was hidden by hand.
const PATTERNS = { 1: (row, column) => row % 2 === 0 && column % 2 === 0, 2: (row, column) => (row + column) % 3 === 0,
  3: (row, column) => (row + column) % 2 === 0, 4: (row, column) => column % 4 > 0 };

function map(codes, masks, rows, columns, colours, sign) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  codes.forEach((code, index) => {
    const pattern = PATTERNS[masks[index]];
    if (!pattern) image.data.set(colours.subarray(code * 4, code * 4 + 4), index * 4);
    else if (pattern(Math.floor(index / columns), index % columns)) image.data.set([...sign, 255], index * 4);
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

// 256 colours, four bytes each, linear between the stops.
function ramp(stops) {
  const parsed = stops.map(channels);
  const colours = new Uint8ClampedArray(256 * 4);
  for (let code = 0; code < 256; code++) {
    const place = (code / 255) * (parsed.length - 1), low = Math.min(Math.floor(place), parsed.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      colours[code * 4 + channel] = parsed[low][channel] + (parsed[low + 1][channel] - parsed[low][channel]) * (place - low);
    }
    colours[code * 4 + 3] = 255;
  }
  return colours;
}

const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
