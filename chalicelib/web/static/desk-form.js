// A form from a JSON schema: titles, help and choices in words, an own editor where one is better.

import { html, t, useState } from "./desk-ui.js";
import { commas, Input, lines, Raw as Json, useTyped } from "./desk-boards.js";
import { caseFields, Conditions } from "./desk-rules.js";
import { known, language } from "./words.js";

/** What a reference, or a value that may be missing, leads to. */
export function follow(api, schema) {
  let found = schema;
  while (found.$ref) found = found.$ref.slice(2).split("/").reduce((at, part) => at[part], api);
  const kinds = (found.anyOf || []).filter((one) => one.type !== "null");
  const nullable = kinds.length < (found.anyOf || []).length;
  if (found.anyOf && kinds.length === 1) return { ...found, anyOf: undefined, ...follow(api, kinds[0]), nullable };
  if (kinds.length > 1 && kinds.every((one) => ["string", undefined].includes(follow(api, one).type))) return { ...found, anyOf: undefined, type: "string", nullable };
  if (found.allOf?.length === 1) return follow(api, found.allOf[0]);
  return found.const !== undefined && !found.enum ? { ...found, enum: [found.const] } : found;
}

/** How a field is called: by its document, by its own name, else its name with spaces. */
export const wordsOf = (name, field) => [`set.${name}.${field}`, `set.${field}`].filter(known).map((key) => t(key))[0] || field.replaceAll("_", " ");
const helpOf = (name, field) => [`set.${name}.${field}.help`, `set.${field}.help`].filter(known).map((key) => t(key))[0];
const valueOf = (value) => [`enum.${value}`, `channel.${value}`, `state.${value}`, `priority.${value}`].filter(known).map((key) => t(key))[0] || String(value).replaceAll("_", " ");

const last = (path) => path.split(".").at(-1);
const under = (path, name) => (path ? `${path}.${name}` : String(name));
const REFERS = { team: "team", default_team: "team", visible_to: "team", teams: "team", calendar: "calendar", topic: "topic", topics: "topic" };
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const COUNTRIES = "AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IN IT JP LT LU LV MT MX NL NO NZ PL PT RO SE SI SK US ZA".split(" ");

/** One value with its label. `of` is what all of a form shares: api, form, choices, name. */
export function Field({ of, schema: given, value, path, onChange }) {
  const schema = follow(of.api, given);
  const field = last(path);
  const label = of.title || wordsOf(of.name, field);
  const hint = helpOf(of.name, field);
  const shared = { label, hint, path, form: of.form, value };
  const own = OWN[field] || (schema.title === "Seconds" && Seconds);
  if (own && !(own.only && !own.only(schema))) return html`<${own.made || own} of=${of} schema=${schema} shared=${shared} value=${value} path=${path} onChange=${onChange} />`;
  if (schema.type === "object" && schema.properties) return html`<${Group} of=${of} schema=${schema} value=${value} path=${path} onChange=${onChange} label=${path && label} hint=${path && hint} />`;
  if (schema.type === "array" && schema.items) return html`<${List} of=${of} schema=${schema} value=${value || []} path=${path} onChange=${onChange} label=${label} hint=${hint} />`;
  if (schema.type === "object" && partsOf(schema)) return html`<${Mapped} of=${of} schema=${schema} value=${value || {}} path=${path} onChange=${onChange} label=${label} hint=${hint} />`;
  if (schema.type === "boolean") return html`<${Input} ...${shared} type="checkbox" onInput=${onChange} />`;
  const refers = of.choices[REFERS[field]];
  if (refers && schema.type === "string") return html`<${Input} ...${shared} options=${withOwn([["", "–"], ...refers], value)} onInput=${(text) => onChange(text || (schema.nullable ? null : ""))} />`;
  if (schema.enum) return html`<${Input} ...${shared} options=${[...(schema.nullable ? [["", "–"]] : []), ...schema.enum.map((one) => [one, valueOf(one)])]} onInput=${(text) => onChange(text || null)} />`;
  if (["integer", "number"].includes(schema.type)) return html`<${Input} ...${shared} type="number" step=${schema.type === "integer" ? 1 : "any"} min=${schema.minimum ?? null} max=${schema.maximum ?? null} onInput=${onChange} />`;
  if (schema.type === "string") {
    const rows = (schema.maxLength || 0) > 300 && field !== "url" ? 4 : null;
    return html`<${Input} ...${shared} rows=${rows} type=${schema.format === "date" ? "date" : "text"} onInput=${(text) => onChange(text || (schema.nullable ? null : ""))} />`;
  }
  return html`<${Json} ...${shared} label=${`${label} (JSON)`} onChange=${onChange} />`;
}

