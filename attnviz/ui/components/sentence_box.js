// The sentence box: Enter applies, Shift+Enter or a pasted line break makes a further sentence, the Enter that ends a
// kana-kanji conversion does neither. The text belongs to the browser; the server replaces it only with a new version.

const boxes = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement;
  const find = (selector) => root.querySelector(selector);
  const form = find("form"), text = find("textarea"), examples = find(".examples"), follow = find(".follow input");
  const box = boxes.get(root) ?? { version: null, timer: 0, sent: null };
  boxes.set(root, box);

  find(".label").textContent = data.words.label;
  find(".apply").textContent = data.words.apply;
  find(".follow span").textContent = data.words.follow;
  find(".follow").title = data.words.follow_help;
  examples.setAttribute("aria-label", data.words.examples);
  text.placeholder = data.words.placeholder;
  follow.checked = data.follow;

  const send = (kind) => {
    clearTimeout(box.timer);
    const entry = { text: text.value, kind, follow: follow.checked, stamp: Date.now() + Math.random() };
    if (kind === "live" && box.sent === text.value) return;
    box.sent = text.value;
    setStateValue("entry", entry);
  };
  const grow = () => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight + 4, window.innerHeight * 0.4)}px`;
  };

  if (box.version !== data.version) {
    // A server that was started again repeats what was last sent: whatever has been typed since then stays.
    if (box.version === null ? !text.value : data.text !== box.sent) text.value = data.text;
    box.version = data.version;
    box.sent = data.text;
    clearTimeout(box.timer);
    requestAnimationFrame(grow);
  }

  const shown = JSON.stringify(data.examples);
  if (box.examples !== shown) {
    box.examples = shown;
    examples.replaceChildren(...data.examples.map((example) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = example;
      button.title = example;
      button.dir = "auto";
      button.lang = data.text_language;
      return button;
    }));
  }
  examples.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    text.value = button.textContent;
    grow();
    send("apply");
  };

  text.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!event.repeat) send("apply");
  };
  const later = () => {
    clearTimeout(box.timer);
    if (follow.checked && text.value.trim()) box.timer = setTimeout(() => send("live"), data.pause);
  };
  text.oninput = (event) => { grow(); event.isComposing ? clearTimeout(box.timer) : later(); };
  // There is no `oncompositionend`; the listener is added once and finds the run's own `later`.
  if (!box.later) text.addEventListener("compositionend", () => box.later());
  box.later = later;
  follow.onchange = () => send("follow");
  form.onsubmit = (event) => { event.preventDefault(); send("apply"); };
  return () => clearTimeout(box.timer);
}
