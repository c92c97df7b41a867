// Plays what a component has in steps: buttons, and a slider. Playing asks no server, which is told where it stopped.
// `data-step` and `data-playing` of the section tell where it stands.
//
// `film` outlives the draws: `at` is the step, `playing` whether it goes on, `telling` whether the server is still to be told.
// `draw(at)` draws a step and gives its `name` for the slider and the `count` beside it; `tell(at, ended)` tells the server,
// half a second after the last step or at the end; `pace()` is how many milliseconds a step stays.
function playback(film, { section, player, title, words, last, pace, draw, tell }) {
  clearTimeout(film.timer);
  const button = (name, sign, act) => {
    const element = make("button", name, sign);
    element.type = "button";
    element.title = words[name];
    element.setAttribute("aria-label", words[name]);
    element.onclick = act;
    return element;
  };
  const slider = make("input", "slider"), count = make("span", "count");
  const play = button("play", "", () => (film.playing ? move(film.at) : begin()));
  Object.assign(slider, { type: "range", min: 0, max: last, step: 1 });
  slider.oninput = () => move(Number(slider.value));
  for (const element of [slider, player]) element.setAttribute("aria-label", title);
  const focused = player.getRootNode().activeElement?.className;
  player.replaceChildren(
    button("first", "⇤", () => move(0)), button("back", "←", () => move(film.at - 1)), play,
    button("forward", "→", () => move(film.at + 1)), button("last", "⇥", () => move(last)), slider, count,
  );
  if (focused) [...player.children].find((element) => element.className === focused)?.focus();

  const show = (at) => {
    film.at = Math.max(0, Math.min(last, at));
    const said = draw(film.at);
    slider.value = film.at;
    slider.setAttribute("aria-valuetext", said.name);
    count.textContent = said.count;
    section.dataset.step = film.at;
    section.dataset.playing = film.playing ? "1" : "0";
    const name = film.playing ? "pause" : "play";
    play.textContent = film.playing ? `❚❚ ${words.pause}` : `▶ ${words.play}`;
    play.title = words[name];
    play.setAttribute("aria-label", words[name]);
  };
  const forget = () => { clearTimeout(film.telling); film.telling = null; };
  const soon = (ended) => {
    forget();
    film.telling = setTimeout(() => { film.telling = null; tell(film.at, ended); }, 500);
  };
  const stop = () => { clearTimeout(film.timer); film.playing = false; };
  const move = (at) => { stop(); show(at); soon(false); };
  const next = () => {
    if (film.at + 1 >= last) {
      stop();
      show(last);
      soon(true);
    } else {
      show(film.at + 1);
      film.timer = setTimeout(next, pace());
    }
  };
  const begin = (from = film.at >= last ? 0 : film.at) => {
    stop();
    forget();
    film.playing = last > 0;
    show(from);
    if (film.playing) film.timer = setTimeout(next, pace());
  };
  return { slider, show, move, stop, forget, begin };
}
