// One head of a sentence too long for numbers in its cells: a pixel for each cell, enlarged as a whole; tokens that have
// room stand at its sides.

const FONT = 16, LINE = 18, LONGEST = 24, WIDEST = 170;
// Pixels of a cell that carries the sign of a mask within, where cells are large enough to show it.
const SIGN = 6;
const drawn = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const plane = find(".plane"), svg = find(".plane svg");
  if (drawn.get(plane) === data.serial && svg.firstChild) return;
  drawn.set(plane, data.serial);
  const rows = data.queries.length, columns = data.keys.length;
  const colours = ramp(data.ramp), codes = bytes(data.codes), masks = bytes(data.masks), weights = floats(data.weights);
  const sign = word([...channels(data.sign), 255]);
  const title = find(".title");
  title.textContent = data.title;
  if (data.mark) title.append(make("span", "mark", data.mark));

  const step = Math.ceil(LINE / data.cell);
  const shown = (tokens) => tokens.map((token, place) => [cut(token), place]).filter((_, place) => place % step === 0);
  const down = shown(data.queries), across = shown(data.keys);
  const family = getComputedStyle(parentElement.querySelector(".matrix")).fontFamily;
  const left = widest(down, family) + 2.5 * FONT, below = widest(across, family) + 2.5 * FONT;
  const page = plane.getRootNode().host.closest("[class*=st-key-chart]").clientWidth;
  const cell = step > 1 ? data.cell : Math.max(LINE, Math.min(data.cell, Math.floor((page - left - 4) / columns)));
  const width = left + columns * cell + 4, height = rows * cell + below + 4;
  const canvas = paint(find(".plane canvas"), codes, masks, rows, columns, colours, sign, cell < LINE ? 1 : SIGN);
  Object.assign(canvas.style, { left: `${left}px`, top: "2px", width: `${columns * cell}px`, height: `${rows * cell}px` });
  canvas.setAttribute("aria-label", data.alt);
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) svg.setAttribute(name, value);
  const middle = (place) => 2 + (place + 0.5) * cell, foot = 2 + rows * cell;
  const lines = (count, line) => Array.from({ length: count - 1 }, (_, place) => line((place + 1) * cell)).join("");
  const grid = lines(columns, (at) => `M${left + at} 2V${foot}`) + lines(rows, (at) => `M${left} ${2 + at}h${columns * cell}`);
  svg.replaceChildren(
    ...(cell < LINE ? [] : [shape("path", { d: grid, stroke: data.ground, "shape-rendering": "crispEdges" })]),
    ...down.map(([token, place]) => words(token, left - 6, middle(place), "end")),
    ...across.map(([token, place]) => words(token, left - 2 + middle(place), foot + 6, "end", -90)),
    words(data.words.query, FONT * 0.75, 2 + (rows * cell) / 2, "middle", -90),
    words(data.words.key, left + (columns * cell) / 2, height - FONT * 0.75, "middle"),
    shape("rect", { x: left - 1, y: 1 + data.query * cell, width: columns * cell + 2, height: cell + 2, fill: "none", stroke: data.accent, "stroke-width": 2 }),
  );

  find(".legend").style.maxWidth = `${page}px`;
  legend(find(".legend"), data.legend, find(".reasons"), data.reasons, colours, sign);

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
    const value = weights.length ? `${data.words.weight} ${+weights[at].toPrecision(9)}` : `${data.legend.title}: ${codes[at]}/255`;
    tip.textContent = `${data.queries[row]} → ${data.keys[column]}\n${reason ? reason.name : value}`;
    const frame = plane.parentElement.getBoundingClientRect(), x = event.clientX - frame.left, y = event.clientY - frame.top;
    tip.style.left = `${x + 16 + tip.offsetWidth > frame.width ? Math.max(0, x - 16 - tip.offsetWidth) : x + 16}px`;
    tip.style.top = `${y + 16}px`;
  };
  plane.onpointerleave = () => { tip.hidden = true; };
}

const words = (content, x, y, anchor, turn = 0) => shape("text", {
  x, y, "text-anchor": anchor, "dominant-baseline": "central", "font-size": FONT, ...(turn && { transform: `rotate(${turn} ${x} ${y})` }),
}, content);

const floats = (base64) => new Float32Array(bytes(base64).buffer);

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
