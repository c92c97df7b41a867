// Photographs in the place of the sentence box: those of a data set laid out side by side, or one of the visitor's own. An own one is made small here,
// before it leaves the browser. What is laid out goes to the server as a code. Names and messages are set as text, never as markup.

import { layoutOf, LAYOUTS, readCollage, UNITS, writeCollage } from "../../drawings/shared/collage.js";
import { find, findAs, make, nearest, shape, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";
import { choice, named } from "../../drawings/shared/scene_tray.js";

/** @import { Component } from "../../drawings/component.js" */
/** @import { Arrangement } from "../../drawings/shared/collage.js" */

/** @typedef {"undo" | "redo" | "shuffle" | "another" | "swap"} PhotoTool */

/**
 * @typedef {object} PhotoBox
 * @property {string} code
 * @property {string} error Why it cannot be shown; empty where it can.
 * @property {string} own Address of the visitor's own photograph; empty where none is shown.
 * @property {string[]} before Other codes, which stay as they are.
 * @property {string[]} after
 * @property {string} version Changes where the server sets the code.
 * @property {boolean} follow Goes back as it came.
 * @property {boolean} there The photographs are on the server's machine.
 * @property {number} side Pixels of the side that the model is given.
 * @property {string} art Of which version.
 * @property {Record<string, string>} grounds Colours by name.
 * @property {{ name: string, word: string, others: string, count: number }[]} kinds
 * @property {{ code: string, told: string }[]} examples
 * @property {Record<PhotoTool | "own" | "own_hint" | "absent" | "lay_out" | "tools" | "layouts" | "examples" | "search" | "tray" | "nothing_found" | "picture" | "unreadable"
 *   | "layout_one" | "layout_beside" | "layout_stacked" | "layout_three" | "layout_four", string>} words
 */

/**
 * What outlives the draws.
 * @typedef {object} Table
 * @property {ParentNode} root
 * @property {PhotoBox} data
 * @property {Arrangement} laid
 * @property {boolean} own A photograph of the visitor's own is shown.
 * @property {number} chosen Place that the next photograph goes to.
 * @property {string | null} version
 * @property {string[]} undone Codes to go back to,
 * @property {string[]} redone and forward again.
 * @property {(event: object) => void} send
 * @property {string} drawn What the tray was made from.
 */

/** @type {WeakMap<ParentNode, Table>} */
const tables = new WeakMap();
const PHOTOS = "api/photo/";
/** @type {PhotoTool[]} */
const PHOTO_TOOLS = ["undo", "redo", "shuffle", "another", "swap"];

export default newest(drawPhoto);

/** @param {Component<PhotoBox>} component */
function drawPhoto({ data, parentElement, setStateValue }) {
  const table = tables.get(parentElement) ?? laidTable(parentElement, data);
  tables.set(parentElement, table);
  table.data = data;
  table.send = (event) => setStateValue("entry", stamped({ kind: "apply", follow: data.follow, ...event }));
  if (table.version !== data.version) {
    table.version = data.version;
    table.own = Boolean(data.own);
    table.laid = readCollage(data.code) ?? table.laid;
    table.chosen = Math.min(table.chosen, table.laid.photos.length - 1);
  }
  label(table);
  furnishPhotos(table);
  showPhotos(table);
  warn(table, data.error);
}

/**
 * @param {ParentNode} root
 * @param {PhotoBox} data
 * @returns {Table}
 */
function laidTable(root, data) {
  /** @type {Table} */
  const table = {
    root, data, own: false, chosen: 0, version: null, undone: [], redone: [], drawn: "", send: () => undefined,
    laid: { ground: Object.keys(data.grounds)[0], boxes: LAYOUTS.one, photos: [anyPhoto(data)] },
  };
  const section = find(root, ".photo"), file = findAs(root, ".file", HTMLInputElement);
  file.onchange = () => { void taken(table, file.files?.[0]); file.value = ""; };
  section.ondragover = (event) => { event.preventDefault(); section.classList.add("over"); };
  section.ondragleave = () => section.classList.remove("over");
  section.ondrop = (event) => { event.preventDefault(); section.classList.remove("over"); void taken(table, event.dataTransfer?.files[0]); };
  section.onpaste = (event) => { if (event.clipboardData?.files.length) void taken(table, event.clipboardData.files[0]); };
  const fold = find(root, ".fold");
  fold.onclick = () => { fold.setAttribute("aria-expanded", String(section.classList.toggle("unfolded"))); };
  find(root, ".tools").onclick = (event) => {
    const tool = /** @type {PhotoTool | undefined} */ (nearest(event, "button")?.dataset.tool);
    if (tool) used(table, tool);
  };
  find(root, ".tools").replaceChildren(...PHOTO_TOOLS.map((tool) => {
    const button = make("button");
    button.type = "button";
    button.dataset.tool = tool;
    return button;
  }));
  find(root, ".layouts").onclick = (event) => {
    const boxes = LAYOUTS[nearest(event, "button")?.dataset.name ?? ""];
    if (boxes) lay(table, { ...table.laid, boxes, photos: boxes.map((_, place) => table.laid.photos[place] ?? anyPhoto(table.data)) });
  };
  find(root, ".examples").onclick = (event) => {
    const laid = readCollage(nearest(event, "button")?.dataset.code ?? "");
    if (laid) lay(table, laid);
  };
  find(root, ".tray").onclick = (event) => {
    const kind = nearest(event, "button")?.dataset.name;
    if (kind) lay(table, replaced(table, kind), (table.chosen + 1) % table.laid.photos.length);
  };
  find(root, ".canvas").onclick = (event) => {
    const place = nearest(event, "button")?.dataset.place;
    if (place !== undefined) { table.chosen = Number(place); showPhotos(table); }
  };
  const search = findAs(root, ".search", HTMLInputElement);
  search.oninput = () => sift(table, search.value);
  return table;
}

/** @param {PhotoBox} data */
function anyPhoto({ kinds }) {
  const { name, count } = kinds[Math.floor(Math.random() * kinds.length)];
  return { kind: name, number: String(1 + Math.floor(Math.random() * Math.max(count, 1))) };
}

/**
 * The arrangement with another kind at the chosen place; the kind that is there already gives its next photograph.
 * @param {Table} table
 * @param {string} kind
 * @returns {Arrangement}
 */
function replaced({ data, laid, chosen }, kind) {
  const count = data.kinds.find((each) => each.name === kind)?.count ?? 1, now = laid.photos[chosen];
  const next = now?.kind === kind ? (Number.parseInt(now.number.replace(/^[tv]/, ""), 10) % count) + 1 : 1 + Math.floor(Math.random() * count);
  return { ...laid, photos: laid.photos.map((each, place) => (place === chosen ? { kind, number: String(next) } : each)) };
}

/**
 * Lays out something else.
 * @param {Table} table
 * @param {Arrangement} laid
 * @param {number} [chosen]
 */
function lay(table, laid, chosen = 0) {
  table.undone = [...table.undone.slice(-199), writeCollage(table.laid)];
  table.redone = [];
  put(table, laid, chosen);
}

/**
 * @param {Table} table
 * @param {Arrangement} laid
 * @param {number} chosen
 */
function put(table, laid, chosen) {
  table.laid = laid;
  table.own = false;
  table.chosen = Math.min(chosen, laid.photos.length - 1);
  showPhotos(table);
  warn(table, "");
  table.send({ text: [...table.data.before, writeCollage(laid), ...table.data.after].join("\n") });
}

/**
 * @param {Table} table
 * @param {PhotoTool} tool
 */
function used(table, tool) {
  const { laid, data, chosen } = table;
  if (tool === "undo" || tool === "redo") {
    const [from, to] = tool === "undo" ? [table.undone, table.redone] : [table.redone, table.undone], arrangement = readCollage(from.pop() ?? "");
    if (!arrangement) return;
    to.push(writeCollage(laid));
    put(table, arrangement, chosen);
  } else if (tool === "shuffle") lay(table, { ...laid, photos: laid.photos.map(() => anyPhoto(data)) }, chosen);
  else if (tool === "another") lay(table, replaced(table, laid.photos[chosen].kind), chosen);
  else lay(table, { ...laid, photos: [...laid.photos.slice(1), laid.photos[0]] }, chosen);
}

/**
 * A photograph of the visitor's own: a square out of its middle, as small as the model takes it.
 * @param {Table} table
 * @param {File | undefined} file
 */
async function taken(table, file) {
  if (!file) return;
  const { side, words } = table.data;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }), edge = Math.min(bitmap.width, bitmap.height);
    const canvas = Object.assign(make("canvas"), { width: side, height: side }), pen = canvas.getContext("2d");
    if (!pen || !edge) throw new Error("no canvas");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, (bitmap.width - edge) / 2, (bitmap.height - edge) / 2, edge, edge, 0, 0, side, side);
    table.send({ photo: canvas.toDataURL("image/jpeg", 0.92) });
  } catch {
    warn(table, words.unreadable);
  }
}

