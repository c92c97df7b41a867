// The editor of a scene. What is composed belongs to the browser and goes to the server as a code after a moment of quiet, as an
// applied sentence does; the server replaces it only with a new version. Names and codes are set as text, never as markup.

import { find, findAs, focusWithin, make, nearest, shape, stamped } from "../../drawings/shared/elements.js";
import { newest } from "../../drawings/shared/newest.js";
import { drawnScene, readScene, roomFor, thing, writeScene } from "../../drawings/shared/scene_code.js";
import { ScenePicture } from "../../drawings/shared/scene_picture.js";
import { choice, named, pullable } from "../../drawings/shared/scene_tray.js";

/** @import { Component } from "../../drawings/component.js" */
/** @import { Composed, Limits, Thing } from "../../drawings/shared/scene_code.js" */

/** @typedef {"undo" | "redo" | "shuffle" | "clear" | "smaller" | "larger" | "front" | "remove"} Tool */

/**
 * @typedef {object} SceneBox
 * @property {string} code
 * @property {string} error Why it is none; empty where it is one.
 * @property {string[]} before Other scenes, which stay as they are.
 * @property {string[]} after
 * @property {string} version Changes where the server sets the code.
 * @property {boolean} follow Goes back as it came.
 * @property {number} pause Milliseconds of quiet before a change is sent.
 * @property {string} language Of the page.
 * @property {string} art Of which version.
 * @property {Limits} limits
 * @property {{ name: string, word: string, others: string }[]} kinds
 * @property {{ name: string, word: string }[]} backgrounds
 * @property {{ code: string, told: string }[]} examples `told` is empty for what is no code.
 * @property {Record<Tool | "compose" | "hint" | "keys" | "picture" | "place" | "tools" | "examples" | "backgrounds" | "search" | "tray" | "nothing_found" | "full"
 *   | "code" | "copy" | "copied" | "unchecked" | "photo", string>} words
 */

/**
 * What outlives the draws.
 * @typedef {object} Editor
 * @property {ParentNode} root
 * @property {SceneBox} data
 * @property {Composed} scene
 * @property {Thing | null} chosen
 * @property {ScenePicture} picture
 * @property {string | null} version
 * @property {string} sent
 * @property {string[]} undone Codes to go back to,
 * @property {string[]} redone and forward again.
 * @property {string} last Kind of the last change.
 * @property {boolean} holding
 * @property {string} start Code when a pointer took hold.
 * @property {ReturnType<typeof setTimeout>} [timer] Until a change is sent.
 * @property {(code: string) => void} send
 * @property {string} drawn What the tray and the examples were made from.
 */

/** @type {WeakMap<ParentNode, Editor>} */
const editors = new WeakMap();
// Relative to the page, wherever it is served.
const API = "api/";
/** @type {Tool[]} */
const TOOLS = ["undo", "redo", "shuffle", "clear", "smaller", "larger", "front", "remove"];
/**
 * Lines of their signs, on 24 by 24.
 * @type {Record<Tool, string>}
 */
const SIGNS_OF_TOOLS = {
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3", redo: "M15 14l5-5-5-5M20 9H10a6 6 0 0 0 0 12h3", shuffle: "M16 3h5v5M4 20 21 3M21 16v5h-5M15 15l6 6M4 4l5 5",
  clear: "M3 6h18M8 6V3h8v3M18 6l-1 15H7L6 6", smaller: "M5 12h14", larger: "M5 12h14M12 5v14", front: "M9 9h12v12H9zM3 15V3h12v3M3 15h3",
  remove: "M6 6l12 12M18 6 6 18",
};

export default newest(drawEditor);

/** @param {Component<SceneBox>} component */
function drawEditor({ data, parentElement, setStateValue }) {
  const known = editors.get(parentElement);
  const editor = known?.picture.canvas === find(parentElement, ".canvas") ? known : begun(parentElement, data);
  editors.set(parentElement, editor);
  editor.data = data;
  editor.send = (code) => {
    const text = [...data.before, code, ...data.after].join("\n");
    setStateValue("entry", stamped({ text, kind: "apply", follow: data.follow }));
  };
  name(editor);
  furnish(editor);
  if (editor.version !== data.version) take(editor);
  show(editor);
}

