// A translation as it is written: the two sentences with lines between them, a map that grows by a row a step, and what else
// could have been written. All steps are in the data: playing and hovering ask no server. Tokens are set as text, never as
// markup. `data-attnviz-trace` tells what has been drawn.

const kept = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const section = find(".writing"), links = find(".links"), grid = find(".grid"), note = find(".note");
  const film = kept.get(parentElement) ?? { key: null, at: 0, playing: false };
  kept.set(parentElement, film);
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

  // What is met by the pointer, or nothing.
  let met = null;
  const shade = (span, code) => { [span.style.background, span.style.color] = code === null ? ["", ""] : data.ramp[code]; };
  const paint = () => {
    const step = film.at, query = met?.query ?? (met?.side === "target" ? met.index : met ? null : step), key = met?.key ?? (met?.side === "source" ? met.index : null);
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
    for (let row = 0; row <= film.at; row++) {
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
    const own = query !== null ? sources.map((token, index) => [token.text, weights[at(query, index)]]) : targets.map((token, index) => [token.text, weights[at(index, key)]]).slice(0, film.at + 1);
    own.sort((a, b) => b[1] - a[1]);
    const name = query !== null ? `${targets[query].text} →` : `→ ${sources[key].text}:`;
    return `${name} ${own.slice(0, 4).map(([text, value]) => `${text} ≈ ${value.toFixed(2)}`).join(", ")} · ${data.words.least}`;
  };

  // Where it stands. What has been written to its end stays there unless it is said otherwise: that is not told.
  const { slider, show, move, stop, forget, begin } = playback(film, {
    section, player: find(".player"), title: data.words.step, words: data.words, last, pace: () => 1000 / (data.speed || 2),
    draw: (step) => {
      paint();
      choices(step);
      return { name: targets[step].text, count: `${step + 1} / ${last + 1}` };
    },
    tell: (step, ended) => ended || film.send({ kind: "step", place: data.steps[step].place }),
  });

  // What else could have been written.
  function choices(at) {
    const step = data.steps[at];
    find(".choices h3").textContent = `${data.words.alternatives} ${at + 1}: ${targets[at].text}`;
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
      choose.onclick = () => { stop(); forget(); film.send({ kind: "alternative", place: step.place, token: each.token }); };
      item.append(choose);
      return item;
    }));
    const words = data.forced ? (step.differs ? `${data.words.preferred} ${step.preferred}` : data.words.agreed) : data.words.continue;
    find(".hint").textContent = words;
  }

  const of = (element) => {
    const place = element?.closest?.(".token, .cell, .row, .column")?.dataset;
    if (!place || Number(place.query ?? (place.side === "target" ? place.index : -1)) > film.at) return null;
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
    if (!token) { move(film.at + step); return; }
    const side = token.dataset.side === "source" ? source : target.slice(0, film.at + 1);
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

  const still = data.forced || !data.speed || matchMedia("(prefers-reduced-motion: reduce)").matches;
  const same = film.key === data.key;
  film.key = data.key;
  if (same) film.playing ? begin(film.at) : show(film.at);
  else {
    stop();
    if (data.at >= 0) show(data.at);
    else if (still) show(last);
    else begin(data.start);
  }
  section.dataset.attnvizTrace = data.text;
}

const number = (value) => String(Number(value.toPrecision(9)));

function marked(element, facts) {
  Object.assign(element.dataset, facts);
  return element;
}

function legend(figure, data) {
  figure.querySelector("p").textContent = data.legend.title;
  figure.querySelector(".ramp").replaceChildren(...steps(data.ramp.filter((_, index) => index % 4 === 0).map(([colour]) => colour)));
  figure.querySelector(".ticks").replaceChildren(...labels(data.legend.ticks));
}