// Drawing ------------------------------------------------------------------------------------------------------------------

/**
 * @param {string} kind
 * @param {string} number
 * @param {PhotoBox} data
 */
const photoAddress = (kind, number, { art }) => `${PHOTOS}${kind}/${number}.webp?v=${encodeURIComponent(art)}`;

/** @param {Table} table */
function showPhotos(table) {
  const { root, data, laid, own, chosen } = table, canvas = find(root, ".canvas"), words = laid.photos.map(({ kind }) => kindWord(data, kind));
  canvas.setAttribute("aria-label", own ? data.words.own : `${data.words.picture}: ${words.join(", ")}`);
  canvas.style.setProperty("--ground", data.grounds[laid.ground] ?? "");
  const seen = own ? [Object.assign(make("img"), { src: data.own, alt: data.words.own })] : laid.photos.map(({ kind, number }, place) => {
    const [x, y, width, height] = laid.boxes[place], button = make("button");
    button.type = "button";
    button.dataset.place = String(place);
    button.setAttribute("aria-pressed", String(place === chosen && data.there));
    button.setAttribute("aria-label", words[place]);
    Object.assign(button.style, { left: percent(x), top: percent(y), width: percent(width), height: percent(height) });
    if (data.there) button.append(Object.assign(make("img"), { src: photoAddress(kind, number, data), alt: "", draggable: false }));
    return button;
  });
  canvas.replaceChildren(...seen);
  const layout = own ? "" : layoutOf(laid);
  for (const button of root.querySelectorAll(".layouts button")) {
    if (button instanceof HTMLElement) button.setAttribute("aria-pressed", String(button.dataset.name === layout));
  }
  const off = { undo: !table.undone.length, redo: !table.redone.length, shuffle: false, another: own, swap: own || laid.photos.length < 2 };
  for (const tool of PHOTO_TOOLS) findAs(root, `.tools [data-tool="${tool}"]`, HTMLButtonElement).disabled = off[tool];
}

