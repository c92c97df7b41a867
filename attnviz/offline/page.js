// Plays the slides of a lecture. Everything that is said is set as text.
"use strict";
{
  const { slides, colours, words } = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("slides"), get = (id) => document.getElementById(id);
  const make = (tag, name = "", text = undefined) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const paragraphs = (name, all) => {
    const box = make("div", name);
    box.append(...all.map((each) => make("p", "", each)));
    return box;
  };

  /** Shades words, or dims regions, by one row of weights. */
  const shade = (picture, box, query) => {
    const row = picture.weights[query] ?? picture.weights[0], most = Math.max(...row, 1e-9);
    box.querySelectorAll(".token").forEach((token, at) => {
      const [fill, ink] = colours[Math.round((row[at] / most) * (colours.length - 1))];
      token.style.background = fill;
      token.style.color = ink;
      token.title = `${words.weight} ≈ ${row[at].toFixed(3)}`;
    });
    box.querySelectorAll(".seen i").forEach((region, at) => { region.style.opacity = String(0.82 * (1 - row[at] / most)); });
    box.querySelectorAll(".queries button").forEach((button, at) => button.setAttribute("aria-pressed", String(at === query)));
  };

  const drawn = (picture, several) => {
    const box = make("div", "picture");
    const changed = several ? ` – ${picture.edited ? words.changed : words.own}` : "";
    const place = picture.place.length ? ` · ${words.row.replace("{layer}", picture.place[0]).replace("{head}", picture.place[1])}` : "";
    box.append(make("p", "name", picture.model + changed + place));
    if (picture.queries.length) {
      const queries = make("p", "queries");
      picture.queries.forEach((token, at) => {
        const button = make("button", "", token);
        button.onclick = () => shade(picture, box, at);
        queries.append(button);
      });
      box.append(queries);
    }
    if (picture.keys) {
      const tokens = make("p", "tokens");
      tokens.dir = "auto";
      for (const [gap, token] of picture.keys) tokens.append(gap, make("span", "token", token));
      box.append(tokens);
    } else {
      const seen = make("div", "seen"), image = make("img");
      image.src = picture.image;
      image.alt = "";
      seen.append(image);
      for (const [x0, y0, x1, y1] of picture.boxes) {
        const region = make("i");
        Object.assign(region.style, { left: `${100 * x0}%`, top: `${100 * y0}%`, width: `${100 * (x1 - x0)}%`, height: `${100 * (y1 - y0)}%` });
        seen.append(region);
      }
      box.append(seen);
    }
    if (picture.written) box.append(make("p", "written", `${words.written} ${picture.written}`));
    if (picture.classes) {
      const table = make("table", "classes");
      for (const [name, share, percent] of picture.classes) {
        const line = table.insertRow(), bar = make("span", "bar");
        bar.style.width = `${12 * share}rem`;
        line.insertCell().textContent = name;
        line.insertCell().append(bar);
        line.insertCell().textContent = percent;
      }
      box.append(table);
    }
    shade(picture, box, picture.query);
    return box;
  };

  for (const slide of slides) {
    const section = make("section");
    section.append(make("h2", "", slide.title), paragraphs("words", slide.words));
    if (slide.ask) {
      const reveal = make("button", "reveal", words.weights);
      section.classList.add("veiled");
      reveal.onclick = () => section.classList.toggle("veiled");
      section.append(make("p", "ask", slide.ask), reveal);
    }
    if (slide.attempt) section.append(make("p", "attempt", `→ ${slide.attempt}`));
    const box = make("div", "pictures");
    box.append(...slide.pictures.map((picture) => drawn(picture, slide.pictures.length > 1 && slide.pictures.some((each) => each.edited))));
    section.append(box);
    if (slide.live) section.append(make("p", "live", slide.live));
    section.append(make("div", "room"), paragraphs("notes", slide.notes));
    main.append(section);
  }

  let here = Math.min(Math.max(Number(location.hash.slice(1)) || 1, 1), slides.length);
  const show = (number) => {
    if (number < 1 || number > slides.length) return;
    here = number;
    [...main.children].forEach((section, at) => section.classList.toggle("here", at === number - 1));
    get("place").textContent = `${number} / ${slides.length}`;
    get("previous").disabled = number === 1;
    get("next").disabled = number === slides.length;
    history.replaceState(null, "", `#${number}`);
  };
  get("previous").onclick = () => show(here - 1);
  get("next").onclick = () => show(here + 1);
  get("previous").title = words.previous;
  get("next").title = words.next;
  get("notes").textContent = words.notes;
  get("notes").onclick = () => document.body.classList.toggle("with-notes");
  get("print").textContent = words.print;
  get("print").onclick = () => { document.body.classList.remove("sheet"); print(); };
  get("sheet").textContent = words.sheet;
  get("sheet").onclick = () => { document.body.classList.add("sheet"); print(); };
  const keys = { PageDown: 1, ArrowRight: 1, " ": 1, PageUp: -1, ArrowLeft: -1 };
  addEventListener("keydown", (event) => {
    const steps = keys[event.key];
    if (!steps || event.ctrlKey || event.altKey || event.metaKey || (event.key === " " && event.target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    show(here + steps);
  });
  show(here);
}
