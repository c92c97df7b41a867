// Keeps the address bar: everything on the screen is in it. An applied sentence is a step of the browser's history, every
// other change replaces the present step; live typing does so only until it is applied. A text too long for a server's request line travels behind the # instead.

const LONGEST = 6000;
// Streamlit's own parameters, which whoever embeds the page has set.
const KEPT = ["embed", "embed_options"];
const page = { version: null, step: null, applied: null };
const stops = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (page.version === null) {
    const hidden = new URLSearchParams(location.hash.slice(1)).get("text");
    if (hidden !== null && !data.entered) {
      page.version = data.version;
      page.step = data.step;
      setTriggerValue("navigated", here());
      return listen(parentElement, setTriggerValue);
    }
  }
  // Where the page has moved, Streamlit may draw what was there before once more: only what is newer is written.
  if (page.version === null || page.version < data.version) {
    const url = address(data.parameters), stands = location.search + location.hash;
    if (page.step !== null && page.step !== data.step && url !== page.applied) {
      // The step that live typing wrote over gets back what was applied there.
      if (stands !== page.applied) write("replaceState", page.applied);
      write("pushState", url);
    } else if (url !== stands) write("replaceState", url);
    if (!data.live) page.applied = url;
    page.version = data.version;
    page.step = data.step;
  }
  document.documentElement.lang = data.language;
  document.title = data.title;
  return listen(parentElement, setTriggerValue);
}

const write = (how, url) => history[how]({}, "", location.pathname + url);

function listen(parentElement, setTriggerValue) {
  const back = () => setTriggerValue("navigated", here());
  window.addEventListener("popstate", back);
  stops.get(parentElement)?.();
  const stop = () => window.removeEventListener("popstate", back);
  stops.set(parentElement, stop);
  return stop;
}

function here() {
  const parameters = Object.fromEntries(new URLSearchParams(location.search));
  const hidden = new URLSearchParams(location.hash.slice(1)).get("text");
  if (hidden !== null) parameters.text = hidden;
  return { parameters, stamp: Date.now() + Math.random() };
}

function address(parameters) {
  const { text, ...others } = parameters;
  const search = new URLSearchParams(others);
  for (const [name, value] of new URLSearchParams(location.search)) if (KEPT.includes(name)) search.append(name, value);
  const words = new URLSearchParams({ text });
  return String(words).length <= LONGEST ? `?${search}&${words}` : `?${search}#${words}`;
}
