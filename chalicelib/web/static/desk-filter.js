// By what a list is narrowed: the filters as chips, a dialog to choose them, lists that are kept.

import { get, patch, post, remove } from "./desk-api.js";
import { acting, Dialog, html, signal, t, tell, useEffect, useState } from "./desk-ui.js";
import { agents, fieldName, go, list, loadViews, may, me, pathOf, rows, teams, views } from "./desk-state.js";

const STATES = ["new", "open", "pending", "on_hold", "resolved", "closed"];
const PRIORITIES = ["urgent", "high", "normal", "low"];
const CHANNELS = ["email", "web", "chat", "sms", "voice", "social"];
const LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "pt", "tr", "ru", "uk", "ar", "zh", "ja"];
const SEVERAL = ["status", "priority"];
const CHIPS = ["status", "priority", "team", "assignee", "topic", "tag", "channel", "language", "problem", "customer", "q"];

/** Which of the dialogs is open: filter, save, organise. */
export const open = signal("");
export const organise = () => { open.value = "organise"; };

const topics = signal([]);
const problems = signal([]);
let asked = false;
/** Names of topics and problems, asked for when a filter needs them. */
async function names() {
  if (asked) return;
  asked = true;
  const [known, troubles] = await Promise.all([get("topics"), get("problems?limit=50")]);
  topics.value = known.items;
  problems.value = troubles.items;
}

const none = (value) => value === "any" || value === "*" || !value;
const chosen = (name, value) => (SEVERAL.includes(name) ? value.split(",").filter(Boolean) : [value]);

/** What the view of that name lists by itself, named as in an address. */
function base(known) {
  const found = {};
  for (const [name, value] of Object.entries(known?.filter || {})) {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text) found[name === "text" ? "q" : name] = text;
  }
  return found;
}

/** The address's part for these wishes: what the view has already is left out. */
function beside(known, wishes) {
  const own = base(known);
  const filters = {};
  for (const name of [...CHIPS, "order"]) {
    const value = (wishes[name] || "").trim();
    if (value === (own[name] || "")) continue;
    if (value) filters[name] = value;
    else if (name !== "order") filters[name] = name === "q" ? "*" : "any";
  }
  return filters;
}

const wished = (known) => {
  const all = { ...base(known), ...list.value.filters };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => !none(value)));
};

/** How a value of a filter is called. */
function called(name, value) {
  if (name === "status") return t(`state.${value}`);
  if (name === "priority" || name === "channel") return t(`${name}.${value}`);
  if (value === "none") return t("filter.none");
  if (name === "team") return teams.value.find((one) => one.name === value)?.title || value;
  if (name === "assignee") return value === "me" || value === me.value.email ? t("desk.me") : agents.value.find((one) => one.email === value)?.name || value;
  if (name === "topic") return topics.value.find((one) => one.label === value)?.name || value;
  if (name === "problem") return problems.value.find((one) => one.id === value)?.title || value;
  if (name === "customer") return rows.value[0]?.customer_name || rows.value[0]?.reply_to || "…";
  if (name === "language") return languageName(value);
  return name === "q" ? `“${value}”` : value;
}

function languageName(code) {
  try { return new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(code); } catch { return code; }
}

const label = (name) => (name === "problem" ? fieldName("problem_id") : ["q", "tag", "channel", "customer", "order"].includes(name) ? t(`filter.${name}`) : fieldName(name));

export function FilterBar({ known }) {
  const wishes = wished(known);
  const shown = CHIPS.filter((name) => wishes[name] && !(known?.owner === "all" && !list.value.filters[name]));
  useEffect(() => { if (shown.some((name) => ["topic", "problem"].includes(name))) names().catch(() => { asked = false; }); }, [list.value.path]);
  const without = (name) => pathOf(list.value.name, beside(known, { ...wishes, [name]: "" }));
  const changed = Object.keys(list.value.filters).length > 0;
  const mine = known && ["me", "team"].includes(known.owner) && may("agent");
  return html`<div class="filters" role="group" aria-label=${t("filter.title")}>
    ${shown.map((name) => html`<a key=${name} class="chip" href=${`#/${without(name)}`} title=${t("filter.remove")}>
      <span class="aside">${t("filter.remove")} </span><span>${label(name)}: <b dir="auto">${chosen(name, wishes[name]).map((value) => called(name, value)).join(", ")}</b></span>
      <span aria-hidden="true">×</span></a>`)}
    <button type="button" class="second" onClick=${() => { open.value = "filter"; }}>${t("filter.open")} <kbd>F</kbd></button>
    ${changed && may("agent") && html`
      ${mine && html`<button type="button" class="second" onClick=${acting(async () => {
        await patch(`views/${known.name}`, { filter: filterOf(wishes) });
        await loadViews();
        go(pathOf(known.name, {}));
      })}>${t("views.update")}</button>`}
      <button type="button" class="second" onClick=${() => { open.value = "save"; }}>${t("views.save")}</button>
      <a href=${`#/${pathOf(list.value.name, {})}`}>${t("filter.clear")}</a>`}
    ${open.value === "filter" && html`<${Choose} known=${known} wishes=${wishes} />`}
    ${open.value === "save" && html`<${Save} wishes=${wishes} />`}
  </div>`;
}

const close = () => { open.value = ""; };

