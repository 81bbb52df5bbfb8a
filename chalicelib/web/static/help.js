// What a script adds to the help centre: local times, and an answer above what was found.

import { fill, localTimes, make } from "./dom.js";
import { speak, t } from "./words.js";

const here = new URL(".", import.meta.url).href.replace(/\/$/, "");
const root = document.documentElement.dataset.root || "./";

localTimes();
const place = document.getElementById("answer");
if (place) start(place).catch((error) => console.warn("no answer:", error.message));

async function start(place) {
  const asked = new URLSearchParams(location.search).get("q") || "";
  await speak(document.documentElement.lang, here);
  place.setAttribute("aria-live", "polite");
  await ask(place, asked, null);
}

async function post(path, body) {
  const answer = await fetch(`${root}v1/help/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail || said.title);
  return said;
}

async function ask(place, question, session) {
  const language = document.documentElement.lang;
  const body = session ? { question, session, language } : { question, language };
  show(place, await post("questions", body));
}

function show(place, said) {
  if (said.kind === "handover" && !said.issues.length) return fill(place);
  const source = said.article && make("p", {},
    make("a", { href: `${root}a/${said.article.slug}`, dir: "auto" }, said.article.title));
  return fill(place, make("section", { class: "note", "aria-label": t("answer.label") },
    make("p", { class: "said", dir: "auto" }, said.text),
    said.note ? make("p", { class: "quiet" }, said.note) : null,
    source,
    said.kind === "answer" ? outcome(place, said) : options(place, said)));
}

function options(place, said) {
  const choose = (option) => make("button", {
    class: "second", type: "button", dir: "auto",
    onclick: () => ask(place, option.title, said.session).catch(() => fill(place)),
  }, option.title);
  return make("p", { class: "row" }, ...(said.options || []).map(choose));
}

function outcome(place, said) {
  const box = make("p", { class: "row" });
  const tell = async (solved) => {
    await post(`questions/${said.session}/outcome`, { solved });
    fill(box, make("strong", { role: "status" }, t(solved ? "answer.glad" : "answer.sorry")));
  };
  const button = (key, solved) => make("button", {
    class: "second", type: "button", onclick: () => tell(solved).catch(() => fill(box)),
  }, t(key));
  return fill(box, make("span", {}, said.confirm || t("article.helped")),
    button("article.yes", true), button("article.no", false));
}
