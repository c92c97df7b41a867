// Saves or copies the figure above as it stands on the screen. What is drawn is read from the page into one SVG: text stays
// text, so that every script comes through; a PNG is that SVG painted at three times its size.

const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement }) {
  const tools = parentElement.querySelector(".tools");
  const said = document.createElement("span");
  said.className = "said";
  said.setAttribute("role", "status");
  const button = (words, act) => {
    const element = document.createElement("button");
    element.type = "button";
    element.textContent = words;
    element.onclick = async () => {
      said.textContent = "";
      try { said.textContent = (await act()) ?? ""; } catch (error) { said.textContent = `${data.words.failed} (${error.name})`; }
    };
    return element;
  };
  const figure = () => drawing(data.target, data.alt);
  tools.setAttribute("aria-label", data.words.group);
  tools.replaceChildren(
    button("PNG", async () => save(await png(figure()), `${data.file}.png`)),
    button("SVG", () => save(new Blob([text(figure())], { type: "image/svg+xml" }), `${data.file}.svg`)),
    button(data.words.copy, async () => {
      if (!navigator.clipboard?.write) return data.words.no_clipboard;
      await navigator.clipboard.write([new ClipboardItem({ "image/png": png(figure()) })]);
      return data.words.copied;
    }),
    said,
  );
}

function drawing(target, alt) {
  const container = document.querySelector(`.st-key-${CSS.escape(target)}`);
  const plot = container?.querySelector(".js-plotly-plot");
  const svg = plot ? fromPlotly(plot) : fromPage(within(container));
  const title = document.createElementNS(SVG, "title");
  title.textContent = alt;
  svg.prepend(title);
  return svg;
}

function blank(width, height, colour) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ xmlns: SVG, width, height, viewBox: `0 0 ${width} ${height}` })) svg.setAttribute(name, value);
  rect(svg, 0, 0, width, height, colour);
  return svg;
}

function rect(parent, x, y, width, height, fill, radius = 0) {
  const element = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x, y, width, height, fill, rx: radius })) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

// Plotly draws in several layers that lie on each other: they become one.
function fromPlotly(plot) {
  const frame = plot.getBoundingClientRect();
  const svg = blank(frame.width, frame.height, pageColour());
  for (const layer of plot.querySelectorAll(".main-svg")) {
    const copy = layer.cloneNode(true);
    copy.removeAttribute("style");
    copy.querySelectorAll(".hoverlayer, .modebar").forEach((element) => element.remove());
    svg.append(copy);
  }
  return svg;
}

const pageColour = () => {
  for (const element of [document.querySelector(".stApp"), document.body]) {
    const colour = element && getComputedStyle(element).backgroundColor;
    if (colour && colour !== "rgba(0, 0, 0, 0)") return colour;
  }
  return "#ffffff";
};

function within(container) {
  const hosts = [container, ...container.querySelectorAll("*")].filter((element) => element.shadowRoot);
  return hosts.map((host) => host.shadowRoot.querySelector("section, figure")).find(Boolean) ?? container;
}

// A piece of the page: every coloured box, every line of text, at its place.
function fromPage(piece) {
  const frame = piece.getBoundingClientRect(), pad = 12;
  const svg = blank(frame.width + 2 * pad, frame.height + 2 * pad, pageColour());
  const place = (box) => [box.left - frame.left + pad, box.top - frame.top + pad];
  const visit = (node) => {
    if (node.nodeType === Node.TEXT_NODE) { lines(node).forEach(([words, box]) => write(svg, node.parentElement, words, box, place)); return; }
    if (node.nodeType !== Node.ELEMENT_NODE || node.hidden || "tools" in node.dataset || ["STYLE", "SCRIPT"].includes(node.tagName)) return;
    const look = getComputedStyle(node);
    if (look.display === "none" || look.visibility === "hidden") return;
    if (look.backgroundColor !== "rgba(0, 0, 0, 0)") {
      for (const box of node.getClientRects()) rect(svg, ...place(box), box.width, box.height, look.backgroundColor, parseFloat(look.borderRadius) || 0);
    }
    if (node.tagName === "CANVAS") { picture(svg, node, place); return; }
    if (node.tagName === "svg") { drawn(svg, node, place); return; }
    node.childNodes.forEach(visit);
  };
  visit(piece);
  return svg;
}

function picture(svg, canvas, place) {
  const box = canvas.getBoundingClientRect(), [x, y] = place(box);
  const image = document.createElementNS(SVG, "image");
  const facts = { x, y, width: box.width, height: box.height, href: canvas.toDataURL(), preserveAspectRatio: "none", style: "image-rendering: pixelated" };
  for (const [name, value] of Object.entries(facts)) image.setAttribute(name, value);
  svg.append(image);
}

// An SVG within the page, with the looks that style sheets give its text.
function drawn(svg, original, place) {
  const box = original.getBoundingClientRect(), [x, y] = place(box);
  const copy = original.cloneNode(true);
  for (const [name, value] of Object.entries({ x, y, width: box.width, height: box.height })) copy.setAttribute(name, value);
  const texts = copy.querySelectorAll("text");
  original.querySelectorAll("text").forEach((text, index) => {
    const look = getComputedStyle(text);
    texts[index].setAttribute("fill", look.fill);
    texts[index].setAttribute("font-family", look.fontFamily);
  });
  svg.append(copy);
}

function lines(node) {
  const found = [], range = document.createRange();
  const clusters = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(node.data)];
  for (const { segment, index } of clusters) {
    range.setStart(node, index);
    range.setEnd(node, index + segment.length);
    const box = range.getBoundingClientRect();
    if (!box.width) continue;
    const last = found.at(-1);
    if (last && Math.abs(last[1].top - box.top) < 2) {
      last[0] += segment;
      last[1] = new DOMRect(Math.min(last[1].left, box.left), box.top, Math.max(last[1].right, box.right) - Math.min(last[1].left, box.left), box.height);
    } else found.push([segment, box]);
  }
  return found.filter(([words]) => words.trim());
}

function write(svg, element, words, box, place) {
  const look = getComputedStyle(element), size = parseFloat(look.fontSize);
  const [x, y] = place(box);
  const line = document.createElementNS(SVG, "text");
  const facts = { x, y: y + box.height / 2, "dominant-baseline": "central", fill: look.color, "font-size": size, "font-weight": look.fontWeight,
                  "font-family": look.fontFamily, textLength: box.width, lengthAdjust: "spacingAndGlyphs", direction: "ltr" };
  for (const [name, value] of Object.entries(facts)) line.setAttribute(name, value);
  line.textContent = words;
  svg.append(line);
}

const text = (svg) => new XMLSerializer().serializeToString(svg);

async function png(svg, scale = 3) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = svg.getAttribute("width") * scale;
  canvas.height = svg.getAttribute("height") * scale;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("canvas"))), "image/png"));
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
