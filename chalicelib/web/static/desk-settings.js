// Settings: forms made from the API's own description, in the words of the people who set them.

import { get, post, request } from "./desk-api.js";
import { html, Loading, t, tell, useLoaded, useState } from "./desk-ui.js";
import { teams } from "./desk-state.js";
import { Faults, Head, useForm, useUnsaved } from "./desk-boards.js";
import { Field, follow, wordsOf } from "./desk-form.js";
import { known } from "./words.js";

const GROUPS = {
  company: ["brand", "teams", "calendars", "promises"], contacts: ["channels", "topics", "fields", "macros", "snippets", "views"], routes: ["routing", "priorities"],
  help_centre: ["help", "synonyms"], watching: ["detection", "problems", "campaigns", "approvals"], machine: ["engines", "sentiment", "notifications", "webhooks", "audit", "flags"],
};
/** Screens of their own that an admin looks for among the settings. */
const BESIDE = { company: ["people"], machine: ["audit"] };
const root = document.documentElement.dataset.root || "./";
let description = null;

async function described() {
  const answer = await fetch(`${root}openapi.json`);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

export default ({ id: name }) => {
  const state = useLoaded(() => (description ||= described().catch((error) => { description = null; throw error; })), []);
  return html`<section><${Head} title=${t("board.settings")} /><${Loading} state=${state}>${(api) => {
    const names = api.paths["/v1/settings/{name}"].get.parameters.find((one) => one.name === "name").schema.enum;
    const listed = Object.values(GROUPS).flat();
    const groups = { ...GROUPS, more: names.filter((one) => !listed.includes(one)) };
    return html`<div class="panes-2"><nav aria-label=${t("board.settings")}>${Object.entries(groups).map(([group, some]) => some.some((one) => names.includes(one)) && html`<h2 key=${group}>${t(`settings.group_${group}`)}</h2><ul class="plain" key=${`${group}-list`}>
      ${some.filter((one) => names.includes(one)).map((one) => html`<li key=${one}><a href=${`#/settings/${one}`} aria-current=${one === name ? "page" : null}>${titleOf(one)}</a></li>`)}
      ${(BESIDE[group] || []).map((one) => html`<li key=${`#${one}`}><a href=${`#/${one}`}>${t(`board.${one}`)}</a></li>`)}</ul>`)}</nav>
      <div>${name ? html`<${Document} key=${name} name=${name} api=${api} />` : html`<p>${t("settings.choose")}</p>
        <div class="grid">${listed.filter((one) => names.includes(one)).map((one) => html`<article class="card" key=${one}><h2><a href=${`#/settings/${one}`}>${titleOf(one)}</a></h2><p class="quiet">${t(`settings.${one}_what`)}</p></article>`)}</div>`}</div></div>`;
  }}<//></section>`;
};

const titleOf = (name) => (known(`settings.${name}`) ? t(`settings.${name}`) : name);

/** The documents that others refer to: names of teams, hours and topics to choose from. */
async function choices() {
  const [topics, hours] = await Promise.all([get("topics"), get("settings/calendars")]);
  return { topic: topics.items.map((one) => [one.label, one.name]), calendar: hours.document.calendars.map((one) => [one.name, one.name]), team: teams.value.map((one) => [one.name, one.title]) };
}

function Document({ name, api }) {
  const state = useLoaded(() => Promise.all([get(`settings/${name}`), choices()]), [name]);
  return html`<${Loading} state=${state}>${([found, some]) => html`<${Editor} key=${found.version} name=${name} api=${api} found=${found} choices=${some} reload=${state.reload} />`}<//>`;
}

/** The model of a document: the one of the PUT's bodies that has exactly its fields. */
function schemaOf(api, document) {
  const body = api.paths["/v1/settings/{name}"].put.requestBody.content["application/json"].schema;
  const fields = Object.keys(document);
  const fits = (body.anyOf || [body]).map((one) => follow(api, one)).filter((one) => fields.every((field) => field in (one.properties || {})));
  return fits.sort((a, b) => Object.keys(a.properties).length - Object.keys(b.properties).length)[0] || { type: "object" };
}

function Editor({ name, api, found, choices: some, reload }) {
  const [value, setValue] = useState(found.document);
  const [theirs, setTheirs] = useState(null);
  const form = useForm();
  const schema = schemaOf(api, found.document);
  const dirty = JSON.stringify(value) !== JSON.stringify(found.document);
  useUnsaved(dirty);
  const save = form.run(async (event) => {
    event?.preventDefault?.();
    try {
      await request("PUT", `settings/${name}`, { body: value, version: theirs ? theirs.version : found.version || undefined });
    } catch (error) {
      if (error.status !== 412) throw error;
      setTheirs(error.problem.current);
      return;
    }
    tell(t("settings.saved"));
    reload();
  });
  const of = { api, form, choices: some, name };
  return html`<form class="document" onSubmit=${save}><h2>${titleOf(name)}</h2>${known(`settings.${name}_what`) && html`<p class="quiet">${t(`settings.${name}_what`)}</p>`}
    <${Faults} form=${form} label=${(field) => field.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) + 1 : wordsOf(name, part))).join(" › ")} />
    ${theirs && html`<${Conflict} mine=${value} theirs=${theirs.document} name=${name} take=${save} drop=${reload} />`}
    <${Field} of=${of} schema=${schema} value=${value} path="" onChange=${setValue} />
    ${["routing", "priorities"].includes(name) && html`<${Try} name=${name} document=${value} form=${form} />`}
    <p class="actions sticky"><button disabled=${!dirty}>${t("desk.save")}</button>${dirty && html`<button type="button" class="second" onClick=${() => setValue(found.document)}>${t("settings.revert")}</button>`}
      <span class="quiet">${dirty ? t("draft.typing") : found.version ? t("settings.version", { version: found.version }) : t("settings.defaults")}</span></p></form>`;
}

/** Both values of what differs, before one of them is chosen. */
function Conflict({ mine, theirs, name, take, drop }) {
  const differ = Object.keys({ ...mine, ...theirs }).filter((key) => JSON.stringify(mine[key]) !== JSON.stringify(theirs[key]));
  return html`<div class="wrong-box" role="alert"><p>${t("form.stale", { by: "" })}</p><div class="scroll" tabindex="0" role="region" aria-label=${t("form.theirs")}><table><thead><tr><th scope="col"></th><th scope="col">${t("form.mine")}</th><th scope="col">${t("form.theirs")}</th></tr></thead>
    <tbody>${differ.map((key) => html`<tr key=${key}><th scope="row">${wordsOf(name, key)}</th><td><pre>${JSON.stringify(mine[key], null, 1)}</pre></td><td><pre>${JSON.stringify(theirs[key], null, 1)}</pre></td></tr>`)}</tbody></table></div>
    <p class="actions"><button type="button" onClick=${take}>${t("desk.mine_anyway")}</button><button type="button" class="second" onClick=${drop}>${t("form.load_theirs")}</button></p></div>`;
}

/** What the rules, as they stand in the form, would have done to past cases. */
function Try({ name, document, form }) {
  const [seen, setSeen] = useState(null);
  const [busy, setBusy] = useState(false);
  const look = form.run(async () => {
    setBusy(true);
    try { setSeen(await post(`settings/${name}/try`, document)); } finally { setBusy(false); }
  });
  return html`<div class="card"><h3>${t("try.title")}</h3><p class="quiet">${t("try.what")}</p><p><button type="button" class="second" disabled=${busy} onClick=${look}>${t("try.do")}</button></p>
    ${busy && html`<div class="skeleton" aria-busy="true"><i/></div>`}${seen && !busy && html`<div role="status"><p><strong>${seen.summary}</strong></p>
      ${seen.warnings.map((line) => html`<p class="warn-box" key=${line}>${line}</p>`)}
      <div class="two"><${Counts} title=${t("try.moves")} counts=${seen.moves} /><${Counts} title=${t("try.by_rule")} counts=${seen.by_rule} /></div>
      ${seen.samples.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${t("try.samples")}><table><thead><tr>${["case", "before", "after", "rule"].map((one) => html`<th key=${one} scope="col">${t(`try.${one}`)}</th>`)}</tr></thead>
        <tbody>${seen.samples.map((one) => html`<tr key=${one.reference}><th scope="row" dir="auto">${one.reference} ${one.subject}</th><td>${one.before}</td><td>${one.after}</td><td dir="auto">${one.rule || "–"}<br /><small class="quiet">${one.why}</small></td></tr>`)}</tbody></table></div>`}</div>`}</div>`;
}

const Counts = ({ title, counts }) => html`<div><h4>${title}</h4><ul class="plain">${Object.entries(counts).sort((a, b) => b[1] - a[1]).map(([what, n]) => html`<li key=${what} class="line"><span dir="auto">${what}</span><span class="count">${n}</span></li>`)}${!Object.keys(counts).length && html`<li class="quiet">–</li>`}</ul></div>`;