/** What lies under names of one's own. */
const partsOf = (schema) => Object.values(schema.patternProperties || {})[0] || (typeof schema.additionalProperties === "object" ? schema.additionalProperties : null);

/** A value that is not among the choices, such as a team that is gone, stays visible. */
const withOwn = (options, value) => (value && !options.some(([one]) => one === value) ? [...options, [value, value]] : options);

function Group({ of, schema, value, path, onChange, label, hint }) {
  const parts = Object.entries(schema.properties).map(([name, part]) => html`<${Field} key=${name} of=${of} schema=${part} value=${value?.[name]} path=${under(path, name)} onChange=${(next) => onChange({ ...value, [name]: next })} />`);
  if (schema.nullable && value === null) return html`<p><button type="button" class="second" onClick=${() => onChange(empty(of.api, schema))}>${t("settings.set_up", { what: label })}</button></p>`;
  if (!label || /^\d+$/.test(last(path))) return html`<div class="fieldset">${parts}</div>`;
  return html`<fieldset><legend>${label}</legend>${hint && html`<p class="quiet">${hint}</p>`}<div class="fieldset">${parts}</div>${schema.nullable && html`<p><button type="button" class="link" onClick=${() => onChange(null)}>${t("settings.remove")}</button></p>`}</fieldset>`;
}

const nameOf = (one, number) => (typeof one === "object" && one && (one.title || one.name || one.label || one.email || one.country || one.date)) || number + 1;

function List({ of, schema, value, path, onChange, label, hint }) {
  const item = follow(of.api, schema.items);
  const [fresh, setFresh] = useState(-1);
  const alter = (number, next) => onChange(value.map((one, n) => (n === number ? next : one)));
  const choices = item.enum?.map((one) => [one, valueOf(one)]) || of.choices[REFERS[last(path)]];
  if (item.title === "Condition") return html`<${Conditions} title=${t(`rule.${last(path)}`)} hint=${t("rule.one_at_least")} path=${path} form=${of.form} fields=${caseFields()} value=${value} onChange=${onChange} />`;
  if (choices && item.type !== "object") return html`<${Ticks} label=${label} hint=${hint} path=${path} choices=${choices} value=${value} onChange=${onChange} />`;
  if (item.type === "string") return html`<${Lines} label=${label} hint=${hint || t("settings.lines")} path=${path} form=${of.form} value=${value} onChange=${onChange} />`;
  if (item.type === "array" && follow(of.api, item.items).type === "string") return html`<${Lines} label=${label} hint=${hint} path=${path} form=${of.form} value=${value.map((one) => one.join(", "))} onChange=${(some) => onChange(some.map(commas))} />`;
  if (item.type !== "object") return html`<${Json} label=${`${label} (JSON)`} hint=${hint} path=${path} form=${of.form} value=${value} onChange=${onChange} />`;
  return html`<fieldset><legend>${label} (${value.length})</legend>${hint && html`<p class="quiet">${hint}</p>`}
    ${value.map((one, number) => html`<details class="card" key=${number} open=${number === fresh || value.length === 1}><summary dir="auto">${nameOf(one, number)}</summary>
      <${Field} of=${of} schema=${item} value=${one} path=${under(path, number)} onChange=${(next) => alter(number, next)} />
      <p class="actions"><button type="button" class="second" onClick=${() => onChange(value.filter((_, n) => n !== number))}>${t("settings.remove")}</button>
      ${number > 0 && html`<button type="button" class="second" onClick=${() => onChange(value.map((old, n) => (n === number - 1 ? one : n === number ? value[number - 1] : old)))}>${t("settings.up")}</button>`}</p></details>`)}
    <p><button type="button" class="second" onClick=${() => { setFresh(value.length); onChange([...value, empty(of.api, item)]); }}>${t("settings.add")}</button></p></fieldset>`;
}