/**
 * @param {ParentNode} root
 * @param {SceneBox} data
 * @returns {Editor}
 */
function begun(root, data) {
  const scene = { background: data.backgrounds[0].name, things: [] };
  /** @type {Editor} */
  const editor = {
    root, data, scene, chosen: null, version: null, sent: "", undone: [], redone: [], last: "", holding: false, start: "", drawn: "", send: () => undefined,
    picture: new ScenePicture(find(root, ".canvas"), {
      limits: data.limits,
      behind: (background) => pictureOf(background, 672),
      art: ({ kind, style }) => `${API}art/${style}/${kind}.webp?v=${encodeURIComponent(data.art)}`,
      told: (each) => toldOf(editor, each),
      word: (each) => wordOf(editor, each.kind),
      change: (made, kind) => change(editor, made, kind),
      choose: (chosen) => { editor.chosen = chosen; show(editor); },
      hold: () => {
        clearTimeout(editor.timer);
        editor.holding = true;
        editor.start = codeOf(editor);
      },
      drop: (back) => {
        editor.holding = false;
        if (!back && editor.start !== codeOf(editor)) remember(editor, editor.start);
        show(editor);
        later(editor);
      },
    }),
  };
  tools(editor);
  catalogue(editor);
  written(editor);
  find(root, ".scene").onkeydown = (event) => stepped(editor, event);
  find(root, ".scene").ondragover = (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); };
  find(root, ".scene").ondrop = (event) => refuse(editor, event, event.dataTransfer);
  find(root, ".scene").onpaste = (event) => refuse(editor, event, event.clipboardData);
  const fold = find(root, ".fold");
  fold.onclick = () => { fold.setAttribute("aria-expanded", String(find(root, ".scene").classList.toggle("unfolded"))); };
  return editor;
}

/** @param {Editor} editor */
const codeOf = ({ scene, data }) => writeScene(scene, data.limits);

/**
 * @param {string} code
 * @param {number} size Pixels of its side.
 */
const pictureOf = (code, size) => `${API}scene.webp?${new URLSearchParams({ code, size: String(size) })}`;

/** @param {Editor} editor @param {string} kind */
const wordOf = ({ data }, kind) => data.kinds.find((each) => each.name === kind)?.word ?? kind;

/** @param {Editor} editor @param {Thing} each */
function toldOf(editor, each) {
  const facts = { thing: wordOf(editor, each.kind), column: each.column, row: each.row, size: each.size };
  return editor.data.words.place.replace(/\{(\w+)\}/g, (_, field) => String(facts[/** @type {keyof typeof facts} */ (field)]));
}

// Changes ------------------------------------------------------------------------------------------------------------------

/**
 * @param {Editor} editor
 * @param {() => void} made
 * @param {string} [kind] Of changes that follow each other and are undone together.
 */
function change(editor, made, kind = "") {
  const before = codeOf(editor);
  made();
  const after = codeOf(editor);
  if (before !== after && (!kind || kind !== editor.last)) remember(editor, before);
  editor.last = kind;
  show(editor);
  if (editor.chosen && kind) find(editor.root, ".told").textContent = toldOf(editor, editor.chosen);
  later(editor);
}

/**
 * @param {Editor} editor
 * @param {string} before
 */
function remember(editor, before) {
  editor.undone = [...editor.undone.slice(-199), before];
  editor.redone = [];
  editor.last = "";
}

/**
 * Another scene in the place of this one; what is not a code is left alone.
 * @param {Editor} editor
 * @param {string} code
 */
