// Settings: forms made from the API's own description, so that everything that has an API has one.

import { get, request } from "./desk-api.js";
import { acting, html, Loading, t, tell, useEffect, useLoaded, useState } from "./desk-ui.js";
import { Head } from "./desk-boards.js";

const FIRST = ["brand", "teams", "calendars", "topics", "channels", "promises", "macros"];
const root = document.documentElement.dataset.root || "./";
let description = null;

async function described() {
  description ||= await (await fetch(`${root}openapi.json`)).json();
  return description;
}

export function Settings({ name }) {
  const state = useLoaded(described, []);
  return html`<section><${Head} title=${t("board.settings")} /><${Loading} state=${state}>${(api) => {
    const path = api.paths["/v1/settings/{name}"];
    const names = path.get.parameters.find((p) => p.name === "name").schema.enum;
    const ordered = [...FIRST.filter((n) => names.includes(n)), ...names.filter((n) => !FIRST.includes(n))];
    return html`<div class="panes-2"><nav aria-label=${t("board.settings")}><ul class="plain">
      ${ordered.map((one) => html`<li key=${one}><a href=${`#/settings/${one}`} aria-current=${one === name ? "page" : null}>${title(one)}</a></li>`)}
      <li><a href="#/people">${t("board.people")}</a></li><li><a href="#/audit">${t("board.audit")}</a></li>
      <li><a href="#/quarantine">${t("board.quarantine")}</a></li></ul></nav>
      <div>${name ? html`<${Document} key=${name} name=${name} api=${api} />` : html`<p>${t("settings.choose")}</p>`}</div></div>`;
  }}<//></section>`;
}

const title = (name) => { const text = t(`settings.${name}`); return text === `settings.${name}` ? name : text; };

function Document({ name, api }) {
  const state = useLoaded(() => get(`settings/${name}`), [name]);
  return html`<${Loading} state=${state}>${(found) => html`<${Editor} key=${found.version} name=${name} api=${api} found=${found} reload=${state.reload} />`}<//>`;
}

function Editor({ name, api, found, reload }) {
  const [value, setValue] = useState(found.document);
  const [wrong, setWrong] = useState([]);
  const [dirty, setDirty] = useState(false);
  const schema = schemaOf(api, found.document, name);
  useEffect(() => {
    const stay = (event) => { if (dirty) event.preventDefault(); };
    addEventListener("beforeunload", stay);
    return () => removeEventListener("beforeunload", stay);
  }, [dirty]);
  const save = acting(async (event) => {
    event.preventDefault();
    try {
      await request("PUT", `settings/${name}`, { body: value, version: found.version || undefined });
      setDirty(false);
      setWrong([]);
      tell(t("settings.saved"));
      reload();
    } catch (error) {
      setWrong(error.fields || []);
      throw error;
    }
  });
  const alter = (next) => { setValue(next); setDirty(true); };
  return html`<form onSubmit=${save}><h2>${title(name)}</h2>
    ${wrong.length > 0 && html`<div class="wrong-box" role="alert"><ul>${wrong.map((w) => html`<li key=${w.field}><strong>${w.field}</strong> ${w.reason}</li>`)}</ul></div>`}
    <${Field} api=${api} schema=${schema} value=${value} path=${name} onChange=${alter} />
    <p class="actions"><button disabled=${!dirty}>${t("desk.save")}</button> <span class="quiet">${t("settings.version", { version: found.version })}</span></p></form>`;
}

/** The model of a document: the one of the PUT's bodies that has all of its fields. */
function schemaOf(api, document) {
  const body = api.paths["/v1/settings/{name}"].put.requestBody.content["application/json"].schema;
  const fields = Object.keys(document);
  const fits = (body.anyOf || [body]).map((one) => follow(api, one))
    .filter((one) => fields.every((field) => field in (one.properties || {})));
  fits.sort((a, b) => Object.keys(a.properties).length - Object.keys(b.properties).length);
  return fits[0] || { type: "object" };
}

function follow(api, schema) {
  let found = schema;
  while (found.$ref) found = found.$ref.slice(2).split("/").reduce((at, part) => at[part], api);
  const kinds = (found.anyOf || []).filter((one) => one.type !== "null");
  if (found.anyOf && kinds.length === 1) return { ...follow(api, kinds[0]), nullable: true };
  if (found.allOf?.length === 1) return follow(api, found.allOf[0]);
  return found;
}

const words = (path) => path.split(".").at(-1).replaceAll("_", " ");

function Field({ api, schema: given, value, path, onChange }) {
  const schema = follow(api, given);
  const id = `s-${path.replaceAll(".", "-")}`;
  if (schema.type === "object" && schema.properties) {
    const all = Object.entries(schema.properties);
    return html`<div class="fieldset">${all.map(([name, part]) => html`<${Field} key=${name} api=${api} schema=${part} value=${value?.[name]}
      path=${`${path}.${name}`} onChange=${(next) => onChange({ ...value, [name]: next })} />`)}</div>`;
  }
  if (schema.type === "array" && schema.items) return html`<${List} api=${api} schema=${schema} value=${value || []} path=${path} onChange=${onChange} />`;
  if (schema.type === "boolean") return html`<label class="check"><input id=${id} type="checkbox" checked=${Boolean(value)} onChange=${(e) => onChange(e.target.checked)} /> ${words(path)}</label>`;
  if (schema.enum) return html`<label for=${id}>${words(path)}</label><select id=${id} onChange=${(e) => onChange(e.target.value || null)}>
    ${schema.nullable && html`<option value=""></option>`}${schema.enum.map((one) => html`<option value=${one} selected=${one === value}>${one}</option>`)}</select>`;
  if (schema.type === "integer" || schema.type === "number") return html`<label for=${id}>${words(path)}</label><input id=${id} type="number" step=${schema.type === "integer" ? 1 : "any"}
    min=${schema.minimum ?? null} max=${schema.maximum ?? null} value=${value ?? ""} onInput=${(e) => onChange(e.target.value === "" ? null : Number(e.target.value))} />`;
  if (schema.type === "string") return html`<label for=${id}>${words(path)}</label>${(schema.maxLength || 0) > 300
    ? html`<textarea id=${id} rows="3" dir="auto" value=${value ?? ""} onInput=${(e) => onChange(e.target.value)}></textarea>`
    : html`<input id=${id} dir="auto" value=${value ?? ""} onInput=${(e) => onChange(e.target.value || (schema.nullable ? null : ""))} />`}`;
  return html`<${Raw} id=${id} path=${path} value=${value} onChange=${onChange} />`;
}

function List({ api, schema, value, path, onChange }) {
  const item = follow(api, schema.items);
  const plain = item.type === "string" && !item.enum;
  const alter = (number, next) => onChange(value.map((one, n) => (n === number ? next : one)));
  if (plain) {
    const id = `s-${path.replaceAll(".", "-")}`;
    return html`<label for=${id}>${words(path)} <span class="quiet">${t("settings.lines")}</span></label>
      <textarea id=${id} rows=${Math.min(8, Math.max(2, value.length + 1))} dir="auto" value=${value.join("\n")}
        onChange=${(e) => onChange(e.target.value.split("\n").map((x) => x.trim()).filter(Boolean))}></textarea>`;
  }
  return html`<fieldset><legend>${words(path)} (${value.length})</legend>
    ${value.map((one, number) => html`<details class="card" key=${number} open=${value.length < 4}><summary>${one?.title || one?.name || one?.label || number + 1}</summary>
      <${Field} api=${api} schema=${item} value=${one} path=${`${path}.${number}`} onChange=${(next) => alter(number, next)} />
      <p class="actions"><button type="button" class="second" onClick=${() => onChange(value.filter((_, n) => n !== number))}>${t("settings.remove")}</button>
      ${number > 0 && html`<button type="button" class="second" onClick=${() => onChange(moved(value, number))}>${t("settings.up")}</button>`}</p></details>`)}
    <p><button type="button" class="second" onClick=${() => onChange([...value, empty(api, item)])}>${t("settings.add")}</button></p></fieldset>`;
}

function moved(list, number) {
  const next = [...list];
  [next[number - 1], next[number]] = [next[number], next[number - 1]];
  return next;
}

function empty(api, schema) {
  const found = follow(api, schema);
  if (found.default !== undefined) return found.default;
  if (found.nullable) return null;
  if (found.type === "object" && found.properties) {
    return Object.fromEntries(Object.entries(found.properties).filter(([name]) => (found.required || []).includes(name)).map(([name, part]) => [name, empty(api, part)]));
  }
  return { string: "", integer: found.minimum ?? 0, number: found.minimum ?? 0, boolean: false, array: [], object: {} }[found.type] ?? null;
}

/** What no form can be made of: JSON, taken over when it can be read. */
function Raw({ id, path, value, onChange }) {
  const [text, setText] = useState(JSON.stringify(value ?? null, null, 2));
  const [bad, setBad] = useState(false);
  const take = (next) => {
    setText(next);
    try { onChange(JSON.parse(next)); setBad(false); } catch { setBad(true); }
  };
  return html`<label for=${id}>${words(path)} <span class="quiet">JSON</span></label>
    <textarea id=${id} rows=${Math.min(12, text.split("\n").length + 1)} spellcheck="false" aria-invalid=${bad} value=${text} onInput=${(e) => take(e.target.value)}></textarea>
    ${bad && html`<p class="warn-box" role="alert">${t("settings.bad_json")}</p>`}`;
}
