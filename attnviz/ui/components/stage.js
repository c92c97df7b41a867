// The first picture: each sentence with its tokens shaded by weight, and beside it the prediction. Everything shown is
// set as text, never as markup. `data-attnviz-trace` tells what has been drawn. While the sentences stay the same, their
// tokens are only shaded anew: laying out hundreds of them takes longer than all else.

const shows = new WeakMap(), laid = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const stage = parentElement.querySelector(".stage");
  const rows = stage.querySelector(".rows"), tip = stage.querySelector(".tip");
  const many = data.rows.filter((row) => row.selectable).length > 1;
  const active = root(parentElement).activeElement;
  const focused = active?.classList?.contains("line") ? active.dataset.index : null;
  stage.className = "stage" + (many ? " many" : "") + (data.numbers ? " numbers" : "") + (data.tokens_choosable ? " choosable" : "") +
    (data.rows.some((row) => row.tokens?.length > 40) ? " long" : "");
  stage.style.setProperty("--bar", data.colours.bar);
  stage.style.setProperty("--accent", data.colours.accent);
  stage.setAttribute("aria-label", data.words.label);
  tip.hidden = true;

  const scale = stage.querySelector(".legend");
  const layout = JSON.stringify([many, data.numbers, data.text_language, data.rows.map(outline)]);
  if (laid.get(rows) !== layout) {
    stage.append(scale);
    rows.replaceChildren(...data.rows.map((row) => line(row, data, many)));
    laid.set(rows, layout);
    if (focused !== null) rows.querySelector(`.line[data-index="${focused}"]`)?.focus();
  }
  data.rows.forEach((row, index) => shade(rows.children[index], row, data, many));
  const place = many ? stage : rows.querySelector(".line .words") ?? stage;
  if (scale.parentElement !== place) place.append(scale);
  legend(scale, data.legend);
  stage.dataset.attnvizTrace = data.text;

  const choose = (target) => {
    const token = target.closest(".token"), line = target.closest(".line");
    if (data.tokens_choosable && token && line.dataset.index !== "0") {
      setStateValue("token", { sentence: Number(line.dataset.index), token: Number(token.dataset.token), stamp: Date.now() + Math.random() });
      return;
    }
    const chosen = target.closest(".line");
    if (many && chosen?.dataset.selectable) setStateValue("selected", Number(chosen.dataset.index));
  };
  rows.onclick = (event) => choose(event.target);
  rows.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      if (event.target.matches(".line, .token")) { event.preventDefault(); choose(event.target); }
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const tokens = [...event.target.closest(".line").querySelectorAll(".token")];
      const step = event.key === "ArrowRight" ? 1 : -1;
      const next = tokens[tokens.indexOf(event.target) + step] ?? tokens[step > 0 ? 0 : tokens.length - 1];
      if (next) { event.preventDefault(); next.focus(); }
    } else if (event.key === "Escape") tip.hidden = true;
  };
  const show = (event) => {
    const token = event.target.closest?.(".token");
    if (!token) { tip.hidden = true; return; }
    tip.textContent = token.dataset.tip;
    tip.hidden = false;
    const frame = stage.getBoundingClientRect(), place = token.getBoundingClientRect();
    const left = place.left + place.width / 2 - frame.left - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(0, Math.min(left, frame.width - tip.offsetWidth))}px`;
    const above = place.top - frame.top - tip.offsetHeight - 4;
    tip.style.top = `${above > -frame.top ? above : place.bottom - frame.top + 4}px`;
  };
  rows.onpointerover = show;
  rows.onpointerleave = () => { tip.hidden = true; };
  // There is no `onfocusin`; the listeners are added once and find the run's own `show`.
  if (!shows.has(rows)) {
    rows.addEventListener("focusin", (event) => shows.get(rows)(event));
    rows.addEventListener("focusout", () => { tip.hidden = true; });
  }
  shows.set(rows, show);
}

const root = (element) => element.getRootNode?.() ?? document;

// What a line's layout depends on, apart from the prediction.
const outline = ({ index, name, error, selectable, tokens, classes }) =>
  [index, name, error, selectable, classes?.length, tokens?.map(({ text, gap, place }) => [text, gap, place])];

// A line with its tokens, not yet shaded.
function line(row, data, many) {
  const element = make("div", "line");
  element.setAttribute("role", "listitem");
  element.dataset.index = row.index;
  if (many && row.selectable) {
    element.dataset.selectable = "1";
    element.tabIndex = 0;
  }
  if (row.name) element.append(make("p", "name", row.name));
  if (row.error) { element.append(make("p", "error", row.error)); return element; }
  const sentence = make("p", "sentence");
  sentence.dir = "auto";
  sentence.lang = data.text_language;
  row.tokens.forEach((token, index) => {
    if (token.gap) sentence.append(token.gap);
    const span = make("span", "token", token.text);
    span.dataset.token = token.place;
    if (data.numbers) span.append(make("span", "number"));
    span.tabIndex = index === 0 ? 0 : -1;
    sentence.append(span);
  });
  const words = make("div", "words");
  words.append(sentence);
  element.append(words);
  if (row.classes.length) element.append(make("div"));
  else element.classList.add("alone");
  return element;
}

function shade(element, row, data, many) {
  if (many && row.selectable) element.setAttribute("aria-current", String(row.index === data.selected));
  if (row.error) return;
  element.querySelector(".sentence").setAttribute("aria-label", row.alt);
  const spans = element.querySelectorAll(".token");
  row.tokens.forEach((token, index) => {
    const span = spans[index];
    span.className = "token" + (token.unknown ? " unknown" : "") + (token.query ? " query" : "");
    span.style.background = token.fill;
    span.style.color = token.ink;
    span.dataset.tip = token.tip;
    span.dataset.weight = token.weight;
    if (data.numbers) span.lastChild.textContent = token.number;
  });
  if (row.classes.length) element.lastChild.replaceWith(many ? verdict(row) : classes(row));
}

function verdict(row) {
  const best = row.classes.find((entry) => entry.top);
  return make("div", "verdict", best ? `${best.name} ${best.percent}` : "");
}

function classes(row) {
  const list = make("div", "classes");
  for (const entry of row.classes) {
    const top = entry.top ? " top" : "";
    const bar = make("div", `bar${top}`);
    bar.style.width = `${Math.max(entry.share * 100, 0.2)}%`;
    list.append(make("span", `class${top}`, entry.name), bar, make("span", `value${top}`, entry.percent));
  }
  if (row.others) list.append(make("span", "class others", row.others.name), make("span"), make("span", "value others", row.others.percent));
  return list;
}

function legend(figure, scale) {
  figure.querySelector("figcaption").textContent = scale.title;
  figure.querySelector(".ramp").replaceChildren(...steps(scale.ramp));
  figure.querySelector(".ticks").replaceChildren(...labels(scale.ticks));
}
