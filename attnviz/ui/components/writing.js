// A translation as it is written: the two sentences with lines between them, a map that grows by a row a step, and what else
// could have been written. All steps are in the data: playing and hovering ask no server. Tokens are set as text, never as
// markup. `data-attnviz-trace` tells what has been drawn, `data-step` where it stands.

const SVG = "http://www.w3.org/2000/svg";
const kept = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const section = find(".writing"), links = find(".links"), grid = find(".grid"), note = find(".note");
  const film = kept.get(parentElement) ?? { key: null, step: 0, playing: false };
  kept.set(parentElement, film);
  film.stop?.();
  film.send = (event) => setStateValue("event", { ...event, stamp: Date.now() + Math.random() });
  const sources = data.source.tokens, targets = data.target.tokens, last = targets.length - 1;
  const codes = bytes(data.codes), weights = new Float32Array(bytes(data.weights).buffer);
  const at = (query, key) => query * sources.length + key;
  section.classList.toggle("long", Math.max(sources.length, targets.length) > 26);
  section.style.setProperty("--accent", data.colours.accent);
  section.style.setProperty("--line", data.colours.line);

  // The two sentences.
  const line = (side, { language, tokens }) => {
    const paragraph = find(`.${side}`);
    paragraph.lang = language;
    paragraph.dir = "auto";
    paragraph.setAttribute("aria-label", `${data.words[side === "source" ? "source" : "translation"]}: ${tokens.map((token) => token.gap + token.text).join("")}`);
    const spans = tokens.map((token, index) => {
      const span = make("span", `token${token.special ? " special" : ""}${token.unknown ? " unknown" : ""}`, token.text);
      span.dataset.side = side;
      span.dataset.index = index;
      span.tabIndex = index ? -1 : 0;
      if (side === "target") {
        const step = data.steps[index];
        if (data.forced) span.append(make("span", "number", step.percent));
        if (data.forced && step.differs) span.classList.add("differs");
      }
      return span;
    });
    paragraph.replaceChildren(...spans.flatMap((span, index) => (tokens[index].gap ? [tokens[index].gap, span] : [span])));
    return spans;
  };
  const source = line("source", data.source), target = line("target", data.target);

  // The map.
  const wide = sources.length <= 12, cjk = (text) => /[\u3000-\u9fff\uf900-\uffef]/.test(text);
  grid.classList.toggle("wide", wide);
  grid.style.gridTemplateColumns = `max-content repeat(${sources.length}, max-content)`;
  grid.setAttribute("aria-label", data.alt);
  const columns = sources.map((token, key) => marked(make("span", `column${cjk(token.text) ? " upright" : ""}`, token.text), { side: "source", index: key }));
  const rows = [], cells = [];
  targets.forEach((token, query) => {
    rows.push(marked(make("span", "row", token.text), { side: "target", index: query }));
    cells.push(sources.map((_, key) => {
      const cell = make("div", wide ? "cell number" : "cell", wide ? weights[at(query, key)].toFixed(2) : "");
      [cell.style.background, cell.style.color] = data.ramp[codes[at(query, key)]];
      return marked(cell, { query, key });
    }));
  });
  grid.replaceChildren(make("span"), ...columns, ...rows.flatMap((row, query) => [row, ...cells[query]]));
  find(".name").textContent = data.name;
  legend(find(".legend"), data);

  // The player.
  const player = find(".player");
  const button = (name, sign, act) => {
    const element = make("button", name, sign);
    element.type = "button";
    element.title = data.words[name];
    element.setAttribute("aria-label", data.words[name]);
    element.onclick = act;
    return element;
  };
  const slider = make("input");
  Object.assign(slider, { type: "range", min: 0, max: last, step: 1 });
  slider.setAttribute("aria-label", data.words.step);
  slider.oninput = () => move(Number(slider.value));
  const count = make("span", "count"), play = button("play", "", () => (film.playing ? pause() : begin()));
  player.setAttribute("aria-label", data.words.step);
  const focused = parentElement.activeElement?.className ?? (player.getRootNode().activeElement ?? {}).className;
  player.replaceChildren(
    button("first", "⇤", () => move(0)), button("back", "←", () => move(film.step - 1)), play,
    button("forward", "→", () => move(film.step + 1)), button("last", "⇥", () => move(last)), slider, count,
  );
  if (focused) [...player.children].find((element) => element.className === focused)?.focus();

  // What is met by the pointer, or nothing.
  let met = null;
  const shade = (span, code) => { [span.style.background, span.style.color] = code === null ? ["", ""] : data.ramp[code]; };
  const paint = () => {
    const { step } = film, query = met?.query ?? (met?.side === "target" ? met.index : met ? null : step), key = met?.key ?? (met?.side === "source" ? met.index : null);
    target.forEach((span, index) => {
      span.classList.toggle("later", index > step);
      span.classList.toggle("now", index === step && !met);
      span.classList.toggle("met", met !== null && index === query);
      shade(span, key !== null && query === null ? codes[at(index, key)] : null);
    });
    source.forEach((span, index) => {
      span.classList.toggle("met", met !== null && index === key);
      shade(span, query !== null ? codes[at(query, index)] : null);
    });
    rows.forEach((row, index) => { row.classList.toggle("later", index > step); row.classList.toggle("met", index === (met ? query : step)); });
    columns.forEach((column, index) => column.classList.toggle("met", index === key));
    cells.forEach((line, index) => line.forEach((cell, place) => {
      cell.classList.toggle("later", index > step);
      cell.classList.toggle("now", index === step);
      cell.classList.toggle("met", met?.query === index && met?.key === place);
    }));
    draw(query, key);
    note.textContent = told(query, key);
  };
  const draw = (query, key) => {
    const frame = links.getBoundingClientRect(), lines = [];
    links.setAttribute("viewBox", `0 0 ${Math.max(frame.width, 1)} ${Math.max(frame.height, 1)}`);
    for (let row = 0; row <= film.step; row++) {
      for (let column = 0; column < source.length; column++) {
        const value = weights[at(row, column)];
        const own = query !== null && key !== null ? row === query && column === key : row === query || column === key;
        if (value < data.least || (met && !own)) continue;
        const from = source[column].getBoundingClientRect(), to = target[row].getBoundingClientRect();
        lines.push(shape("line", {
          x1: from.left + from.width / 2 - frame.left, y1: from.bottom - frame.top, x2: to.left + to.width / 2 - frame.left, y2: to.top - frame.top,
          stroke: own ? data.colours.accent : data.colours.line, "stroke-opacity": Math.min(1, own ? 0.25 + value : 0.08 + value * 0.45), "stroke-width": 1 + value * 4,
        }));
      }
    }
    links.replaceChildren(...lines);
  };
  const told = (query, key) => {
    if (query !== null && key !== null && met) return `${targets[query].text} → ${sources[key].text}: ${data.words.weight} ${number(weights[at(query, key)])}`;
    const own = query !== null ? sources.map((token, index) => [token.text, weights[at(query, index)]]) : targets.map((token, index) => [token.text, weights[at(index, key)]]).slice(0, film.step + 1);
    own.sort((a, b) => b[1] - a[1]);
    const name = query !== null ? `${targets[query].text} →` : `→ ${sources[key].text}:`;
    return `${name} ${own.slice(0, 4).map(([text, value]) => `${text} ≈ ${value.toFixed(2)}`).join(", ")} · ${data.words.least}`;
  };

  // Where it stands.
  const show = (step) => {
    film.step = Math.max(0, Math.min(last, step));
    slider.value = film.step;
    slider.setAttribute("aria-valuetext", targets[film.step].text);
    count.textContent = `${film.step + 1} / ${last + 1}`;
    section.dataset.step = film.step;
    section.dataset.playing = film.playing ? "1" : "0";
    const name = film.playing ? "pause" : "play";
    play.textContent = film.playing ? `❚❚ ${data.words.pause}` : `▶ ${data.words.play}`;
    play.title = data.words[name];
    play.setAttribute("aria-label", data.words[name]);
    paint();
    choices();
  };
  const tell = () => {
    clearTimeout(film.telling);
    film.telling = setTimeout(() => film.send({ kind: "step", place: data.steps[film.step].place }), 500);
  };
  const move = (step) => { stop(); show(step); tell(); };
  const stop = () => { clearTimeout(film.timer); film.playing = false; };
  const pause = () => { stop(); show(film.step); tell(); };
  const next = () => {
    if (film.step >= last) { stop(); show(film.step); return; }
    if (film.step + 1 >= last) film.playing = false;
    show(film.step + 1);
    if (film.playing) film.timer = setTimeout(next, pace());
  };
  const pace = () => 1000 / (data.speed || 2);
  const begin = (from) => {
    stop();
    film.playing = last > 0;
    show(from ?? (film.step >= last ? 0 : film.step));
    if (film.playing) film.timer = setTimeout(next, pace());
  };

  // What else could have been written.
  const choices = () => {
    const step = data.steps[film.step];
    find(".choices h3").textContent = `${data.words.alternatives} ${film.step + 1}: ${targets[film.step].text}`;
    find(".choices ol").replaceChildren(...step.alternatives.map((each) => {
      const item = make("li"), choose = make("button"), bar = make("div", "bar");
      choose.type = "button";
      choose.lang = data.target.language;
      choose.setAttribute("aria-pressed", String(each.written));
      choose.setAttribute("aria-label", `${each.text}, ${each.percent}${each.written ? `, ${data.words.chosen}` : ""}`);
      bar.style.width = `${Math.max(each.share * 100, 1)}%`;
      const frame = make("div");
      frame.append(bar);
      choose.append(make("span", "word", each.text), frame, make("span", "value", each.percent));
      choose.disabled = data.forced || each.written;
      choose.onclick = () => { stop(); clearTimeout(film.telling); film.send({ kind: "alternative", place: step.place, token: each.token }); };
      item.append(choose);
      return item;
    }));
    const words = data.forced ? (step.differs ? `${data.words.preferred} ${step.preferred}` : data.words.agreed) : data.words.continue;
    find(".hint").textContent = words;
  };

  const of = (element) => {
    const place = element?.closest?.(".token, .cell, .row, .column")?.dataset;
    if (!place || Number(place.query ?? (place.side === "target" ? place.index : -1)) > film.step) return null;
    return place.side ? { side: place.side, index: Number(place.index) } : { query: Number(place.query), key: Number(place.key) };
  };
  const meet = (place) => { if (JSON.stringify(place) !== JSON.stringify(met)) { met = place; paint(); } };
  section.onpointerover = (event) => meet(of(event.target));
  section.onpointerleave = () => meet(null);
  section.onclick = (event) => {
    const place = of(event.target), query = place?.query ?? (place?.side === "target" ? place.index : null);
    if (place && query !== null) { met = null; move(query); }
  };
  section.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], token = event.target.closest?.(".token");
    if (event.target === slider || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") { meet(null); return; }
    if (token && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); token.click(); return; }
    if (!step) return;
    event.preventDefault();
    if (!token) { move(film.step + step); return; }
    const side = token.dataset.side === "source" ? source : target.slice(0, film.step + 1);
    side[Number(token.dataset.index) + step]?.focus();
  };
  film.focus = (event) => { if (event.target.matches?.(".token")) meet(of(event.target)); };
  film.blur = () => meet(null);
  film.resize = () => paint();
  // There is no `onfocusin`; the listeners are added once and find the run's own functions.
  if (!film.listening) {
    film.listening = true;
    section.addEventListener("focusin", (event) => film.focus(event));
    section.addEventListener("focusout", () => film.blur());
    new ResizeObserver(() => film.resize()).observe(find(".pair"));
  }
  film.stop = () => clearTimeout(film.timer);

  const still = data.forced || !data.speed || matchMedia("(prefers-reduced-motion: reduce)").matches;
  const same = film.key === data.key;
  film.key = data.key;
  if (same) film.playing ? begin(film.step) : show(film.step);
  else {
    stop();
    if (data.at >= 0) show(data.at);
    else if (still) show(last);
    else begin(data.start);
  }
  section.dataset.attnvizTrace = data.text;
}

const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const number = (value) => String(Number(value.toPrecision(9)));

function make(tag, className = "", text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function marked(element, facts) {
  Object.assign(element.dataset, facts);
  return element;
}

function shape(name, facts) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(facts)) element.setAttribute(key, value);
  return element;
}

function legend(figure, data) {
  figure.querySelector("p").textContent = data.legend.title;
  figure.querySelector(".ramp").replaceChildren(...data.ramp.filter((_, index) => index % 4 === 0).map(([colour]) => {
    const step = make("div");
    step.style.background = colour;
    return step;
  }));
  figure.querySelector(".ticks").replaceChildren(...data.legend.ticks.map((tick) => {
    const mark = make("span", "", tick.label);
    mark.style.left = `${tick.position * 100}%`;
    return mark;
  }));
}
