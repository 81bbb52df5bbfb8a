// The agent desk: sign in, the frame around every screen, and which screen is shown.

import { get, keepToken, onSignedOut, post, signedIn } from "./desk-api.js";
import { complain, html, now, Notices, render, signal, t, Time, useEffect, useState } from "./desk-ui.js";
import {
  agents, go, live, loadViews, may, me, place, startPolling, stopPolling, teams, view,
} from "./desk-state.js";
import { Queue, Views } from "./desk-queue.js";
import { Case } from "./desk-case.js";
import { listen, Palette } from "./desk-keys.js";
import { NewCase } from "./desk-new.js";
import { speak } from "./words.js";

const online = signal(navigator.onLine);
addEventListener("online", () => { online.value = true; });
addEventListener("offline", () => { online.value = false; });

/** Screens that few open at once are loaded when they are asked for. */
const BOARDS = ["trends", "problems", "campaigns", "settings", "quarantine", "people", "audit"];
const boards = signal(null);

/** The queue waits for nothing but who one is; names and counts come beside it. */
async function enter() {
  me.value = await get("me");
  choices().then(shown).then(loadViews).then(startPolling).catch(complain);
}

/** The screen has been drawn, and asked for what it shows. */
const shown = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)));

async function choices() {
  const [staff, groups] = await Promise.all([get("agents"), get("teams")]);
  agents.value = staff.items;
  teams.value = groups.items;
}

function leave() {
  stopPolling();
  me.value = null;
}

function Login() {
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    setBusy(true);
    setWrong("");
    try {
      const answer = await post("login", { email: form.get("email"), password: form.get("password") });
      keepToken(answer.token);
      await enter();
    } catch (error) {
      setWrong(error.message);
    } finally {
      setBusy(false);
    }
  };
  return html`<main class="login"><h1>${t("login.title")}</h1>
    <form onSubmit=${submit}>
      ${wrong && html`<p class="wrong-box" role="alert" id="why">${wrong}</p>`}
      <label for="email">${t("login.email")}</label>
      <input id="email" name="email" type="email" required autocomplete="username" autofocus aria-describedby=${wrong ? "why" : null} />
      <label for="password">${t("login.password")}</label>
      <input id="password" name="password" type="password" required autocomplete="current-password" aria-describedby=${wrong ? "why" : null} />
      <button disabled=${busy}>${t("login.enter")}</button></form></main>`;
}

function Bar() {
  const stale = !online.value || !live.value.ok || now.value - live.value.at > 30_000 + 30_000;
  return html`<header class="bar"><a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); document.querySelector("h1")?.focus(); }}>${t("page.skip")}</a>
    <a class="brand" href="#/q/queue">${document.documentElement.dataset.brand}</a>
    <form role="search" onSubmit=${(e) => { e.preventDefault(); const q = new FormData(e.target).get("q").trim(); if (q) go(`search?q=${encodeURIComponent(q)}`); }}>
      <label class="aside" for="search">${t("desk.search")}</label>
      <input id="search" name="q" type="search" placeholder=${t("desk.search")} /></form>
    <nav aria-label=${t("desk.boards")}>${[["q/" + view.value, "queue", "readonly"], ["trends", "trends", "readonly"], ["problems", "problems", "readonly"],
      ["campaigns", "campaigns", "lead"], ["settings", "settings", "admin"]].filter(([, , role]) => may(role)).map(([to, name]) => html`
      <a key=${name} href=${`#/${to}`} aria-current=${(place.value.screen === to || (name === "queue" && ["q", "case", "search"].includes(place.value.screen))) ? "true" : null}>${t(`board.${name}`)}</a>`)}</nav>
    <span class=${`live${stale ? " stale" : ""}`}>${!online.value ? t("desk.offline") : stale ? html`${t("desk.stale")} <${Time} at=${new Date(live.value.at).toISOString()} />` : t("desk.live")}</span>
    <details class="menu"><summary>${me.value.name || me.value.email}</summary><div>
      <button type="button" class="link" onClick=${theme}>${t("desk.theme")}</button>
      <button type="button" class="link" onClick=${() => { keepToken(""); leave(); }}>${t("login.leave")}</button></div></details>
  </header>`;
}

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("custops.theme", root.dataset.theme);
}

function Screen() {
  const { screen, id } = place.value;
  useEffect(() => {
    if (BOARDS.includes(screen) && !boards.value) import("./desk-boards.js").then((m) => { boards.value = m; }, complain);
    document.title = `${t(screen === "case" ? "case.log" : `board.${screen === "q" || screen === "search" ? "queue" : screen}`)} – ${document.documentElement.dataset.brand}`;
  }, [screen]);
  if (BOARDS.includes(screen)) {
    return boards.value ? html`<main id="main" class="board"><${boards.value.Board} screen=${screen} id=${id} /></main>`
      : html`<main id="main" class="board"><div class="skeleton" aria-busy="true"><i/><i/></div></main>`;
  }
  const open = screen === "case";
  return html`<main id="main" class=${`panes${open ? " with-case" : ""}`}>
    <${Views} />
    ${screen === "new" ? html`<${NewCase} />` : html`<${Queue} />
      ${open && html`<${Case} key=${id} id=${id} />`}`}
  </main>`;
}

function Desk() {
  if (!me.value) return html`<${Login} /><${Notices} />`;
  return html`<${Bar} />
    ${!online.value && html`<p class="banner" role="alert">${t("desk.offline_text")}</p>`}
    <${Screen} /><${Palette} /><${Notices} />`;
}

async function start() {
  const here = new URL(".", import.meta.url).href.replace(/\/$/, "");
  const kept = localStorage.getItem("custops.theme");
  if (kept) document.documentElement.dataset.theme = kept;
  await speak(document.documentElement.lang, here);
  onSignedOut(leave);
  listen();
  if (signedIn()) {
    try {
      await enter();
    } catch (error) {
      if (error.status !== 401) complain(error);
    }
  }
  render(html`<${Desk} />`, document.getElementById("desk"));
}

start();