function Choose({ known, wishes }) {
  const [given, set] = useState({ order: "created", ...wishes });
  useEffect(() => { names().catch(() => { asked = false; }); }, []);
  const aside = known && !known.filter; // spam goes by time, whatever is asked for
  const apply = (event) => {
    event.preventDefault();
    close();
    go(pathOf(list.value.name, beside(known, given)));
  };
  const ticked = (name, value) => chosen(name, given[name] || "").includes(value);
  const tick = (name, all, value, on) => {
    const next = all.filter((one) => (one === value ? on : ticked(name, one)));
    set({ ...given, [name]: next.join(",") });
  };
  const boxes = (name, all) => html`<fieldset><legend>${label(name)}</legend><div class="line">${all.map((value) => html`
    <label class="check" key=${value}><input type="checkbox" autofocus=${value === all[0] && name === "status"} checked=${ticked(name, value)} onChange=${(e) => tick(name, all, value, e.target.checked)} /> ${called(name, value)}</label>`)}</div></fieldset>`;
  const pick = (name, all) => html`<label>${label(name)} <select onChange=${(e) => set({ ...given, [name]: e.target.value })}>
    <option value="">${t("filter.any")}</option>
    ${(all.includes(given[name]) || !given[name] ? all : [given[name], ...all]).map((value) => html`<option value=${value} selected=${value === given[name]}>${called(name, value)}</option>`)}</select></label>`;
  const write = (name) => html`<label>${label(name)} <input dir="auto" maxlength="200" value=${given[name] || ""} onInput=${(e) => set({ ...given, [name]: e.target.value })} /></label>`;
  return html`<${Dialog} title=${t("filter.title")} onClose=${close} wide><form class="filter-form" onSubmit=${apply}>
    ${boxes("status", STATES)}${boxes("priority", PRIORITIES)}
    <div class="grid">
      ${write("q")}
      ${pick("assignee", ["me", "none", ...agents.value.map((one) => one.email).filter((one) => one !== me.value.email)])}
      ${pick("team", ["none", ...teams.value.map((one) => one.name)])}
      ${pick("topic", ["none", ...topics.value.map((one) => one.label)])}
      ${pick("channel", CHANNELS)}${pick("language", LANGUAGES)}${pick("problem", problems.value.map((one) => one.id))}${write("tag")}
      ${!aside && html`<label>${label("order")} <select onChange=${(e) => set({ ...given, order: e.target.value })}>
        ${["created", "due"].map((value) => html`<option value=${value} selected=${value === given.order}>${t(`filter.by_${value}`)}</option>`)}</select></label>`}
    </div>
    <p class="actions"><button>${t("filter.apply")}</button> <button type="button" class="second" onClick=${close}>${t("desk.close")}</button></p></form><//>`;
}

/** The wishes as the API keeps them. */
function filterOf(wishes) {
  const { q = "", status = "", priority = "", customer, ...rest } = wishes;
  return { ...rest, text: q, status: chosen("status", status), priority: chosen("priority", priority) };
}

const myTeams = () => teams.value.filter((one) => agents.value.find((agent) => agent.email === me.value.email)?.teams.includes(one.name));

function Save({ wishes }) {
  const [given, set] = useState({ title: "", for_team: "" });
  const [wrong, setWrong] = useState("");
  const save = async (event) => {
    event.preventDefault();
    try {
      const made = await post("views", { ...filterOf(wishes), ...given });
      close();
      await loadViews();
      go(pathOf(made.name, {}));
      tell(t("views.saved", { title: made.title }));
    } catch (error) {
      setWrong(error.fields?.[0]?.reason || error.message);
    }
  };
  return html`<${Dialog} title=${t("views.save")} onClose=${close}><form class="fieldset" onSubmit=${save}>
    ${wrong && html`<p class="wrong-box" role="alert" id="view-wrong">${wrong}</p>`}
    <label for="view-title">${t("views.title")}</label>
    <input id="view-title" required maxlength="120" dir="auto" autofocus aria-describedby=${wrong ? "view-wrong" : null} value=${given.title} onInput=${(e) => set({ ...given, title: e.target.value })} />
    <label for="view-for">${t("views.for")}</label>
    <select id="view-for" onChange=${(e) => set({ ...given, for_team: e.target.value })}>
      <option value="">${t("views.for_me")}</option>${myTeams().map((one) => html`<option value=${one.name}>${one.title}</option>`)}</select>
    ${wishes.customer && html`<p class="quiet">${t("views.no_customer")}</p>`}
    <p class="actions"><button>${t("desk.save")}</button></p></form><//>`;
}

export function Organise() {
  const owned = views.value.filter((one) => one.owner === "me" || (one.owner === "team" && myTeams().some((team) => team.name === one.team)));
  const act = (work) => acting(async () => { await work(); await loadViews(); });
  const place = (one) => owned.filter((other) => other.owner === one.owner && other.team === one.team).indexOf(one);
  return html`<${Dialog} title=${t("views.organise")} onClose=${close}><ul class="plain">
    ${owned.map((one) => html`<li key=${one.name} class="actions">
      <input dir="auto" aria-label=${t("views.title")} maxlength="120" value=${one.title}
        onChange=${(e) => act(() => patch(`views/${one.name}`, { title: e.target.value }))()} />
      ${one.team && html`<span class="tag">${called("team", one.team)}</span>`}
      <button type="button" class="second" disabled=${place(one) === 0} onClick=${act(() => patch(`views/${one.name}`, { position: place(one) - 1 }))}>
        ${t("settings.up")}<span class="aside"> ${one.title}</span></button>
      <button type="button" class="second" onClick=${act(async () => { await remove(`views/${one.name}`); if (list.value.name === one.name) go("q/queue"); })}>
        ${t("settings.remove")}<span class="aside"> ${one.title}</span></button></li>`)}
    ${!owned.length && html`<li class="quiet">${t("views.none")}</li>`}</ul><//>`;
}
