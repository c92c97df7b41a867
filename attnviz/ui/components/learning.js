// A training played back: bars of the weights and of the answer at each look, and the frame that marks the look in the chart
// below. All looks are in the data.

const kept = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const section = find(".learning"), last = data.looks.length - 1;
  const film = kept.get(parentElement) ?? { key: null, at: 0, playing: false };
  kept.set(parentElement, film);
  film.send = (look) => setStateValue("event", { look, stamp: Date.now() + Math.random() });
  section.style.setProperty("--bar", data.colours.bar);
  section.style.setProperty("--accent", data.colours.accent);

  const bars = rows(find(".bars"), data.words.weights, data.tokens, data.language, ["0", "0.25", "0.5", "0.75", "1"]);
  const answer = rows(find(".answer"), data.words.answer, data.answers, data.answerLanguage, ["0", "50 %", "100 %"]);
  find(".answer").hidden = !data.answers.length;
  const writes = find(".writes"), own = find(".now-written");
  writes.hidden = !data.fixed;
  writes.setAttribute("aria-label", data.words.writes);
  find(".own strong").textContent = data.words.writes;
  find(".fixed").textContent = data.fixed;
  own.lang = data.answerLanguage;

  // The frame stands where the server drew it; from there it is moved by whole columns.
  const mark = () => {
    const box = document.querySelector(`.st-key-${CSS.escape(data.chart)}`), plot = box?.querySelector(".js-plotly-plot");
    const column = (plot?.querySelector(".nsewdrag")?.getBoundingClientRect().width ?? 0) / data.looks.length;
    for (const frame of plot?.querySelectorAll(".shapelayer path") ?? []) {
      frame.setAttribute("transform", `translate(${(film.at - data.at) * column}, 0)`);
      // On a narrow screen the chart is wider than its box.
      const [own, room] = [frame.getBoundingClientRect(), box.getBoundingClientRect()];
      if (own.left < room.left || own.right > room.right) box.scrollLeft += own.left - room.left - room.width / 2;
    }
    if (plot && plot !== film.plot) {
      film.watch?.disconnect();
      film.watch = new ResizeObserver(() => requestAnimationFrame(() => film.mark()));
      film.watch.observe(plot);
      film.plot = plot;
    }
  };
  film.mark = mark;
  const { slider, show, move, stop, forget, begin } = playback(film, {
    section, player: find(".player"), title: data.words.slider, words: data.words, last, pace: () => data.pace,
    draw: (look) => {
      const state = data.looks[look];
      fill(bars, state.weights, state.numbers);
      fill(answer, state.shares, state.percents, state.top);
      if (data.answers.length) answer.told.textContent = state.told;
      if (data.fixed) own.textContent = state.writes;
      mark();
      return { name: state.name, count: state.name };
    },
    tell: (look) => film.send(look),
  });
  section.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.target === slider || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move(film.at + step);
  };

  const same = film.key === data.key;
  film.key = data.key;
  if (!same) { stop(); forget(); }
  if (film.playing) begin(film.at);
  else show(film.telling ? film.at : data.at);
  // The chart below is drawn after this and may be drawn again by the same run.
  for (const delay of [100, 400, 1200]) setTimeout(() => film.mark(), delay);
}

function rows(place, title, names, language, marks) {
  const told = make("p", "told"), ticks = make("div", "ticks"), scale = make("div", "row");
  ticks.append(...labels(marks.map((label, index) => ({ label, position: index / (marks.length - 1) }))));
  scale.append(make("span"), ticks, make("span"));
  scale.setAttribute("aria-hidden", "true");
  place.setAttribute("aria-label", title);
  const lines = names.map(({ text, unknown }) => {
    const row = make("div", "row"), name = make("span", `name${unknown ? " unknown" : ""}`, text), track = make("div", "track"), bar = make("div", "bar"), value = make("span", "value");
    name.lang = language;
    name.title = text;
    track.append(bar);
    row.append(name, track, value);
    return { row, bar, value };
  });
  place.replaceChildren(make("h3", "", title), told, ...lines.map(({ row }) => row), scale);
  return { told, lines };
}

function fill({ lines }, shares, numbers, top = -1) {
  lines.forEach(({ row, bar, value }, index) => {
    bar.style.width = `${shares[index] * 100}%`;
    value.textContent = numbers[index];
    row.classList.toggle("top", index === top);
  });
}
