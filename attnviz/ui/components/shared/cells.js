// Cells of weights as pixels: 256 steps of colour, and signs for what is masked.

const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

const word = (four) => new Uint32Array(Uint8Array.from(four).buffer)[0];

// 256 colours, one word each, linear between the stops.
function ramp(stops) {
  const parsed = stops.map(channels);
  return Uint32Array.from({ length: 256 }, (_, code) => {
    const place = (code / 255) * (parsed.length - 1), low = Math.min(Math.floor(place), parsed.length - 2);
    const mixed = parsed[low].map((from, channel) => Math.round(from + (parsed[low + 1][channel] - from) * (place - low)));
    return word([...mixed, 255]);
  });
}

// Whether a masked cell carries the sign: dots for padding, stripes for a causal mask, checks for the model's other masks,
// columns for what was hidden by hand.
const PATTERNS = { 1: (row, column) => row % 2 === 0 && column % 2 === 0, 2: (row, column) => (row + column) % 3 === 0,
  3: (row, column) => (row + column) % 2 === 0, 4: (row, column) => column % 4 > 0 };

// `colours` as `ramp` gives them, `sign` a colour as one word; without `masks` nothing is masked.
function paint(canvas, codes, masks, rows, columns, colours, sign) {
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows), cells = new Uint32Array(image.data.buffer);
  for (let at = 0; at < cells.length; at++) cells[at] = colours[codes[at]];
  if (masks.length) {
    for (let at = 0; at < cells.length; at++) {
      const pattern = PATTERNS[masks[at]];
      if (pattern) cells[at] = pattern(Math.floor(at / columns), at % columns) ? sign : 0;
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// What the colours mean, and the signs of what is masked.
function legend(figure, { title, ticks }, list, reasons, colours, sign) {
  figure.querySelector("figcaption").textContent = title;
  const scale = new ImageData(new Uint8ClampedArray(colours.buffer), 256, 1);
  figure.querySelector(".ramp").getContext("2d").putImageData(scale, 0, 0);
  figure.querySelector(".ticks").replaceChildren(...labels(ticks));
  list.replaceChildren(...reasons.map(({ code, name }) => {
    const entry = make("li");
    entry.append(paint(make("canvas"), new Uint8Array(36), new Uint8Array(36).fill(code), 6, 6, colours, sign), name);
    return entry;
  }));
}