/** Some of a few: a box to tick for each. */
const Ticks = ({ label, hint, path, choices, value, onChange }) => html`<fieldset><legend>${label}</legend>${hint && html`<p class="quiet">${hint}</p>`}<div class="line">${choices.map(([one, text]) => html`<${Input} key=${one} type="checkbox" label=${text} path=${under(path, one)}
  value=${value.includes(one)} onInput=${(on) => onChange(on ? [...value, one] : value.filter((old) => old !== one))} />`)}</div></fieldset>`;

/** Texts, one a line. */
function Lines({ value, onChange, ...given }) {
  const [text, setText] = useTyped(value, (some) => some.join("\n"), lines);
  return html`<${Input} ...${given} rows=${Math.min(9, Math.max(2, value.length + 1))} value=${text} onInput=${(next) => { setText(next); onChange(lines(next)); }} />`;
}

/** Values under names of one's own, or under those that the schema names. */
function Mapped({ of, schema, value, path, onChange, label, hint }) {
  const [name, setName] = useState("");
  const names = schema.propertyNames ? follow(of.api, schema.propertyNames).enum : null;
  const free = names?.filter((one) => !(one in value));
  const add = () => { if (name && !(name in value)) { onChange({ ...value, [name]: empty(of.api, partsOf(schema)) }); setName(""); } };
  const drop = (gone) => onChange(Object.fromEntries(Object.entries(value).filter(([one]) => one !== gone)));
  const plain = !["object", "array"].includes(follow(of.api, partsOf(schema)).type);
  return html`<fieldset><legend>${label}</legend>${hint && html`<p class="quiet">${hint}</p>`}
    ${Object.entries(value).map(([one, part]) => html`<div key=${one} class=${plain ? "rule" : "card"}>${!plain && html`<h4 dir="auto">${names ? valueOf(one) : one}</h4>`}<${Field} of=${{ ...of, title: plain ? (names ? valueOf(one) : one) : "" }} schema=${partsOf(schema)} value=${part} path=${under(path, one)} onChange=${(next) => onChange({ ...value, [one]: next })} />
      <button type="button" class="link" onClick=${() => drop(one)}>${t("settings.remove")}</button></div>`)}
    ${(!names || free.length > 0) && html`<div class="rule"><${Input} label=${t("settings.under")} path=${`${path}.+`} value=${name} onInput=${setName} options=${names ? [["", "–"], ...free.map((one) => [one, valueOf(one)])] : null} /><button type="button" class="second" onClick=${add}>${t("settings.add")}</button></div>`}</fieldset>`;
}

function empty(api, schema) {
  const found = follow(api, schema);
  if (found.default !== undefined) return found.default;
  if (found.type === "object" && found.properties) return Object.fromEntries(Object.entries(found.properties).map(([name, part]) => [name, part.default !== undefined ? part.default : follow(api, part).nullable ? null : empty(api, part)]));
  return { string: found.enum?.[0] ?? "", integer: found.minimum ?? 0, number: found.minimum ?? 0, boolean: false, array: [], object: {} }[found.type] ?? null;
}

// --- editors of their own -----------------------------------------------------------------------

const zones = () => Intl.supportedValuesOf("timeZone");
const Zone = ({ shared, schema, onChange }) => html`<${Input} ...${shared} known=${["UTC", ...zones()]} placeholder="Europe/Berlin" onInput=${(text) => onChange(text || (schema.nullable ? null : ""))} />`;
const Country = ({ shared, onChange }) => {
  const names = new Intl.DisplayNames(language, { type: "region" });
  const all = withOwn(COUNTRIES.map((one) => [one, names.of(one)]), shared.value).sort((a, b) => a[1].localeCompare(b[1], language));
  return html`<${Input} ...${shared} options=${[["", "–"], ...all]} onInput=${onChange} />`;
};
const Colour = ({ shared, onChange }) => html`<${Input} ...${shared} type="color" onInput=${onChange} />`;
const Clock = ({ shared, onChange }) => (shared.value === "24:00" ? html`<div class="field"><span>${shared.label}: 24:00</span> <button type="button" class="link" onClick=${() => onChange("23:00")}>${t("settings.change")}</button></div>`
  : html`<${Input} ...${shared} type="time" onInput=${onChange} />`);
const Away = () => null; // reckoned by the server

