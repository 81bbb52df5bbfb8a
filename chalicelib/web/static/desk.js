// The agent desk: sign in, the frame around every screen, and which screen is shown.

import { get, onSignedOut, renew, signedIn } from "./desk-api.js";
import { acting, clock, complain, html, lazy, now, Notices, render, setClock, signal, t, Time, useEffect, useRef } from "./desk-ui.js";
import {
  agents, go, list, live, loadViews, may, me, place, setup, startPolling, stopPolling, teams,
} from "./desk-state.js";
import { Bell, News } from "./desk-bell.js";
import { Queue, Views } from "./desk-queue.js";
import { listen, Palette } from "./desk-keys.js";
import { Finder, openHit } from "./desk-search.js";
import { begin, dark, loadOwn, prefer, spoken } from "./desk-own.js";

const online = signal(navigator.onLine);
addEventListener("online", () => { online.value = true; });
addEventListener("offline", () => { online.value = false; });

/** Screens that few open at once are loaded when they are asked for. */
const BOARDS = () => import("./desk-boards.js").then((m) => m.Board);
const SCREENS = {
  trends: BOARDS, problems: BOARDS, campaigns: BOARDS, articles: BOARDS, insights: BOARDS, settings: BOARDS, quarantine: BOARDS,
  people: BOARDS, audit: BOARDS,
  me: () => import("./desk-me.js").then((m) => m.Board),
  search: () => import("./desk-results.js").then((m) => m.Results),
  start: () => import("./desk-start.js").then((m) => m.Start),
};
const screens = signal({});
const NewCase = lazy(() => import("./desk-new.js").then((m) => m.NewCase));
const Case = lazy(() => import("./desk-case.js").then((m) => m.Case));

/** The sign-in, loaded by whoever is not signed in. */
const door = signal(null);

/** The queue waits for nothing but who one is; names and counts come beside it. */
async function enter() {
  const asked = Date.now();
  const found = await get("me");
  setClock(found.now, asked);
  live.value = { ok: true, at: clock() };
  me.value = found;
  loadOwn().catch(complain);
  choices().then(shown).then(() => { Case.soon(); return loadViews(); }).then(startPolling).catch(complain);
  if (may("admin")) firstSteps().catch(complain);
}

/** An installation that nobody set up begins with its first steps. */
async function firstSteps() {
  const blank = location.hash.length < 3;
  setup.value = await get("start");
  if (setup.value.fresh && blank) go("start");
}

/** The screen has been drawn, and asked for what it shows. */
const shown = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)));

async function choices() {
  const [staff, groups] = await Promise.all([get("agents"), get("teams")]);
  agents.value = staff.items;
  teams.value = groups.items;
}

async function leave() {
  stopPolling();
  door.value ||= await import("./desk-login.js");
  me.value = null;
  setup.value = null;
}

const QUEUE = ["q", "case", "search", "new"];
const SETTINGS = ["people", "audit"];

