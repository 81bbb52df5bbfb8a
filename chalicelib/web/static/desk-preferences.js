// How one wants to be told of things, and the desk to be; it goes with one to any browser.

import { request } from "./desk-api.js";
import { acting, html, Loading, t, tell, useLoaded, useState } from "./desk-ui.js";
import { apply } from "./desk-own.js";

const KINDS = ["mentioned", "assigned", "breached", "at_risk", "reply", "followed"];
const WAYS = ["desk", "mail", "webhook"];

const version = ({ etag }) => Number(etag.replace(/\D/g, ""));

/** The section of the screen about oneself. */
export function Preferences() {
  const state = useLoaded(() => request("GET", "me/preferences"), []);
  return html`<section class="card" aria-labelledby="prefs-title"><h2 id="prefs-title">${t("me.prefs")}</h2>
    <${Loading} state=${state}>${(found) => html`<${Form} key=${found.etag} found=${found} reload=${state.reload} />`}<//></section>`;
}

function Form({ found, reload }) {
  const fresh = version(found) === 0; // nothing was chosen yet: it is where the browser is
  const [wanted, setWanted] = useState(fresh ? { ...found.data, zone: Intl.DateTimeFormat().resolvedOptions().timeZone } : found.data);
  const [busy, setBusy] = useState(false);
  const set = (fields) => setWanted({ ...wanted, ...fields });
  const choose = (kind, way) => (e) => set({ notify: { ...wanted.notify, [kind]: { ...wanted.notify[kind], [way]: e.target.checked } } });
  const save = acting(async () => {
    setBusy(true);
    try {
      const { data } = await request("PUT", "me/preferences", { body: wanted, version: version(found) });
      await apply(data);
      tell(t("me.prefs_saved"));
    } finally {
      setBusy(false);
      reload();
    }
  });
  const quiet = wanted.quiet_hours;
  return html`<form class="prefs" onSubmit=${save}>
    <h3>${t("prefs.notify")}</h3>
    <table class="choices"><thead><tr><th scope="col">${t("prefs.kind")}</th>${WAYS.map((way) => html`<th key=${way} scope="col">${t(`prefs.${way}`)}</th>`)}</tr></thead>
      <tbody>${KINDS.map((kind) => html`<tr key=${kind}><th scope="row">${t(`prefs.kind_${kind}`)}</th>
        ${WAYS.map((way) => html`<td key=${way}><input type="checkbox" checked=${wanted.notify[kind][way]} onChange=${choose(kind, way)}
          aria-label=${t("prefs.cell", { kind: t(`prefs.kind_${kind}`), way: t(`prefs.${way}`) })} /></td>`)}</tr>`)}</tbody></table>
    <div class="fields">
      <${Choice} name="mail_grouping" title="grouping" value=${wanted.mail_grouping} of=${["at_once", "quarter_hour", "daily"]} onPick=${set} />
      ${wanted.mail_grouping === "at_once" && html`<${Choice} name="mail_when" value=${wanted.mail_when} of=${["away", "unseen"]} onPick=${set} />`}
      ${wanted.mail_grouping === "daily" && html`<label>${t("prefs.daily_at")} <input type="time" required value=${wanted.daily_at} onInput=${(e) => set({ daily_at: e.target.value })} /></label>`}
      <label>${t("prefs.zone")} <input list="zones" required value=${wanted.zone} onInput=${(e) => set({ zone: e.target.value })} />
        <datalist id="zones">${(Intl.supportedValuesOf?.("timeZone") || []).map((zone) => html`<option key=${zone} value=${zone} />`)}</datalist></label></div>
    <label class="check"><input type="checkbox" checked=${Boolean(quiet)} onChange=${(e) => set({ quiet_hours: e.target.checked ? { start: "19:00", until: "07:00" } : null })} /> ${t("prefs.quiet")}</label>
    ${quiet && html`<div class="fields">${["start", "until"].map((end) => html`<label key=${end}>${t(`prefs.quiet_${end}`)}
      <input type="time" required value=${quiet[end]} onInput=${(e) => set({ quiet_hours: { ...quiet, [end]: e.target.value } })} /></label>`)}</div>`}
    <h3>${t("prefs.desk_title")}</h3>
    <div class="fields">
      <label>${t("prefs.language")} <select onChange=${(e) => set({ language: e.target.value })}>
        ${[["", t("prefs.browser")], ["en", "English"], ["de", "Deutsch"]].map(([code, name]) => html`<option key=${code} value=${code} lang=${code || null} selected=${code === wanted.language}>${name}</option>`)}</select></label>
      <${Choice} name="theme" value=${wanted.theme} of=${["system", "light", "dark"]} prefix="theme_" onPick=${set} /></div>
    <label class="check"><input type="checkbox" checked=${wanted.keys} onChange=${(e) => set({ keys: e.target.checked })} /> ${t("prefs.keys")}</label>
    <p class="actions"><button disabled=${busy}>${t("prefs.save")}</button></p></form>`;
}

function Choice({ name, title = name, value, of, prefix = "", onPick }) {
  return html`<label>${t(`prefs.${title}`)} <select onChange=${(e) => onPick({ [name]: e.target.value })}>
    ${of.map((one) => html`<option key=${one} value=${one} selected=${one === value}>${t(`prefs.${prefix}${one}`)}</option>`)}</select></label>`;
}
