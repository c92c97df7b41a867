// One head of a long sentence: a pixel for each cell, enlarged as a whole; tokens that have room stand at its sides.

const SVG = "http://www.w3.org/2000/svg";
const FONT = 16, LINE = 18, LONGEST = 24, WIDEST = 170;
const drawn = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const plane = find(".plane"), svg = find(".plane svg");
  if (drawn.get(plane) === data.serial && svg.firstChild) return;
  drawn.set(plane, data.serial);
  const rows = data.queries.length, columns = data.keys.length, cell = data.cell;
  const colours = ramp(data.ramp), codes = bytes(data.codes), masks = bytes(data.masks), sign = word([...channels(data.sign), 255]);
  const title = find(".title");
  title.textContent = data.title;
  if (data.mark) title.append(Object.assign(document.createElement("span"), { className: "mark", textContent: data.mark }));

  paint(find(".plane canvas"), codes, masks, rows, columns, colours, sign);
  const step = Math.ceil(LINE / cell);
  const shown = (tokens) => tokens.map((token, place) => [cut(token), place]).filter((_, place) => place % step === 0);
  const down = shown(data.queries), across = shown(data.keys);
  const family = getComputedStyle(parentElement.querySelector(".matrix")).fontFamily;
  const left = widest(down, family) + 2.5 * FONT, below = widest(across, family) + 2.5 * FONT;
  const width = left + columns * cell + 4, height = rows * cell + below + 4;
  const canvas = find(".plane canvas");
  Object.assign(canvas.style, { left: `${left}px`, top: "2px", width: `${columns * cell}px`, height: `${rows * cell}px` });
  canvas.setAttribute("aria-label", data.alt);
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) svg.setAttribute(name, value);
  const middle = (place) => 2 + (place + 0.5) * cell, foot = 2 + rows * cell;
  svg.replaceChildren(
    ...down.map(([token, place]) => words(token, left - 6, middle(place), "end")),
    ...across.map(([token, place]) => words(token, left - 2 + middle(place), foot + 6, "end", -90)),
    words(data.words.query, FONT * 0.75, 2 + (rows * cell) / 2, "middle", -90),
    words(data.words.key, left + (columns * cell) / 2, height - FONT * 0.75, "middle"),
    shape("rect", { x: left - 1, y: 1 + data.query * cell, width: columns * cell + 2, height: cell + 2, fill: "none", stroke: data.accent, "stroke-width": 2 }),
  );

  const legend = find(".legend");
  legend.querySelector("figcaption").textContent = data.legend.title;
  legend.querySelector(".ramp").getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(colours.buffer), 256, 1), 0, 0);
  legend.querySelector(".ticks").replaceChildren(...data.legend.ticks.map((tick) => {
    const mark = document.createElement("span");
    mark.textContent = tick.label;
    mark.style.left = `${tick.position * 100}%`;
    return mark;
  }));
  find(".reasons").replaceChildren(...data.reasons.map(({ code, name }) => {
    const entry = document.createElement("li"), sample = document.createElement("canvas");
    paint(sample, new Uint8Array(36), new Uint8Array(36).fill(code), 6, 6, colours, sign);
    entry.append(sample, name);
    return entry;
  }));

  const tip = find(".tip");
  tip.hidden = true;
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    return [Math.floor((event.clientY - box.top) / cell), Math.floor((event.clientX - box.left) / cell)];
  };
  plane.onclick = (event) => {
    const [row, column] = under(event);
    if (row < 0 || column < 0 || row >= rows || column >= columns) return;
    setStateValue("chosen", { query: data.own[row], stamp: Date.now() + Math.random() });
  };
  plane.onpointermove = (event) => {
    const [row, column] = under(event);
    tip.hidden = !(row >= 0 && column >= 0 && row < rows && column < columns);
    if (tip.hidden) return;
    const at = row * columns + column, reason = data.reasons.find(({ code }) => code === masks[at]);
    tip.textContent = `${data.queries[row]} → ${data.keys[column]}\n${reason ? reason.name : `${data.legend.title}: ${codes[at]}/255`}`;
    const frame = plane.parentElement.getBoundingClientRect(), x = event.clientX - frame.left, y = event.clientY - frame.top;
    tip.style.left = `${x + 16 + tip.offsetWidth > frame.width ? Math.max(0, x - 16 - tip.offsetWidth) : x + 16}px`;
    tip.style.top = `${y + 16}px`;
  };
  plane.onpointerleave = () => { tip.hidden = true; };
}

function shape(name, facts, content) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(facts)) element.setAttribute(key, value);
  if (content !== undefined) element.textContent = content;
  return element;
}

const words = (content, x, y, anchor, turn = 0) => shape("text", {
  x, y, "text-anchor": anchor, "dominant-baseline": "central", "font-size": FONT, ...(turn && { transform: `rotate(${turn} ${x} ${y})` }),
}, content);

// As a reader counts characters, of which there are no more than code units.
function cut(token) {
  if (token.length <= LONGEST) return token;
  const characters = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(token.slice(0, 8 * LONGEST))];
  return characters.length > LONGEST ? characters.slice(0, LONGEST - 1).map(({ segment }) => segment).join("") + "…" : token;
}

function widest(tokens, family) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${FONT}px ${family}`;
  return Math.min(WIDEST, Math.max(...tokens.map(([token]) => pen.measureText(token).width)));
}

// Whether a masked cell carries the sign, as on the small maps: dots for padding, stripes for a causal mask, checks for the
// model's other masks, columns for what was hidden by hand.
const PATTERNS = { 1: (row, column) => row % 2 === 0 && column % 2 === 0, 2: (row, column) => (row + column) % 3 === 0,
  3: (row, column) => (row + column) % 2 === 0, 4: (row, column) => column % 4 > 0 };

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
}

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

function bytes(base64) {
  const text = atob(base64), values = new Uint8Array(text.length);
  for (let at = 0; at < values.length; at++) values[at] = text.charCodeAt(at);
  return values;
}
