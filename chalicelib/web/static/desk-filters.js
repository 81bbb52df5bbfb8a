// Dialogs of lists: by what one is narrowed, under which name it is kept, those that are kept.

import { patch, post, remove } from "./desk-api.js";
import { acting, Dialog, html, styled, t, tell, useEffect, useState } from "./desk-ui.js";
import { agents, go, list, loadViews, me, pathOf, teams, views } from "./desk-state.js";
import { beside, called, chosen, filterOf, label, names, open, problems, topics } from "./desk-filter.js";

await styled("entry.css");

const STATES = ["new", "open", "pending", "on_hold", "resolved", "closed"];
const PRIORITIES = ["urgent", "high", "normal", "low"];
const CHANNELS = ["email", "web", "chat", "sms", "voice", "social"];
const LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "pt", "tr", "ru", "uk", "ar", "zh", "ja"];

const close = () => { open.value = ""; };

export function Choose({ known, wishes }) {
  const [given, set] = useState({ order: "created", ...wishes });
  useEffect(() => { names(); }, []);
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

const myTeams = () => teams.value.filter((one) => agents.value.find((agent) => agent.email === me.value.email)?.teams.includes(one.name));

export function Save({ wishes }) {
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
