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

// `colours` as `ramp` gives them, `sign` a colour as one word; without `masks` nothing is masked. A cell is a pixel; where
// something is masked, `size` x `size` pixels, so that the sign can be seen within a cell.
function paint(canvas, codes, masks, rows, columns, colours, sign, size = 1) {
  const side = masks.length ? size : 1, width = columns * side, height = rows * side;
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  for (let y = 0, to = 0; y < height; y++) {
    const from = Math.floor(y / side) * columns;
    for (let x = 0; x < width; x++, to++) {
      const at = side === 1 ? from + x : from + Math.floor(x / side);
      const pattern = masks.length ? PATTERNS[masks[at]] : undefined;
      pixels[to] = pattern ? (pattern(y, x) ? sign : 0) : colours[codes[at]];
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
