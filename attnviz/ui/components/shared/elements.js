// What every picture needs. Texts are set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, className = "", text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function shape(name, facts, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(facts)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// A plain loop: `Uint8Array.from` takes ten times as long.
const bytes = (base64) => {
  const text = atob(base64), found = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) found[place] = text.charCodeAt(place);
  return found;
};

// Labels of a scale of colours, each at its share of the width.
const labels = (ticks) => ticks.map(({ label, position }) => {
  const mark = make("span", "", label);
  mark.style.left = `${position * 100}%`;
  return mark;
});

// A scale of colours in steps.
const steps = (colours) => colours.map((colour) => {
  const step = make("div");
  step.style.background = colour;
  return step;
});
