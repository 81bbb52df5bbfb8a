// For admins: who did what that others must be able to see later.

import { get, post, query } from "./desk-api.js";
import { acting, exact, html, Loading, t, tell, useLoaded, useState } from "./desk-ui.js";
import { Head } from "./desk-boards.js";

const ACTS = [
  "signed_in", "sign_in_failed", "signed_out", "signed_out_everywhere", "password_changed", "second_factor_on",
  "second_factor_off", "invited", "person_changed", "person_signed_out", "password_reset", "settings_changed",
  "teams_changed", "approvals_changed", "customer_exported", "customer_erased", "audit_exported", "original_read",
  "quarantine_released", "notice_approved",
];
const start = (day) => (day ? new Date(`${day}T00:00`).toISOString() : "");
const end = (day) => (day ? new Date(`${day}T23:59:59.999`).toISOString() : "");

export default () => {
  const [wanted, want] = useState({});
  const filled = () => Object.fromEntries(Object.entries(wanted).filter(([, value]) => value));
  const show = (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    want({ who: form.get("who").trim(), what: form.get("what"), since: start(form.get("since")), until: end(form.get("until")) });
  };
  const take = (format) => acting(async () => {
    const made = await post("audit/exports", { ...filled(), format });
    if (!made.complete) tell(t("audit.cut", { count: made.entries }));
    location.assign(made.url);
  });
  return html`<section><${Head} title=${t("board.audit")} back="settings">
      <a href="#/people">${t("board.people")}</a>
      <button type="button" class="second" onClick=${take("csv")}>${t("audit.csv")}</button>
      <button type="button" class="second" onClick=${take("jsonl")}>${t("audit.jsonl")}</button><//>
    <form class="audit" onSubmit=${show}><div class="line controls">
      <div class="field"><label for="a-who">${t("audit.who")}</label><input id="a-who" name="who" dir="auto" /></div>
      <div class="field"><label for="a-what">${t("audit.what")}</label><select id="a-what" name="what"><option value="">${t("audit.all")}</option>${ACTS.map((act) => html`<option key=${act} value=${act}>${t(`audit.${act}`)}</option>`)}</select></div>
      <div class="field"><label for="a-since">${t("audit.since")}</label><input id="a-since" name="since" type="date" /></div>
      <div class="field"><label for="a-until">${t("audit.until")}</label><input id="a-until" name="until" type="date" /></div>
      <button>${t("audit.show")}</button></div></form>
    <${Entries} key=${JSON.stringify(wanted)} wanted=${filled()} /></section>`;
};

function Entries({ wanted }) {
  const [pages, setPages] = useState([]);
  const load = (cursor) => get(`audit${query({ ...wanted, limit: 50, cursor })}`);
  const state = useLoaded(async () => { const page = await load(""); setPages([page]); return page; }, []);
  return html`<${Loading} state=${state}>${() => {
    const all = pages.flatMap((page) => page.items);
    const ended = new Set(all.filter((one) => one.outcome !== "begun").map((one) => one.act_id));
    const items = all.filter((one) => one.outcome !== "begun" || !ended.has(one.act_id));
    const cursor = pages.at(-1)?.cursor;
    const more = acting(async () => setPages([...pages, await load(cursor)]));
    return html`${items.length ? html`<div class="scroll audit" tabindex="0" role="region" aria-label=${t("board.audit")}><table>
      <thead><tr>${["at", "who", "what", "whom", "where", "details"].map((name) => html`<th scope="col" key=${name}>${t(`audit.${name}`)}</th>`)}</tr></thead>
      <tbody>${items.map((one) => html`<${Entry} key=${one.id} one=${one} />`)}</tbody></table></div>` : html`<p class="empty">${t("audit.none")}</p>`}
      ${cursor && html`<p><button type="button" class="second" onClick=${more}>${t("audit.more")}</button></p>`}`;
  }}<//>`;
}

function Entry({ one }) {
  const details = Object.entries(one.details).map(([name, text]) => `${name}: ${text}`);
  return html`<tr><td><time datetime=${one.at} title=${one.request_id}>${exact(one.at)}</time></td><td dir="auto">${one.who || "–"}</td>
    <td>${t(`audit.${one.what}`)}${one.outcome !== "done" && html` <span class=${`tag ${one.outcome}`}>${t(`audit.${one.outcome}`)}</span>`}</td>
    <td dir="auto">${one.whom}</td><td>${one.where}</td><td dir="auto">${details.join(" · ")}</td></tr>`;
}
