// Queries on the left, keys on the right, a line for each weight: as strong as the weight, in the colour of its head.
// Hovering and choosing heads happens here, without asking the server. Tokens are set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const kept = new WeakMap();

export default function ({ data, parentElement }) {
  const chart = kept.get(parentElement) ?? { on: null, heads: 0 };
  kept.set(parentElement, chart);
  if (chart.on === null || chart.heads !== data.heads || chart.first !== data.head) chart.on = new Set([data.head]);
  chart.heads = data.heads;
  chart.first = data.head;
  const find = (selector) => parentElement.querySelector(selector);
  const svg = find("svg"), note = find(".note"), boxes = find(".heads");
  const codes = Uint8Array.from(atob(data.codes), (character) => character.charCodeAt(0));
  const row = data.size, left = data.gutter, width = 900, right = width - data.gutter;
  const height = Math.max(data.queries.length, data.keys.length) * row + 10;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", data.alt);
  const weight = (head, query, key) => codes[(head * data.queries.length + query) * data.keys.length + key] / 255;
  const y = (index) => index * row + row / 2 + 5;

  boxes.setAttribute("aria-label", data.words.heads);
  boxes.replaceChildren(...data.colours.map((colour, head) => {
    const label = document.createElement("label"), input = document.createElement("input"), swatch = document.createElement("span");
    input.type = "checkbox";
    input.checked = chart.on.has(head);
    input.onchange = () => { input.checked ? chart.on.add(head) : chart.on.delete(head); draw(null); };
    swatch.className = "swatch";
    swatch.style.background = colour;
    label.append(input, swatch, `${data.words.head} ${head + 1}`);
    return label;
  }));

  const layer = document.createElementNS(SVG, "g");
  const column = (tokens, side) => tokens.map((token, index) => {
    const element = document.createElementNS(SVG, "text");
    const facts = { x: side === "query" ? left - 8 : right + 8, y: y(index), "text-anchor": side === "query" ? "end" : "start",
                    "dominant-baseline": "central", "font-size": row * 0.62, tabindex: index ? -1 : 0 };
    for (const [name, value] of Object.entries(facts)) element.setAttribute(name, value);
    element.textContent = token;
    element.dataset.side = side;
    element.dataset.index = index;
    return element;
  });
  svg.replaceChildren(layer, ...column(data.queries, "query"), ...column(data.keys, "key"));

  const draw = (chosen) => {
    const paths = [];
    for (const head of chart.on) {
      const parts = new Map();
      for (let query = 0; query < data.queries.length; query++) {
        if (chosen?.side === "query" && chosen.index !== query) continue;
        for (let key = 0; key < data.keys.length; key++) {
          if (chosen?.side === "key" && chosen.index !== key) continue;
          const value = weight(head, query, key);
          if (value < data.least) continue;
          const level = Math.ceil(value * 12);
          parts.set(level, `${parts.get(level) ?? ""}M${left} ${y(query)}L${right} ${y(key)}`);
        }
      }
      for (const [level, line] of parts) {
        const path = document.createElementNS(SVG, "path");
        const facts = { d: line, stroke: data.colours[head], "stroke-opacity": Math.min(1, level / 12 + 0.04), "stroke-width": 0.8 + (level / 12) * 4, fill: "none" };
        for (const [name, value] of Object.entries(facts)) path.setAttribute(name, value);
        paths.push(path);
      }
    }
    layer.replaceChildren(...paths);
    note.textContent = chosen ? numbers(chosen) : data.words.least;
  };
  const numbers = ({ side, index }) => [...chart.on].map((head) => {
    const other = side === "query" ? data.keys : data.queries;
    const values = other.map((token, place) => [token, side === "query" ? weight(head, index, place) : weight(head, place, index)]);
    values.sort((a, b) => b[1] - a[1]);
    return `${data.words.head} ${head + 1}: ` + values.slice(0, 4).map(([token, value]) => `${token} ≈ ${value.toFixed(2)}`).join(", ");
  }).join(" · ");
  const over = (event) => {
    const token = event.target.closest?.("text");
    draw(token ? { side: token.dataset.side, index: Number(token.dataset.index) } : null);
  };
  svg.onpointerover = over;
  svg.onpointerleave = () => draw(null);
  // There is no `onfocusin`; the listeners are added once and find the run's own functions.
  if (!chart.over) {
    svg.addEventListener("focusin", (event) => chart.over(event));
    svg.addEventListener("focusout", () => chart.leave());
  }
  Object.assign(chart, { over, leave: () => draw(null) });
  svg.onkeydown = (event) => {
    const token = event.target.closest?.("text");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!token) return;
    const texts = [...svg.querySelectorAll(`text[data-side="${token.dataset.side}"]`)];
    const next = step ? texts[Number(token.dataset.index) + step] : ["ArrowLeft", "ArrowRight"].includes(event.key)
      ? svg.querySelector(`text[data-side="${event.key === "ArrowLeft" ? "query" : "key"}"]`) : null;
    if (next) { event.preventDefault(); next.focus(); }
  };
  draw(null);
}