/** The week: for each day the times that people work, as many as there are. */
function Week({ shared, value, path, onChange }) {
  const alter = (day, times) => onChange({ ...value, [day]: times });
  return html`<fieldset class="week"><legend>${shared.label}</legend><p class="quiet">${t("week.what")}</p>${DAYS.map((day) => {
    const times = value?.[day] || [];
    return html`<div class="rule" key=${day} role="group" aria-label=${t(`enum.${day}`)}><span class="day">${t(`enum.${day}`)}</span>${!times.length && html`<span class="quiet">${t("week.closed")}</span>`}
      ${times.map((one, n) => html`<span key=${n} class="span">${["start", "end"].map((edge) => html`<${Input} key=${edge} aside label=${t(`week.${edge}`)} type=${one[edge] === "24:00" ? "text" : "time"} path=${`${path}.${day}.${n}.${edge}`} form=${shared.form} value=${one[edge]} onInput=${(at) => alter(day, times.map((old, k) => (k === n ? { ...old, [edge]: at } : old)))} />`)}
        <button type="button" class="icon" aria-label=${t("rule.remove", { field: `${one.start}–${one.end}` })} onClick=${() => alter(day, times.filter((_, k) => k !== n))}>×</button></span>`)}
      <button type="button" class="link" onClick=${() => alter(day, [...times, times.length ? { start: "14:00", end: "18:00" } : { start: "09:00", end: "17:00" }])}>${t("settings.add")}</button></div>`;
  })}<p><button type="button" class="second" onClick=${() => onChange({ ...value, ...Object.fromEntries(DAYS.slice(1, 5).map((day) => [day, value?.monday || []])) })}>${t("week.like_monday")}</button></p></fieldset>`;
}

/** Secrets are covered until somebody asks, and can be made here: 32 random bytes. */
function Secret({ shared, schema, value, onChange }) {
  const many = schema.type === "array";
  const [open, setOpen] = useState(false);
  const fresh = () => { const bytes = crypto.getRandomValues(new Uint8Array(32)); return `whsec_${btoa(String.fromCharCode(...bytes))}`; };
  const shown = many ? value.join("\n") : value;
  return html`<div class="secret"><${Input} ...${shared} type=${open ? "text" : "password"} rows=${many && open ? 3 : null} autocomplete="off" readonly=${many && !open} value=${shown} onInput=${(text) => onChange(many ? lines(text) : text)} />
    <p class="actions"><button type="button" class="second" aria-pressed=${open} onClick=${() => setOpen(!open)}>${t(open ? "secret.hide" : "secret.show")}</button>
    <button type="button" class="second" onClick=${() => { setOpen(true); onChange(many ? [fresh(), ...value] : fresh()); }}>${t("secret.make")}</button></p></div>`;
}

/** Seconds as people say them: minutes, hours or days. */
function Seconds({ shared, schema, value, onChange }) {
  const units = { minute: 60, hour: 3_600, day: 86_400 };
  const fits = value ? Object.keys(units).reverse().find((unit) => value % units[unit] === 0) || "minute" : "hour";
  const [unit, setUnit] = useState(fits);
  return html`<div class="rule"><${Input} ...${shared} type="number" min="1" step="any" value=${value ? value / units[unit] : ""} onInput=${(count) => onChange(count ? Math.round(count * units[unit]) : schema.nullable ? null : 0)} />
    <${Input} aside label=${t("unit.unit")} path=${`${shared.path}.unit`} value=${unit} onInput=${(next) => { setUnit(next); if (value) onChange(Math.round((value / units[unit]) * units[next])); }} options=${Object.keys(units).map((one) => [one, t(`unit.${one}`)])} /></div>`;
}

const objects = (schema) => schema.type === "object" && !schema.properties;
const texts = (schema) => schema.type === "string";
const OWN = {
  zone: Zone, time_zone: Zone, country: Country, accent: Colour, accent_dark: Colour, secret: Secret, secrets: Secret, observed: Away, observed_until: Away,
  hours: { made: Week, only: objects }, start: { made: Clock, only: texts }, end: { made: Clock, only: texts },
  first_reply: { made: Seconds, only: (schema) => schema.type === "integer" }, next_reply: { made: Seconds, only: (schema) => schema.type === "integer" }, resolution: { made: Seconds, only: (schema) => schema.type === "integer" }, again_seconds: Seconds,
};
