// Queries on the left, keys on the right, a line for each weight: as strong as the weight, in the colour of its head.
// Hovering and choosing heads happens here, without asking the server. Tokens are set as text, never as markup.

const kept = new WeakMap();

export default function ({ data, parentElement }) {
  const chart = kept.get(parentElement) ?? { on: null, heads: 0 };
  kept.set(parentElement, chart);
  if (chart.on === null || chart.heads !== data.heads || chart.first !== data.head) chart.on = new Set([data.head]);
  if (chart.serial === data.serial && parentElement.querySelector("svg").firstChild) return;
  chart.serial = data.serial;
  chart.heads = data.heads;
  chart.first = data.head;
  const find = (selector) => parentElement.querySelector(selector);
  const svg = find("svg"), note = find(".note"), boxes = find(".heads");
  const codes = bytes(data.codes);
  const row = data.size, left = data.gutter, width = 900, right = width - data.gutter;
  const height = Math.max(data.queries.length, data.keys.length) * row + 10;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", data.alt);
  const weight = (head, query, key) => codes[(head * data.queries.length + query) * data.keys.length + key] / 255;
  const y = (index) => index * row + row / 2 + 5;

  boxes.setAttribute("aria-label", data.words.heads);
  boxes.replaceChildren(...data.colours.map((colour, head) => {
    const label = make("label"), input = make("input"), swatch = make("span", "swatch");
    input.type = "checkbox";
    input.checked = chart.on.has(head);
    input.onchange = () => { input.checked ? chart.on.add(head) : chart.on.delete(head); heads(); };
    swatch.style.background = colour;
    label.append(input, swatch, `${data.words.head} ${head + 1}`);
    return label;
  }));

  // All lines of a head are made once and stay: a hover hides them behind the few of its token, which costs no new painting.
  const all = group("all"), few = group("few"), made = new Map();
  const column = (tokens, side) => tokens.map((token, index) => {
    const element = shape("text", {
      x: side === "query" ? left - 8 : right + 8, y: y(index), "text-anchor": side === "query" ? "end" : "start",
      "dominant-baseline": "central", "font-size": row * 0.62, tabindex: index ? -1 : 0,
    }, token);
    element.dataset.side = side;
    element.dataset.index = index;
    return element;
  });
  svg.replaceChildren(all, few, ...column(data.queries, "query"), ...column(data.keys, "key"));

  const everything = [...Array(data.queries.length).keys()].flatMap((query) => data.keys.map((_, key) => [query, key]));
  const touching = ({ side, index }) => (side === "query" ? data.keys.map((_, key) => [index, key]) : data.queries.map((_, query) => [query, index]));
  const drawn = (head, pairs) => {
    const levels = new Map();
    for (const [query, key] of pairs) {
      const value = weight(head, query, key);
      if (value < data.least) continue;
      const level = Math.ceil(value * 12);
      if (!levels.has(level)) levels.set(level, []);
      levels.get(level).push(`M${left} ${y(query)}L${right} ${y(key)}`);
    }
    return [...levels].map(([level, parts]) => shape("path", {
      d: parts.join(""), stroke: data.colours[head], "stroke-opacity": Math.min(1, level / 12 + 0.04), "stroke-width": 0.8 + (level / 12) * 4, fill: "none",
    }));
  };
  let chosen = null;
  const show = (token, anew = false) => {
    if (!anew && token?.side === chosen?.side && token?.index === chosen?.index) return;
    chosen = token;
    few.replaceChildren(...(chosen ? [...chart.on].flatMap((head) => drawn(head, touching(chosen))) : []));
    all.style.opacity = chosen ? 0 : 1;
    note.textContent = chosen ? numbers(chosen) : data.words.least;
  };
  const heads = () => {
    for (const head of chart.on) {
      if (made.has(head)) continue;
      made.set(head, group(""));
      made.get(head).append(...drawn(head, everything));
    }
    all.replaceChildren(...[...chart.on].map((head) => made.get(head)));
    show(chosen, true);
  };
  const numbers = ({ side, index }) => [...chart.on].map((head) => {
    const other = side === "query" ? data.keys : data.queries;
    const values = other.map((token, place) => [token, side === "query" ? weight(head, index, place) : weight(head, place, index)]);
    values.sort((a, b) => b[1] - a[1]);
    return `${data.words.head} ${head + 1}: ` + values.slice(0, 4).map(([token, value]) => `${token} ≈ ${value.toFixed(2)}`).join(", ");
  }).join(" · ");
  const of = (text) => (text ? { side: text.dataset.side, index: Number(text.dataset.index) } : null);
  // The row the pointer is in, beside the lines: from one token to the next there is no gap.
  svg.onpointermove = (event) => {
    const box = svg.getBoundingClientRect(), scale = width / box.width;
    const across = (event.clientX - box.left) * scale, index = Math.floor(((event.clientY - box.top) * scale - 5) / row);
    const side = across < left ? "query" : across > right ? "key" : null;
    show(side && index >= 0 && index < (side === "query" ? data.queries : data.keys).length ? { side, index } : null);
  };
  svg.onpointerleave = () => show(null);
  // There is no `onfocusin`; the listeners are added once and find the run's own functions.
  if (!chart.focused) {
    svg.addEventListener("focusin", (event) => chart.focused(event));
    svg.addEventListener("focusout", () => chart.left());
  }
  Object.assign(chart, { focused: (event) => show(of(event.target.closest?.("text"))), left: () => show(null) });
  svg.onkeydown = (event) => {
    const token = event.target.closest?.("text");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!token) return;
    const texts = [...svg.querySelectorAll(`text[data-side="${token.dataset.side}"]`)];
    const next = step ? texts[Number(token.dataset.index) + step] : ["ArrowLeft", "ArrowRight"].includes(event.key)
      ? svg.querySelector(`text[data-side="${event.key === "ArrowLeft" ? "query" : "key"}"]`) : null;
    if (next) { event.preventDefault(); next.focus(); }
  };
  heads();
}

const group = (name) => shape("g", { class: name });
