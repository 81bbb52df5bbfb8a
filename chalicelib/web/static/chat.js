// The chat as one sees it: the log, the composer, quick answers. The line is in chat-line.js.

import { Line } from "./chat-line.js";
import { store } from "./chat-store.js";
import { fill, linked, make, tongue } from "./dom.js";
import { t, texted } from "./words.js";

const DRAFT = "custops.chat.draft";
const LINES_BELOW = 60; // px from the end within which the log goes on by itself
const find = (id) => document.getElementById(id);
const root = document.documentElement.dataset.root || "./";
const language = document.documentElement.lang.slice(0, 2);
const framed = find("chat").dataset.framed === "yes";
const hour = new Intl.DateTimeFormat(tongue(), { timeStyle: "short" });
const moment = new Intl.DateTimeFormat(tongue(), { dateStyle: "medium", timeStyle: "short" });
const clock = (at) => (at.toDateString() === new Date().toDateString() ? hour : moment).format(at);
const [talk, entries, text, state] = ["talk", "entries", "text", "state"].map(find);

texted();
const about = {
  language,
  page: location.origin + location.pathname,
  ...(framed ? Object.fromEntries(new URLSearchParams(location.hash.slice(1))) : {}),
};
const kept = await store(framed);
const line = new Line(root, about, kept, { hear, forget, state: say });
const shown = new Map(); // entries by the message's id
let unread = 0;

start();

function start() {
  find("plain").hidden = true;
  find("chat").hidden = false;
  text.value = kept.read(DRAFT);
  find("email").value = line.kept.email;
  find("say").addEventListener("submit", send);
  find("leave").addEventListener("submit", leave);
  find("person").addEventListener("click", () => speak(t("chat.person_text")));
  text.addEventListener("input", () => kept.write(DRAFT, text.value));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  });
  for (const waiting of line.kept.waiting) show(pending(waiting));
  if (framed) inFrame();
  line.wake().then(() => { talk.removeAttribute("aria-busy"); toEnd(); });
}

// --- what is said ---------------------------------------------------------------------------

function send(event) {
  event.preventDefault();
  if (!text.value.trim()) return text.focus();
  const said = text.value;
  text.value = "";
  kept.write(DRAFT, "");
  text.focus();
  return speak(said);
}

function speak(said) {
  fill(find("quick"));
  show(pending(line.say(said)));
  toEnd();
  if (!navigator.onLine) say("chat.offline");
}

async function leave(event) {
  event.preventDefault();
  const why = find("email-why");
  try {
    await line.leave(find("email").value.trim());
    why.hidden = true;
    find("address").open = false;
    say("chat.kept", { email: line.kept.email });
  } catch (error) {
    if (error.status !== 422) return say("chat.trouble");
    why.hidden = false;
    find("email").setAttribute("aria-describedby", why.id);
    find("email").focus();
  }
}

// --- what is heard --------------------------------------------------------------------------

/** `own` is the id under which an entry waited that the server has now. */
function hear(heard, own) {
  const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < LINES_BELOW;
  const fresh = heard.items.filter((item) => !shown.has(item.id));
  if (own) shown.get(own)?.remove();
  if (own) shown.delete(own);
  if (heard.refused) {
    text.value = [heard.refused.text, text.value].filter(Boolean).join("\n");
    return say("chat.refused");
  }
  for (const item of heard.items) show(item);
  if (heard.cursor) offer(heard);
  if (atEnd) toEnd();
  const theirs = fresh.filter((item) => item.writer === "us").length;
  if (framed && !line.shown && theirs) toParent("unread", { count: (unread += theirs) });
}

/** The newest message's answers that can be tapped; they go when anything else is said. */
function offer(heard) {
  const last = heard.items[heard.items.length - 1];
  if (!last) return;
  const tap = (answer) => make("button", {
    type: "button", class: "second", dir: "auto", onclick: () => { text.focus(); speak(answer); },
  }, answer);
  fill(find("quick"), ...last.quick.map(tap));
}

/** The chat is not known any more: it begins anew, and what waits goes into the new one. */
function forget() {
  shown.clear();
  entries.replaceChildren();
  for (const waiting of line.kept.waiting) show(pending(waiting));
  say("chat.gone");
}

function pending(said) {
  return {
    id: said.id, writer: "you", author: "customer", name: "", text: said.text,
    created_at: said.at, attachments: [], waiting: true,
  };
}

function show(item) {
  if (shown.has(item.id)) return;
  const entry = drawn(item);
  const after = [...entries.children].find((other) => !item.waiting
    && (other.dataset.waiting || other.dataset.at > item.created_at));
  entries.insertBefore(entry, after || null);
  shown.set(item.id, entry);
}

function drawn(item) {
  const at = new Date(item.created_at);
  const article = item.article && make("a", {
    href: `${root}a/${item.article}`, ...(framed ? { target: "_blank", rel: "noopener" } : {}),
  }, t("chat.article"));
  return make("li", {
    class: `card ${item.writer}${item.waiting ? " waiting" : ""}`,
    "data-at": item.created_at, "data-waiting": item.waiting,
  },
  make("div", { class: "meta" },
    make("strong", { dir: "auto" }, (item.writer === "us" && item.name) || t(`case.${item.writer}`)),
    item.author === "bot" ? make("span", { class: "tag" }, t("chat.bot")) : null,
    item.waiting ? make("span", {}, t("chat.waiting"))
      : make("time", { datetime: item.created_at }, clock(at))),
  make("p", { class: "said", dir: "auto" }, ...linked(item.text)),
  article ? make("p", {}, article) : null,
  item.attachments.length ? make("ul", { class: "plain" }, ...item.attachments.map((file) => make("li", {},
    make("a", { href: file.url, dir: "auto" }, file.name)))) : null);
}

function say(key, fields = {}) {
  const words = key ? t(key, fields) : "";
  if (state.textContent !== words) state.textContent = words;
}

function toEnd() {
  talk.scrollTop = talk.scrollHeight;
}

// --- the frame ------------------------------------------------------------------------------

/** The page around tells whether the chat is seen; Escape and "close" tell the page around. */
function inFrame() {
  const close = find("close");
  close.hidden = window.parent === window;
  close.addEventListener("click", () => toParent("close"));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) toParent("close");
  });
  addEventListener("message", ({ source, data }) => {
    if (source === window.parent) seen(data?.custops);
  });
  seen(kept.first);
}

function seen(how) {
  if (!["open", "focus", "closed"].includes(how)) return;
  line.shown = how !== "closed";
  if (!line.shown) return;
  unread = 0;
  toEnd();
  line.wake();
  if (how === "focus") text.focus();
}

/** Nothing but "close" and a count leaves the frame, so any page may hear it. */
function toParent(custops, more = {}) {
  if (window.parent !== window) window.parent.postMessage({ custops, ...more }, "*");
}