function become(editor, code) {
  const scene = readScene(code, editor.data.limits), before = [...editor.scene.things];
  if (!scene) return;
  for (const each of scene.things) {
    // What was there already stays what it is, with the focus.
    const place = before.findIndex((other) => other.kind === each.kind && other.style === each.style);
    if (place >= 0) each.id = before.splice(place, 1)[0].id;
  }
  editor.scene = scene;
  editor.chosen = scene.things.find((each) => each.id === editor.chosen?.id) ?? null;
  editor.last = "";
}

/**
 * @param {Editor} editor
 * @param {string} code
 */
function put(editor, code) {
  change(editor, () => become(editor, code));
}

/**
 * One step back, or forward again.
 * @param {Editor} editor
 * @param {"undo" | "redo"} way
 */
function step(editor, way) {
  const [from, to] = way === "undo" ? [editor.undone, editor.redone] : [editor.redone, editor.undone];
  const code = from.pop();
  if (code === undefined) return;
  to.push(codeOf(editor));
  const canvas = find(editor.root, ".canvas"), focused = focusWithin(canvas);
  become(editor, code);
  show(editor);
  if (focused && !focused.isConnected) canvas.focus({ preventScroll: true }); // keys shall go on
  later(editor);
}

/**
 * Sends what is there, once nothing has changed for a moment.
 * @param {Editor} editor
 */
function later(editor) {
  clearTimeout(editor.timer);
  if (editor.holding) return;
  editor.timer = setTimeout(() => {
    const code = codeOf(editor);
    if (code === editor.sent) return;
    editor.sent = code;
    editor.send(code);
  }, editor.data.pause);
}

/**
 * Takes the server's code.
 * @param {Editor} editor
 */
function take(editor) {
  const { data, version, sent } = editor;
  editor.version = data.version;
  // A server that was started again repeats what was last sent: whatever has been composed since then stays.
  if (version !== null && data.code === sent) return;
  clearTimeout(editor.timer);
  const before = codeOf(editor);
  editor.sent = data.code;
  if (!data.error) {
    if (version !== null && before !== data.code) remember(editor, before);
    become(editor, data.code);
  }
  complain(editor, data.error, data.code);
}

// Drawing ------------------------------------------------------------------------------------------------------------------

/** @param {Editor} editor */
function show(editor) {
  const { root, scene, chosen, picture, data } = editor, code = codeOf(editor), field = findAs(root, ".code", HTMLInputElement);
  picture.draw(scene, chosen);
  // What was typed and is no code stays until the picture changes.
  if (field.dataset.shown !== code) complain(editor, "", code);
  const words = [scene.background, ...scene.things.map((each) => each.kind)].map((each) => wordOfAny(editor, each));
  find(root, ".canvas").setAttribute("aria-label", `${data.words.picture}: ${words.join(", ")}`);
  for (const button of root.querySelectorAll(".backgrounds button")) {
    if (button instanceof HTMLElement) button.setAttribute("aria-pressed", String(button.dataset.name === scene.background));
  }
  const off = { undo: !editor.undone.length, redo: !editor.redone.length, clear: !scene.things.length, front: !chosen || chosen === scene.things.at(-1),
    smaller: !chosen || chosen.size <= data.limits.least, larger: !chosen || chosen.size >= data.limits.largest, remove: !chosen, shuffle: false };
  const focused = focusWithin(find(root, ".tools"));
  for (const tool of TOOLS) findAs(root, `.tools [data-tool="${tool}"]`, HTMLButtonElement).disabled = off[tool];
  if (focused instanceof HTMLButtonElement && focused.disabled) find(root, ".canvas").focus({ preventScroll: true });
}

/** @param {Editor} editor @param {string} name */
function wordOfAny(editor, name) {
  return editor.data.backgrounds.find((each) => each.name === name)?.word ?? wordOf(editor, name);
}

/**
 * Says why a file is not taken.
 * @param {Editor} editor
 * @param {Event} event
 * @param {DataTransfer | null} given
 */
function refuse(editor, event, given) {
  if (!given?.files.length) return;
  event.preventDefault();
  const place = find(editor.root, ".error");
  place.textContent = editor.data.words.photo;
  place.hidden = false;
}

