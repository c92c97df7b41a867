// A row of weights: each bar is a slider for pointer and keyboard, each number a field. What is set goes to the server, which
// answers with the row as the model then has it. Tokens are set as text, never as markup.

const QUIET = 450;
const tables = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const section = parentElement.querySelector(".weights"), body = section.querySelector("tbody");
  const table = tables.get(parentElement) ?? { timer: 0, dragging: null };
  tables.set(parentElement, table);
  clearTimeout(table.timer);
  section.style.setProperty("--bar", data.colours.bar);
  section.style.setProperty("--accent", data.colours.accent);
  section.querySelector(".hint").textContent = data.words.hint;
  const heads = section.querySelectorAll("thead th");
  [data.words.token, data.words.own, data.words.drag, data.words.typed].forEach((words, index) => { heads[index].textContent = words; });

  const focused = parentElement.activeElement ?? parentElement.getRootNode().activeElement;
  const kept = focused?.dataset?.part ? [focused.dataset.part, focused.closest("tr").dataset.key] : null;
  body.replaceChildren(...data.rows.map((row, key) => line(row, key, data)));
  if (kept) body.querySelector(`tr[data-key="${kept[1]}"] [data-part="${kept[0]}"]`)?.focus();

  const send = (key, value) => {
    clearTimeout(table.timer);
    setStateValue("set", { place: data.place, key, value, stamp: Date.now() + Math.random() });
  };
  const show = (tr, value) => {
    const track = tr.querySelector(".track");
    track.querySelector(".fill").style.width = `${Math.min(value, 1) * 100}%`;
    track.setAttribute("aria-valuenow", String(value));
    tr.querySelector("input").value = written(value);
  };
  const at = (track, event) => {
    const frame = track.getBoundingClientRect();
    const share = (event.clientX - frame.left) / frame.width;
    const value = getComputedStyle(track).direction === "rtl" ? 1 - share : share;
    return Math.round(Math.max(0, Math.min(1, value)) * 1000) / 1000;
  };

  body.onpointerdown = (event) => {
    const track = event.target.closest(".track");
    if (!track || event.button) return;
    track.setPointerCapture(event.pointerId);
    track.focus();
    table.dragging = track;
    show(track.closest("tr"), at(track, event));
    event.preventDefault();
  };
  body.onpointermove = (event) => {
    if (table.dragging) show(table.dragging.closest("tr"), at(table.dragging, event));
  };
  body.onpointerup = (event) => {
    const track = table.dragging;
    table.dragging = null;
    if (track) send(Number(track.closest("tr").dataset.key), at(track, event));
  };
  body.onpointercancel = () => {
    if (table.dragging) show(table.dragging.closest("tr"), data.rows[Number(table.dragging.closest("tr").dataset.key)].now);
    table.dragging = null;
  };
  body.onkeydown = (event) => {
    const track = event.target.closest(".track");
    if (!track) {
      if (event.key === "Enter" && !event.isComposing) event.target.blur();
      return;
    }
    const now = Number(track.getAttribute("aria-valuenow")), step = event.shiftKey ? 0.1 : 0.01;
    const moves = { ArrowRight: now + step, ArrowUp: now + step, ArrowLeft: now - step, ArrowDown: now - step, PageUp: now + 0.1,
      PageDown: now - 0.1, Home: 0, End: 1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const value = Math.round(Math.max(0, Math.min(1, moves[event.key])) * 1000) / 1000, tr = track.closest("tr");
    show(tr, value);
    clearTimeout(table.timer);
    table.timer = setTimeout(() => send(Number(tr.dataset.key), value), QUIET);
  };
  body.onchange = (event) => {
    const tr = event.target.closest("tr"), value = Number(event.target.value.replace(",", "."));
    const key = Number(tr.dataset.key);
    if (event.target.value.trim() === "" || !Number.isFinite(value)) { show(tr, data.rows[key].now); return; }
    send(key, Math.max(0, Math.min(data.most, value)));
  };
}

const written = (value) => String(Math.round(value * 1e4) / 1e4);

function line(row, key, data) {
  const tr = document.createElement("tr");
  tr.dataset.key = key;
  const name = make("th", "token", row.token);
  name.scope = "row";
  name.lang = data.text_language;
  const own = make("td", "number", row.was), bar = make("td"), field = make("td");
  tr.append(name, own, bar, field);
  if (row.now === null) {
    tr.className = "gone";
    bar.textContent = data.words.gone;
    return tr;
  }
  const track = make("div", "track"), fill = make("div", "fill"), was = make("div", "was");
  track.tabIndex = 0;
  track.dataset.part = "track";
  track.setAttribute("role", "slider");
  track.setAttribute("aria-valuemin", "0");
  track.setAttribute("aria-valuemax", "1");
  track.setAttribute("aria-valuenow", String(row.now));
  track.setAttribute("aria-label", row.token);
  fill.style.width = `${Math.min(row.now, 1) * 100}%`;
  was.style.insetInlineStart = `${Math.min(row.own, 1) * 100}%`;
  was.title = `${data.words.own} ${row.was}`;
  track.append(fill, was);
  bar.append(track);
  const input = make("input");
  input.dataset.part = "input";
  input.inputMode = "decimal";
  input.autocomplete = "off";
  input.value = written(row.now);
  input.setAttribute("aria-label", `${data.words.typed}: ${row.token}`);
  field.append(input);
  return tr;
}
