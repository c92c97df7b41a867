// One head of a long sentence: a pixel for each cell, enlarged as a whole; tokens that have room stand at its sides.

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
  if (data.mark) title.append(make("span", "mark", data.mark));

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
    tip.textContent = `${data.queries[row]} → ${data.keys[column]}\n${reason ? reason.name : `${data.legend.title}: ${codes[at]}/255`}`;
    const frame = plane.parentElement.getBoundingClientRect(), x = event.clientX - frame.left, y = event.clientY - frame.top;
    tip.style.left = `${x + 16 + tip.offsetWidth > frame.width ? Math.max(0, x - 16 - tip.offsetWidth) : x + 16}px`;
    tip.style.top = `${y + 16}px`;
  };
  plane.onpointerleave = () => { tip.hidden = true; };
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