/**
 * Says why a code is none; what was typed stays where it is.
 * @param {Editor} editor
 * @param {string} message Empty: it is one.
 * @param {string} [code] Put into the field.
 */
function complain(editor, message, code) {
  const place = find(editor.root, ".error"), field = findAs(editor.root, ".code", HTMLInputElement);
  place.textContent = message;
  place.hidden = !message;
  field.setAttribute("aria-invalid", String(Boolean(message)));
  if (code === undefined) return;
  field.value = code;
  field.dataset.shown = codeOf(editor);
}

/** @param {Editor} editor */
function name({ root, data: { words } }) {
  find(root, ".fold").textContent = words.compose;
  find(root, ".hint span").textContent = words.hint;
  find(root, ".hint .keys").textContent = words.keys;
  find(root, ".write label").textContent = words.code;
  find(root, ".copy").textContent = words.copy;
  find(root, ".none").textContent = words.nothing_found;
  const search = findAs(root, ".search", HTMLInputElement);
  search.placeholder = words.search;
  search.setAttribute("aria-label", words.search);
  for (const part of /** @type {const} */ (["tools", "examples", "backgrounds", "tray"])) find(root, `.${part}`).setAttribute("aria-label", words[part]);
  for (const tool of TOOLS) {
    const button = find(root, `.tools [data-tool="${tool}"]`);
    button.title = words[tool];
    button.setAttribute("aria-label", words[tool]);
  }
}

/**
 * Examples, backgrounds and kinds, made anew where they differ.
 * @param {Editor} editor
 */
function furnish(editor) {
  const { root, data } = editor, drawn = JSON.stringify([data.examples, data.backgrounds, data.kinds]);
  if (editor.drawn === drawn) return;
  editor.drawn = drawn;
  find(root, ".examples").replaceChildren(...data.examples.map(({ code, told }) => {
    const button = choice(code, told || code, told ? pictureOf(code, 224) : "", false);
    button.title = told ? `${told}\n${code}` : code;
    return button;
  }));
  find(root, ".backgrounds").replaceChildren(...data.backgrounds.map((each) => choice(each.name, each.word, pictureOf(each.name, 224), true)));
  find(root, ".tray").replaceChildren(...data.kinds.map((each) => {
    const source = `${API}art/${data.limits.styles[0]}/${each.name}.webp?v=${encodeURIComponent(data.art)}`;
    const button = choice(each.name, each.word, source, true);
    button.title = each.word;
    return button;
  }));
  sift(editor);
}

/**
 * Shows the kinds that the search names.
 * @param {Editor} editor
 */
function sift({ root, data }) {
  const fit = named(data.kinds, findAs(root, ".search", HTMLInputElement).value);
  for (const button of root.querySelectorAll(".tray button")) {
    if (button instanceof HTMLElement) button.hidden = !fit.has(button.dataset.name ?? "");
  }
  find(root, ".none").hidden = fit.size > 0;
}

// What a visitor does ------------------------------------------------------------------------------------------------------

/** @param {Editor} editor */
function tools(editor) {
  const { root, picture } = editor, place = find(root, ".tools");
  place.replaceChildren(...TOOLS.map((tool) => {
    const button = make("button");
    button.type = "button";
    button.dataset.tool = tool;
    const sign = shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" });
    sign.append(shape("path", { d: SIGNS_OF_TOOLS[tool] }));
    button.append(sign);
    return button;
  }));
  /** @type {Record<Tool, () => void>} */
  const does = {
    undo: () => step(editor, "undo"),
    redo: () => step(editor, "redo"),
    shuffle: () => {
      const { backgrounds, kinds, limits } = editor.data;
      put(editor, writeScene(drawnScene(backgrounds.map((each) => each.name), kinds.map((each) => each.name), limits), limits));
    },
    clear: () => put(editor, editor.scene.background),
    smaller: () => editor.chosen && picture.smaller(editor.chosen),
    larger: () => editor.chosen && picture.larger(editor.chosen),
    front: () => editor.chosen && picture.toFront(editor.chosen),
    remove: () => editor.chosen && picture.remove(editor.chosen),
  };
  place.onclick = (event) => {
    const tool = /** @type {Tool | undefined} */ (nearest(event, "button")?.dataset.tool);
    if (tool) does[tool]();
  };
}