function Bar() {
  const stale = !online.value || !live.value.ok || now.value - live.value.at > 30_000 + 30_000;
  const { screen } = place.value;
  const boardsOf = [[list.value.path, "queue", "readonly"], ["trends", "trends", "readonly"], ["problems", "problems", "readonly"],
    ["campaigns", "campaigns", "lead"], ["articles", "articles", "readonly"], ["insights", "insights", "lead"],
    ["quarantine", "quarantine", "agent"], ["settings", "settings", "admin"]].filter(([, , role]) => may(role));
  useEffect(() => { document.querySelector(".bar nav [aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "nearest" }); }, [screen]);
  const here = (name) => screen === name || (name === "queue" && QUEUE.includes(screen)) || (name === "settings" && SETTINGS.includes(screen));
  return html`<header class="bar"><a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); document.querySelector("h1")?.focus(); }}>${t("page.skip")}</a>
    <a class="brand" href="#/q/queue">${document.documentElement.dataset.brand}</a>
    <div role="search"><${Finder} id="search" label=${t("desk.search")} hint="/" onPick=${openHit}
      onAll=${(text) => go(`search?q=${encodeURIComponent(text)}`)} /></div>
    <nav aria-label=${t("desk.boards")}>${boardsOf.map(([to, name]) => html`
      <a key=${name} href=${`#/${to}`} aria-current=${here(name) ? "true" : null}>${t(`board.${name}`)}</a>`)}</nav>
    <${Setup} />
    <span class=${`live${stale ? " stale" : ""}`}>${!online.value ? t("desk.offline") : stale ? html`${t("desk.stale")} <${Time} at=${new Date(live.value.at).toISOString()} />` : t("desk.live")}</span>
    <${Bell} />
    <${Menu} />
  </header>`;
}

/** How far the first steps are, until all are done. */
function Setup() {
  const all = setup.value?.steps || [];
  const done = all.filter((step) => step.done).length;
  if (done === all.length && place.value.screen !== "start") return null;
  return html`<a class="setup" href="#/start" aria-current=${place.value.screen === "start" ? "true" : null}><span>${t("board.start")}</span>
    ${all.length > 0 && html` <span class="tag">${done}/${all.length}</span>`}</a>`;
}

/** What is about oneself. It closes when something was chosen, when it is left, and by Escape. */
function Menu() {
  const menu = useRef(null);
  const close = () => { menu.current.open = false; };
  const outside = (target) => target && !menu.current.contains(target);
  useEffect(() => {
    const pressed = (event) => { if (outside(event.target)) close(); };
    addEventListener("pointerdown", pressed);
    return () => removeEventListener("pointerdown", pressed);
  }, []);
  return html`<details class="menu" ref=${menu} onFocusOut=${(e) => { if (outside(e.relatedTarget)) close(); }}
      onKeyDown=${(e) => { if (e.key === "Escape") { close(); menu.current.firstElementChild.focus(); } }}>
    <summary><span class="clip">${me.value.name || me.value.email}</span></summary>
    <div onClick=${close}>
      <a href="#/me">${t("board.me")}</a>
      <button type="button" class="link" onClick=${acting(() => prefer({ theme: dark() ? "light" : "dark" }))}>${t("desk.theme")}</button>
      <button type="button" class="link" onClick=${acting(leaving)}>${t("login.leave")}</button></div></details>`;
}

const leaving = async () => (await import("./desk-login.js")).leave();

function Screen() {
  const { screen, id } = place.value;
  useEffect(() => {
    if (SCREENS[screen] && !screens.value[screen]) {
      SCREENS[screen]().then((found) => { screens.value = { ...screens.value, [screen]: found }; }, complain);
    }
    document.title = `${t(screen === "case" ? "case.log" : `board.${screen === "q" ? "queue" : screen}`)} – ${document.documentElement.dataset.brand}`;
  }, [screen]);
  if (SCREENS[screen]) {
    const Shown = screens.value[screen];
    return Shown ? html`<main id="main" class="board"><${Shown} screen=${screen} id=${id} /></main>`
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
  const key = spoken.value;
  if (!me.value) return html`${door.value && html`<${door.value.Login} key=${key} enter=${enter} />`}<${Notices} />`;
  return html`<${Bar} key=${`bar ${key}`} />
    ${!online.value && html`<p class="banner" role="alert">${t("desk.offline_text")}</p>`}
    <${Screen} key=${key} /><${Palette} /><${News} /><${Notices} />`;
}

async function start() {
  await begin();
  onSignedOut(leave);
  listen();
  try {
    if (new URLSearchParams(location.search).has("state")) await (await import("./desk-login.js")).comeBack();
    if (signedIn() || await renew()) await enter();
  } catch (error) {
    if (error.status !== 401) complain(error);
  }
  if (!me.value) door.value ||= await import("./desk-login.js");
  render(html`<${Desk} />`, document.getElementById("desk"));
}

start();