/** @param {number} units */
const percent = (units) => `${(units / UNITS) * 100}%`;

/** @param {PhotoBox} data @param {string} kind */
const kindWord = (data, kind) => data.kinds.find((each) => each.name === kind)?.word ?? kind;

/** @param {Table} table */
function label({ root, data: { words, there } }) {
  find(root, ".own span").textContent = words.own;
  find(root, ".hint").textContent = there ? words.own_hint : `${words.own_hint} ${words.absent}`;
  find(root, ".none").textContent = words.nothing_found;
  find(root, ".fold").textContent = words.lay_out;
  const search = findAs(root, ".search", HTMLInputElement);
  search.placeholder = words.search;
  search.setAttribute("aria-label", words.search);
  for (const part of /** @type {const} */ (["tools", "layouts", "examples", "tray"])) find(root, `.${part}`).setAttribute("aria-label", words[part]);
  for (const part of [".fold", ".laid", ".tray", ".tools"]) find(root, part).hidden = !there;
  for (const tool of PHOTO_TOOLS) {
    const button = find(root, `.tools [data-tool="${tool}"]`);
    button.textContent = words[tool];
    button.title = words[tool];
  }
}

/**
 * Layouts, examples and kinds, made anew where they differ.
 * @param {Table} table
 */
function furnishPhotos(table) {
  const { root, data } = table, from = JSON.stringify([data.kinds, data.examples, data.there, data.words.layout_one]);
  if (table.drawn === from || !data.there) return;
  table.drawn = from;
  find(root, ".layouts").replaceChildren(...Object.entries(LAYOUTS).map(([name, boxes]) => {
    const button = make("button"), picture = shape("svg", { viewBox: `-1 -1 ${UNITS + 2} ${UNITS + 2}`, "aria-hidden": "true" });
    picture.append(...boxes.map(([x, y, width, height]) => shape("rect", { x, y, width, height })));
    button.type = "button";
    button.dataset.name = name;
    button.title = data.words[/** @type {"layout_one"} */ (`layout_${name}`)];
    button.setAttribute("aria-label", button.title);
    button.append(picture);
    return button;
  }));
  find(root, ".examples").replaceChildren(...data.examples.map(({ code, told }, place) => {
    const button = make("button", "", String(place + 1));
    button.type = "button";
    button.dataset.code = code;
    button.title = told;
    button.setAttribute("aria-label", told);
    return button;
  }));
  find(root, ".tray").replaceChildren(...data.kinds.map(({ name, word }) => choice(name, word, photoAddress(name, "1", data), true)));
  sift(table, findAs(root, ".search", HTMLInputElement).value);
}

/**
 * @param {Table} table
 * @param {string} asked
 */
function sift({ root, data }, asked) {
  const found = named(data.kinds, asked);
  for (const button of root.querySelectorAll(".tray button")) if (button instanceof HTMLElement) button.hidden = !found.has(button.dataset.name ?? "");
  find(root, ".none").hidden = found.size > 0;
}

/**
 * @param {Table} table
 * @param {string} message
 */
function warn({ root }, message) {
  const place = find(root, ".error");
  place.textContent = message;
  place.hidden = !message;
}
