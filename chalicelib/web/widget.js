const script = document.currentScript;
const base = new URL(".", script.src).href;
const page = document.documentElement;
const { language = page.lang || navigator.language || ours.language, label, email } = script.dataset;
const name = label || ours.open[language.slice(0, 2)] || ours.open[ours.language] || ours.open.en;

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host { all: initial !important; }
button, iframe { position: fixed; z-index: 2147483000; inset-inline-end: 16px; box-sizing: border-box; }
button { inset-block-end: 16px; min-block-size: 48px; max-inline-size: calc(100vw - 32px); padding: 10px 20px;
  font: 600 16px/1.3 system-ui, sans-serif; color: ${ours.ink}; background: ${ours.accent};
  border: 2px solid ${ours.ink}; border-radius: 24px; cursor: pointer; }
button:focus-visible { outline: 3px solid ${ours.accent}; outline-offset: 2px; }
iframe { inset-block-end: 80px; inline-size: min(400px, calc(100vw - 32px)); block-size: min(640px, calc(100vh - 96px));
  border: 1px solid #7a8594; border-radius: 8px; background: Canvas; color-scheme: light dark; }
[hidden] { display: none; }
@media (max-width: 480px), (max-height: 480px) {
  iframe { inset: 0; inline-size: 100%; block-size: 100%; border: 0; border-radius: 0; }
}`);

const place = document.createElement("div");
const root = place.attachShadow({ mode: "closed" });
root.adoptedStyleSheets = [sheet];
const button = document.createElement("button");
button.type = "button";
button.textContent = name;
root.append(button);
let frame = null;

const memory = (what, value) => {
  try {
    if (value === undefined) return window[what].getItem("custops") || "";
    window[what].setItem("custops", value);
  } catch { /* this site forbids storage: the chat begins anew with each page */ }
  return "";
};
let ready = false;
const tell = (what) => {
  if (!ready) return;
  const held = memory("localStorage");
  frame.contentWindow.postMessage({ custops: what, held }, base);
};
const isOpen = () => Boolean(frame && !frame.hidden);

function load() {
  frame = document.createElement("iframe");
  frame.title = name;
  const here = location.origin + location.pathname;
  const about = new URLSearchParams({ page: here, ...(email ? { email } : {}) });
  frame.src = `${base}widget?language=${encodeURIComponent(language.slice(0, 16))}#${about}`;
  root.append(frame);
}

function show(open, then) {
  if (!frame) load();
  frame.hidden = !open;
  button.setAttribute("aria-expanded", String(open));
  if (open) button.textContent = name;
  if (open && then === "focus") frame.focus();
  if (!open && then === "focus") button.focus();
  tell(open ? then : "closed");
  memory("sessionStorage", open ? "open" : "begun");
}

button.addEventListener("click", () => show(!isOpen(), "focus"));
root.addEventListener("keydown", (event) => { if (event.key === "Escape" && isOpen()) show(false, "focus"); });
addEventListener("message", ({ source, origin, data }) => {
  if (!frame || source !== frame.contentWindow || origin !== new URL(base).origin) return;
  if (data.custops === "ready") {
    ready = true;
    tell(!isOpen() ? "closed" : root.activeElement === frame ? "focus" : "open");
  }
  if (data.custops === "hold") memory("localStorage", data.held);
  if (data.custops === "close") show(false, "focus");
  if (data.custops === "unread" && !isOpen()) button.textContent = data.count ? `${name} (${data.count})` : name;
});

function begin() {
  document.body.append(place);
  const before = memory("sessionStorage");
  if (before) load();
  if (before) frame.hidden = before !== "open";
  button.setAttribute("aria-expanded", String(isOpen()));
}
if (document.body) begin();
else addEventListener("DOMContentLoaded", begin);
window.custops = { open: () => show(true, "focus"), close: () => show(false, "focus") };
