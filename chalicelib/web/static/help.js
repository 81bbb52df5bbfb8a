// What a script adds to the help centre: local times, and an answer above what was found.

import { fill, localTimes, make } from "./dom.js";
import { t, texted } from "./words.js";

const root = document.documentElement.dataset.root || "./";

localTimes();
const place = document.getElementById("answer");
if (place) start(place);

function start(place) {
  texted();
  place.setAttribute("aria-live", "polite");
  fill(place, make("p", { class: "note quiet" }, place.dataset.wait));
  const asked = new URLSearchParams(location.search).get("q") || "";
  ask(place, asked, null).catch((error) => {
    fill(place);
    console.warn("no answer:", error.message);
  });
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
  const language = document.documentElement.lang.slice(0, 2);
  const body = session ? { question, session, language } : { question, language };
  show(place, await post("questions", body));
}

function show(place, said) {
  if (said.kind === "handover" && !said.issues.length) return fill(place);
  const links = [
    ...(said.article ? [[`a/${said.article.slug}`, said.article.title]] : []),
    ...said.issues.map((issue) => [`issues/${issue.id}`, issue.title]),
  ];
  return fill(place, make("section", { class: "note", "aria-label": t("answer.label") },
    make("h2", {}, t("answer.label")),
    make("p", { class: "said", dir: "auto" }, said.text),
    said.note ? make("p", { class: "quiet" }, said.note) : null,
    ...links.map(([path, title]) => make("p", {}, make("a", { href: root + path, dir: "auto" }, title))),
    said.kind === "answer" ? outcome(place, said) : options(place, said)));
}

function options(place, said) {
  const choose = (option) => make("button", {
    class: "second", type: "button", dir: "auto",
    onclick: () => ask(place, option.title, said.session).catch(() => fill(place)),
  }, option.title);
  return make("p", { class: "row even" }, ...(said.options || []).map(choose));
}

function outcome(place, said) {
  const box = make("p", { class: "row even" });
  const tell = async (solved) => {
    await post(`questions/${said.session}/outcome`, { solved });
    fill(box, make("strong", { role: "status", tabindex: "-1" }, t(solved ? "answer.glad" : "answer.sorry")),
      solved ? null : make("a", { class: "button", href: place.dataset.new }, t("page.write")));
    box.firstChild.focus();
  };
  const button = (key, solved) => make("button", {
    class: "second", type: "button", onclick: () => tell(solved).catch(() => fill(box)),
  }, t(key));
  return fill(box, make("span", {}, said.confirm || t("article.helped")),
    button("article.yes", true), button("article.no", false));
}
