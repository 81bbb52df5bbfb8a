// A customer's own case while it is open: new messages enter the log by themselves. It asks every
// 15 s, not at all while the page is hidden, and later and later while nothing can be reached.

import { make, linked, localTimes } from "./dom.js";
import { t, texted } from "./words.js";

const EVERY = 15_000; // ms
const LONGEST = 120_000;
const entries = document.getElementById("entries");
const state = document.getElementById("state");
const { since, last, clean } = entries.dataset;
const query = since ? `?cursor=${encodeURIComponent(since)}` : "";
const known = new Set([...entries.children].map((entry) => entry.dataset.id));
let tag = "";
let failed = 0;
let timer = 0;

texted();
if (clean) tidy();
for (const said of entries.querySelectorAll(".said")) said.replaceChildren(...linked(said.textContent));
if (last) {
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  wait();
}

/** The secret leaves the address as soon as the cookie is seen to open the case in its place. */
async function tidy() {
  const answer = await fetch(`${clean}/news${query}`, { cache: "no-store" }).catch(() => null);
  if (answer?.ok) history.replaceState(null, "", `${clean}${location.search}${location.hash}`);
}

function wait() {
  clearTimeout(timer);
  const pause = Math.min(LONGEST, EVERY * 2 ** failed) * (0.8 + 0.4 * Math.random());
  if (!document.hidden) timer = setTimeout(look, pause);
}

async function look() {
  clearTimeout(timer);
  try {
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch(`${location.pathname}/news${query}`, { cache: "no-store", headers });
    if (answer.status === 403) return; // the link was withdrawn: a reload says so
    if (!answer.ok && answer.status !== 304) throw new Error(`status ${answer.status}`);
    tag = answer.headers.get("ETag") || tag;
    if (answer.status !== 304) show(await answer.json());
    failed = 0;
  } catch {
    failed += 1;
  }
  wait();
}

function show({ case: { status }, items }) {
  for (const item of items.filter((one) => !known.has(one.id))) {
    known.add(item.id);
    entries.append(drawn(item));
  }
  const [tag, next] = state.children;
  if (tag.textContent === t(`state.${status}`)) return;
  tag.className = `tag ${status}`;
  tag.textContent = t(`state.${status}`);
  next.textContent = t(`state.${status}.next`);
}

function drawn(item) {
  const made = make("li", { class: item.writer === "us" ? "card us" : "card" },
    make("div", { class: "meta" },
      make("strong", { dir: "auto" }, (item.writer === "us" && item.name) || t(`case.${item.writer}`)),
      make("time", { datetime: item.created_at }, ":"),
      item.channel === "web" ? null : make("span", {}, t(`out.${item.channel}`))),
    make("p", { class: "said", dir: "auto" }, ...linked(item.text)),
    item.quoted ? make("details", {}, make("summary", {}, t("case.quoted")),
      make("p", { class: "said quiet", dir: "auto" }, item.quoted)) : null,
    item.attachments.length ? make("ul", { class: "plain" }, ...item.attachments.map((file) => make("li", {},
      make("a", { href: file.url, dir: "auto" }, file.name)))) : null);
  localTimes(made);
  return made;
}
