// Conditions as rows that people can read: a field, how it is compared, and with what.

import { get } from "./desk-api.js";
import { html, t, useState } from "./desk-ui.js";
import { commas, Input, useTyped } from "./desk-boards.js";

const OPS = ["eq", "ne", "in", "contains", "gt", "lt", "exists", "matches-word"];
const MANY = ["in", "matches-word"];
const scalar = (text, numeric) => (numeric && text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text);

/** A value as it fits the operator: a list, yes or no, a number or a text. */
function fitting(op, text, numeric) {
  if (op === "exists") return text !== "false";
  if (MANY.includes(op)) return commas(text).map((one) => scalar(one, numeric && op === "in"));
  return scalar(text, numeric || op === "gt" || op === "lt");
}
const written = (value) => (Array.isArray(value) ? value.join(", ") : String(value));

/**
 * Rows of conditions. `fields` are [[path, name, values?], …]; any other path may be typed.
 * `path` names them in what the API refuses.
 */
export function Conditions({ title, hint, value, onChange, fields, path, form }) {
  const alter = (number, one) => onChange(value.map((old, n) => (n === number ? one : old)));
  return html`<fieldset class="rules"><legend>${title}</legend>${hint && html`<p class="quiet">${hint}</p>`}
    ${value.map((one, n) => html`<${Row} key=${n} one=${one} fields=${fields} path=${`${path}.${n}`} form=${form} onChange=${(next) => alter(n, next)} onRemove=${() => onChange(value.filter((_, k) => k !== n))} />`)}
    <p><button type="button" class="second" onClick=${() => onChange([...value, { field: fields[0][0], op: "eq", value: "" }])}>${t("rule.add")}</button></p></fieldset>`;
}

function Row({ one, fields, path, form, onChange, onRemove }) {
  const found = fields.find(([name]) => name === one.field);
  const [free, setFree] = useState(!found);
  const values = found?.[2] || [];
  const numeric = values.length > 0 && values.every((known) => typeof known === "number");
  const choose = (name) => { setFree(name === "*"); onChange({ ...one, field: name === "*" ? "" : name }); };
  const compare = (op) => onChange({ ...one, op, value: fitting(op, op === "exists" ? "true" : written(one.value), numeric) });
  return html`<div class="rule">
    <${Input} aside label=${t("rule.field")} path=${`${path}.field`} form=${free ? null : form} value=${free ? "*" : one.field} onInput=${choose} options=${[...fields.map(([name, text]) => [name, text]), ["*", t("rule.other")]]} />
    ${free && html`<${Input} aside label=${t("rule.path")} path=${`${path}.field.name`} form=${form} placeholder="attributes.plan" value=${one.field} onInput=${(field) => onChange({ ...one, field })} />`}
    <${Input} aside label=${t("rule.op")} path=${`${path}.op`} form=${form} value=${one.op || "eq"} onInput=${compare} options=${OPS.map((op) => [op, t(`op.${op}`)])} />
    ${one.op === "exists" ? html`<${Input} aside label=${t("rule.value")} path=${`${path}.value`} form=${form} value=${String(one.value)} onInput=${(text) => onChange({ ...one, value: text === "true" })} options=${[["true", t("yes")], ["false", t("no")]]} />`
      : html`<${Typed} key=${one.op} path=${`${path}.value`} form=${form} one=${one} known=${values.map(String)} numeric=${numeric} onInput=${(value) => onChange({ ...one, value })} />`}
    <button type="button" class="icon" aria-label=${t("rule.remove", { field: found?.[1] || one.field })} onClick=${onRemove}>×</button></div>`;
}

function Typed({ path, form, one, known, numeric, onInput }) {
  const [text, setText] = useTyped(one.value, written, (given) => fitting(one.op, given, numeric));
  const many = MANY.includes(one.op);
  return html`<${Input} aside label=${t("rule.value")} path=${path} form=${form} known=${many ? [] : known} value=${text}
    placeholder=${many ? t("rule.commas") : known.slice(0, 2).join(", ")} onInput=${(next) => { setText(next); onInput(fitting(one.op, next, numeric)); }} />`;
}

/** Whether a row says something; what is half typed is not saved. */
export const says = (one) => one.field && (one.op === "exists" || (Array.isArray(one.value) ? one.value.length > 0 : one.value !== ""));

// --- what is known of customers -----------------------------------------------------------------

const OF_CUSTOMER = ["tier", "language", "time_zone", "name", "external_id", "assets", "asset_types"];
let learning = null;

/** Fields of customers with the values that a hundred of them have; asked once. */
export function customerFields() {
  learning ||= get("customers?limit=100").then(({ items }) => {
    const seen = new Map(OF_CUSTOMER.map((name) => [name, new Set()]));
    const add = (field, value) => { if (value !== "" && value !== null && value !== undefined) seen.set(field, (seen.get(field) || new Set()).add(value)); };
    const assets = new Map();
    for (const person of items) {
      for (const name of ["tier", "language", "time_zone"]) add(name, person[name]);
      for (const [name, value] of Object.entries(person.attributes)) add(`attributes.${name}`, value);
      for (const asset of person.assets) {
        add("assets", asset.name);
        add("asset_types", asset.type);
        for (const [name, value] of Object.entries(asset.attributes || {})) assets.set(name, (assets.get(name) || new Set()).add(value));
      }
    }
    const fields = [...seen].map(([path, values]) => [path, nameOf(path), [...values].sort().slice(0, 60)]);
    fields.sort((a, b) => Number(b[2].length > 0) - Number(a[2].length > 0)); // what is known first
    return { fields, assets: Object.fromEntries([...assets].map(([name, values]) => [name, [...values].sort()])) };
  }, (error) => { learning = null; throw error; });
  return learning;
}

const nameOf = (path) => (path.startsWith("attributes.") ? path.slice(11).replaceAll("_", " ") : t(`rule.${path}`));

/** What routing rules can speak of. */
export const caseFields = () => [
  ["text", t("rule.text")], ["subject", t("field.subject")], ["topic.label", t("field.topic")], ["channel", t("new_case.channel"), ["email", "sms", "web", "chat", "social", "voice"]],
  ["language", t("rule.language")], ["sentiment", t("case.sentiment"), ["negative", "neutral", "positive", "mixed"]], ["customer.tier", t("rule.tier")], ["customer.language", t("rule.customer_language")],
  ["customer.assets", t("rule.assets")], ["time.working", t("rule.working")], ["time.weekday", t("rule.weekday")], ["time.hour", t("rule.hour")],
];