/** @param {Editor} editor @param {KeyboardEvent} event */
function stepped(editor, event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target instanceof HTMLInputElement) return;
  const key = event.key.toLowerCase(), way = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
  if (!way) return;
  event.preventDefault();
  step(editor, way);
}

/** @param {Editor} editor */
function catalogue(editor) {
  const { root } = editor, tray = find(root, ".tray"), search = findAs(root, ".search", HTMLInputElement);
  search.oninput = () => sift(editor);
  find(root, ".examples").onclick = (event) => {
    const code = nearest(event, "button")?.dataset.name;
    if (code && readScene(code, editor.data.limits)) put(editor, code);
  };
  find(root, ".backgrounds").onclick = (event) => {
    const background = nearest(event, "button")?.dataset.name;
    if (background) change(editor, () => { editor.scene.background = background; });
  };
  const dragged = pullable(find(root, ".scene"), tray, {
    width: () => editor.picture.cell * editor.data.limits.cells,
    dropped: (kind, x, y) => {
      const place = editor.picture.placeAt(x, y);
      if (place) add(editor, kind, place);
    },
  });
  tray.onclick = (event) => {
    const kind = nearest(event, "button")?.dataset.name;
    if (kind && !dragged()) add(editor, kind, roomFor(editor.scene.things, editor.data.limits));
  };
}

/**
 * A thing more, in front of all.
 * @param {Editor} editor
 * @param {string} kind
 * @param {{ column: number, row: number }} place
 */
function add(editor, kind, place) {
  const { limits, words } = editor.data;
  if (editor.scene.things.length >= limits.most) { complain(editor, words.full); return; }
  const added = thing(kind, { style: limits.styles[0], ...place, size: 1, tilt: 0 });
  change(editor, () => { editor.scene.things.push(added); editor.chosen = added; });
  find(editor.root, ".told").textContent = toldOf(editor, added);
}

/** @param {Editor} editor */
function written(editor) {
  const { root } = editor, field = findAs(root, ".code", HTMLInputElement), copy = find(root, ".copy");
  field.onchange = () => { check(editor, field); };
  field.onkeydown = (event) => {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    check(editor, field);
  };
  findAs(root, ".write", HTMLFormElement).onsubmit = (event) => event.preventDefault();
  copy.onclick = async () => {
    try {
      await navigator.clipboard.writeText(codeOf(editor));
    } catch {
      field.select(); // no clipboard without https: the browser's own command copies what is selected
      document.execCommand("copy");
    }
    copy.textContent = editor.data.words.copied;
    setTimeout(() => { copy.textContent = editor.data.words.copy; }, 1500);
  };
}

/**
 * Asks the server whether what was typed is a code, and what it is in its usual form.
 * @param {Editor} editor
 * @param {HTMLInputElement} field
 */
async function check(editor, field) {
  const asked = field.value.trim();
  if (asked === codeOf(editor)) { complain(editor, ""); return; }
  const address = `${API}scene.webp?${new URLSearchParams({ code: asked })}`;
  let code = "", message = editor.data.words.unchecked;
  try {
    const answer = await fetch(address, { headers: { "Accept-Language": editor.data.language } });
    if (answer.ok) code = new URL(answer.headers.get("Content-Location") ?? "", location.href).searchParams.get("code") ?? "";
    else message = (await answer.json()).error.message;
  } catch {
    // The server is away, or refused so long a line: nothing is lost, and it is said.
  }
  if (field.value.trim() !== asked) return;
  if (!code) { complain(editor, message); return; }
  put(editor, code);
  complain(editor, "", code);
}
