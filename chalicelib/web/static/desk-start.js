// The first steps of a new installation: a short form each, which saves through the settings.

import { get, once, post, query, request } from "./desk-api.js";
import { acting, exact, html, Loading, styled, t, tell, useEffect, useLoaded, useRef, useState } from "./desk-ui.js";
import { go, loadViews, me, place, setup, teams } from "./desk-state.js";

await styled("entry.css");

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const COUNTRIES = "AE AR AT AU BE BG BR CA CH CL CN CO CY CZ DE DK EE EG ES FI FR GB GR HK HR HU IE IL IN IS IT JP KE KR LT LU LV MA MT MX MY NG NL NO NZ PE PH PL PT RO RS SA SE SG SI SK TH TR TW UA US UY VN ZA".split(" ");
const LOOK = 4_000; // milliseconds between two looks at what arrived
const language = document.documentElement.lang;

export function Start() {
  const state = useLoaded(async () => { setup.value = await get("start"); return true; }, []);
  return html`<section class="start"><${Loading} state=${state}>${() => html`<${Steps} />`}<//></section>`;
}

function Steps() {
  const { steps } = setup.value;
  const next = steps.find((step) => !step.done);
  const name = place.value.id || next?.name || "end";
  const done = steps.filter((step) => step.done).length;
  useEffect(() => {
    document.querySelector(".steps [aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "center" });
    document.getElementById("step-title")?.focus();
  }, [name]);
  return html`<header><h1 tabindex="-1">${t("start.title")}</h1>
      <p class="quiet">${t("start.done", { done, all: steps.length })} <progress max=${steps.length} value=${done} aria-label=${t("start.title")}></progress></p></header>
    <div class="panes-2"><nav aria-label=${t("start.title")}><ol class="plain steps">${steps.map((step, n) => html`<li key=${step.name}>
      <a href=${`#/start/${step.name}`} aria-current=${step.name === name ? "step" : null}>
        <span class=${`mark${step.done ? " done" : ""}`} aria-hidden="true">${step.done ? "✓" : n + 1}</span> ${t(`start.${step.name}`)}
        ${step.done && html`<span class="aside"> ${t("start.is_done")}</span>`}</a></li>`)}</ol></nav>
    <div class="step"><${One} key=${name} name=${name} /></div></div>`;
}

const FORMS = { brand: Brand, mailbox: Mailbox, team: Team, hours: Hours, promises: Promises, topics: Topics, case: Try };

function One({ name }) {
  const Form = FORMS[name];
  if (!Form) return html`<h2 id="step-title" tabindex="-1">${t("start.end")}</h2><p>${t("start.end_text")}</p>
    <p class="actions"><a href="#/q/queue">${t("start.to_queue")}</a> <a href="#/settings">${t("start.to_settings")}</a> <a href="./" target="_blank" rel="noopener">${t("start.to_help")}</a></p>`;
  return html`<h2 id="step-title" tabindex="-1">${t(`start.${name}`)}</h2><p>${t(`start.${name}_why`)}</p><${Form} />`;
}

/** Go on to the first step behind this one that is open, or to the end. */
function onwards(from) {
  const { steps } = setup.value;
  const at = steps.findIndex((step) => step.name === from);
  const open = steps.slice(at + 1).find((step) => !step.done) || steps.slice(0, at).find((step) => !step.done);
  go(`start/${open ? open.name : "end"}`);
}

/** Change a settings document as it is now. */
async function alter(name, change) {
  const found = await get(`settings/${name}`);
  await request("PUT", `settings/${name}`, { body: change(found.document), version: found.version || undefined });
}

async function again() { setup.value = await get("start"); }

/** A step's form: saves, says in words what is wrong, goes on. */
function StepForm({ name, save, children }) {
  const [wrong, setWrong] = useState([]);
  const [busy, setBusy] = useState(false);
  const box = useRef(null);
  useEffect(() => { if (wrong.length) box.current?.focus(); }, [wrong]);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await save();
      await again();
      tell(t("settings.saved"));
      onwards(name);
    } catch (error) {
      setWrong(error.fields?.length ? error.fields.map((one) => one.reason) : [error.message]);
    } finally {
      setBusy(false);
    }
  };
  return html`<form onSubmit=${submit}>
    ${wrong.length > 0 && html`<div class="wrong-box" role="alert" tabindex="-1" ref=${box}><ul>${wrong.map((one) => html`<li key=${one}>${one}</li>`)}</ul></div>`}
    ${children}
    <p class="actions"><button disabled=${busy}>${t("start.save")}</button> <${Skip} name=${name} /></p></form>`;
}

const Skip = ({ name }) => html`<button type="button" class="second" onClick=${() => onwards(name)}>${t("start.skip")}</button>`;

const Field = ({ id, name, hint, given, set, type = "text", ...more }) => html`<label for=${id}>${t(`start.f_${name}`)}${hint && html` <span class="quiet">${hint}</span>`}</label>
  <input id=${id} type=${type} dir=${type === "text" ? "auto" : null} value=${given[name]} onInput=${(e) => set({ ...given, [name]: e.target.value })} ...${more} />`;

/** A name for the API, from what people call it. */
function slug(title, taken) {
  const plain = title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40) || "one";
  let found = plain;
  for (let n = 2; taken.includes(found); n += 1) found = `${plain}-${n}`;
  return found;
}

// --- the steps ----------------------------------------------------------------------------------

function Brand() {
  const state = useLoaded(() => Promise.all([get("settings/brand"), get("settings/channels")]), []);
  return html`<${Loading} state=${state}>${([brand, channels]) => html`<${BrandForm} brand=${brand} channels=${channels} />`}<//>`;
}

function BrandForm({ brand, channels }) {
  const known = brand.version > 0 ? brand.document.name : channels.document.company;
  const [given, set] = useState({ name: known, accent: brand.document.accent, language: brand.document.language });
  const save = async () => {
    await alter("brand", (old) => ({ ...old, ...given }));
    await alter("channels", (old) => ({ ...old, company: given.name }));
    document.documentElement.dataset.brand = given.name;
    const sheet = document.querySelector('link[href*="brand.css"]');
    if (sheet) sheet.href = `${sheet.href.split("?")[0]}?${Date.now()}`;
  };
  return html`<${StepForm} name="brand" save=${save}>
    <${Field} id="b-name" name="name" given=${given} set=${set} required maxlength="60" autocomplete="organization" />
    <${Field} id="b-accent" name="accent" hint=${t("start.accent_hint")} type="color" given=${given} set=${set} />
    <label for="b-language">${t("start.f_language")}</label>
    <select id="b-language" onChange=${(e) => set({ ...given, language: e.target.value })}>${["en", "de"].map((one) => html`
      <option value=${one} selected=${one === given.language}>${new Intl.DisplayNames(language, { type: "language" }).of(one)}</option>`)}</select><//>`;
}

function Mailbox() {
  const state = useLoaded(() => get("start/mail"), []);
  const arrived = setup.value.steps.find((step) => step.name === "mailbox").done;
  useLooking(!arrived);
  return html`<${Loading} state=${state}>${(mail) => html`
    <p>${t("start.address")} <strong class="case">${mail.support_address}</strong></p>
    ${mail.local ? html`<p class="note-box">${t("start.local_mail")}</p>` : html`
      <p><span class=${`state ${mail.sends && mail.signs ? "" : "prio high"}`}>${t(mail.sends === null ? "start.domain_unknown" : mail.signs ? "start.domain_ready" : "start.domain_waits", { domain: mail.domain })}</span></p>
      <details open=${!mail.signs}><summary>${t("start.records")}</summary><p class="quiet">${t("start.records_why")}</p>
        <div class="wide-table" tabindex="0" role="region" aria-label=${t("start.records")}><table><thead><tr><th scope="col">${t("start.r_name")}</th><th scope="col">${t("start.r_type")}</th><th scope="col">${t("start.r_value")}</th></tr></thead>
        <tbody>${mail.records.map((one) => html`<tr key=${one.name + one.type}><td>${one.name}</td><td>${one.type}</td><td>${one.value}</td></tr>`)}</tbody></table></div></details>
      <details><summary>${t("start.forward")}</summary><p>${t("start.forward_how", { address: mail.support_address })}</p></details>`}
    <h3>${t("start.try_mail")}</h3><p>${t("start.try_mail_how")}</p>
    ${arrived ? html`<p class="note-box" role="status">✓ ${t("start.arrived")} <${Newest} by=${{ channel: "email" }} /></p>`
      : html`<p role="status">${t("start.waiting")}</p>`}
    <p class="actions"><button type="button" class=${arrived ? "second" : ""} onClick=${acting(async () => {
      const sent = await post("start/mail");
      tell(t("start.sent", { to: sent.to }), { seconds: 15 });
    })}>${t("start.send_mail")}</button>
      <button type="button" class=${arrived ? "" : "second"} onClick=${() => onwards("mailbox")}>${t(arrived ? "start.next" : "start.skip")}</button></p>`}<//>`;
}

/** Looks again and again whether a step got done by what arrives. */
function useLooking(on) {
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(() => { if (!document.hidden) again().catch(() => {}); }, LOOK);
    return () => clearInterval(timer);
  }, [on]);
}

/** The newest case of that kind, as a link. */
function Newest({ by }) {
  const state = useLoaded(() => get(`cases${query({ ...by, limit: 1 })}`), []);
  const row = state.data?.items[0];
  return row ? html`<a href=${`#/case/${row.id}`} dir="auto">${row.reference} ${row.subject}</a>` : null;
}

function Team() {
  const state = useLoaded(() => get("settings/teams"), []);
  return html`<${Loading} state=${state}>${(found) => html`<${TeamForm} known=${found.document.teams} />`}<//>`;
}

function TeamForm({ known }) {
  const [given, set] = useState({ title: known.length ? "" : t("start.team_title"), members: known.length ? "" : me.value.email });
  const save = async () => {
    const members = [...new Set(given.members.split(/[\s,;]+/).filter(Boolean))];
    await alter("teams", (old) => ({ ...old, teams: [...old.teams, { name: slug(given.title, old.teams.map((one) => one.name)), title: given.title, members, strategy: "manual" }] }));
    teams.value = (await get("teams")).items;
  };
  return html`${known.length > 0 && html`<ul>${known.map((one) => html`<li key=${one.name}><strong dir="auto">${one.title}</strong> <span class="quiet">${one.members.join(", ")}</span></li>`)}</ul>`}
    <${StepForm} name="team" save=${save}>
      <${Field} id="t-title" name="title" given=${given} set=${set} required maxlength="120" />
      <label for="t-members">${t("start.f_members")} <span class="quiet">${t("settings.lines")}</span></label>
      <textarea id="t-members" rows="4" required value=${given.members} onInput=${(e) => set({ ...given, members: e.target.value })}></textarea>
      <p class="quiet">${t("start.members_hint")}</p><//>`;
}

function Hours() {
  const state = useLoaded(() => get("settings/calendars"), []);
  return html`<${Loading} state=${state}>${(found) => html`<${HoursForm} known=${found.document.calendars[0]} />`}<//>`;
}

function HoursForm({ known }) {
  const open = Object.entries(known?.hours || {}).filter(([, parts]) => parts.length);
  const first = open[0]?.[1][0] || { start: "09:00", end: "17:00" };
  const region = known?.holidays[0];
  const [given, set] = useState({
    zone: known?.zone || Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
    start: first.start, end: first.end === "24:00" ? "23:59" : first.end,
    days: open.length ? open.map(([day]) => day) : DAYS.slice(0, 5),
    country: region?.country || "", subdivision: region?.subdivision || "",
  });
  const names = new Intl.DisplayNames(language, { type: "region" });
  const day = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" });
  const sorted = COUNTRIES.map((code) => [code, names.of(code)]).sort((a, b) => a[1].localeCompare(b[1], language));
  const save = async () => {
    const name = known?.name || "office";
    const hours = Object.fromEntries(given.days.map((one) => [one, [{ start: given.start, end: given.end }]]));
    const holidays = given.country ? [{ country: given.country, subdivision: given.country === region?.country ? region.subdivision : given.subdivision }] : [];
    if (given.country) holidays[0].subdivision = given.subdivision.trim().toUpperCase();
    await alter("calendars", (old) => {
      const before = old.calendars.find((one) => one.name === name) || { name };
      return { ...old, calendars: [...old.calendars.filter((one) => one.name !== name), { ...before, zone: given.zone, hours, holidays }] };
    });
    await alter("teams", (old) => ({ ...old, teams: old.teams.map((one) => (one.calendar ? one : { ...one, calendar: name })) }));
  };
  return html`<${StepForm} name="hours" save=${save}>
    <${Field} id="h-zone" name="zone" given=${given} set=${set} required list="h-zones" />
    <datalist id="h-zones">${Intl.supportedValuesOf("timeZone").map((one) => html`<option value=${one} />`)}</datalist>
    <fieldset><legend>${t("start.f_days")}</legend><div class="line">${DAYS.map((one, n) => html`<label class="check" key=${one}>
      <input type="checkbox" checked=${given.days.includes(one)} onChange=${(e) => set({ ...given, days: DAYS.filter((d) => (d === one ? e.target.checked : given.days.includes(d))) })} />
      ${day.format(new Date(Date.UTC(2024, 0, 1 + n)))}</label>`)}</div></fieldset>
    <div class="two"><div><${Field} id="h-start" name="start" type="time" given=${given} set=${set} required /></div><div><${Field} id="h-end" name="end" type="time" given=${given} set=${set} required /></div></div>
    <label for="h-country">${t("start.f_country")}</label>
    <select id="h-country" onChange=${(e) => set({ ...given, country: e.target.value, subdivision: "" })}><option value="">${t("start.no_holidays")}</option>
      ${sorted.map(([code, name]) => html`<option value=${code} selected=${code === given.country}>${name}</option>`)}</select>
    ${given.country && html`<${Field} id="h-part" name="subdivision" hint=${t("start.subdivision_hint")} given=${given} set=${set} maxlength="10" />`}<//>`;
}

function Promises() {
  const state = useLoaded(() => Promise.all([get("settings/promises"), get("settings/calendars")]), []);
  return html`<${Loading} state=${state}>${([found, times]) => html`<${PromiseForm} policies=${found.document.policies} calendars=${times.document.calendars} />`}<//>`;
}

const hoursOf = (seconds) => (seconds === null || seconds === undefined ? "" : Math.round(seconds / 36) / 100);

function PromiseForm({ policies, calendars }) {
  const [given, set] = useState(policies.map((one) => ({ first_reply: hoursOf(one.targets.first_reply), resolution: hoursOf(one.targets.resolution) })));
  const [calendar, setCalendar] = useState(policies.find((one) => one.calendar)?.calendar || calendars[0]?.name || "");
  const seconds = (text) => (text === "" ? null : Math.round(Number(text) * 3600));
  const save = () => alter("promises", (old) => ({ ...old, policies: old.policies.map((one, n) => {
    const first = seconds(given[n].first_reply);
    return { ...one, calendar, targets: { first_reply: first, next_reply: first === null ? one.targets.next_reply : first * 2, resolution: seconds(given[n].resolution) } };
  }) }));
  const number = (n, name) => html`<input type="number" min="0.1" step="any" inputmode="decimal" aria-label=${`${label(policies[n])}: ${t(`promise.${name}`)}`} value=${given[n][name]}
    onInput=${(e) => set(given.map((one, at) => (at === n ? { ...one, [name]: e.target.value } : one)))} />`;
  return html`<${StepForm} name="promises" save=${save}>
    <label for="p-calendar">${t("start.f_counts")}</label><select id="p-calendar" onChange=${(e) => setCalendar(e.target.value)}>
      ${calendars.map((one) => html`<option value=${one.name} selected=${one.name === calendar}>${t("start.in_hours", { zone: one.zone })}</option>`)}
      <option value="" selected=${!calendar}>${t("start.round_clock")}</option></select>
    <table><thead><tr><th scope="col">${t("field.priority")}</th><th scope="col">${t("promise.first_reply")}</th><th scope="col">${t("promise.resolution")}</th></tr></thead>
      <tbody>${policies.map((one, n) => html`<tr key=${one.name}><th scope="row" dir="auto">${label(one)}</th><td>${number(n, "first_reply")}</td><td>${number(n, "resolution")}</td></tr>`)}</tbody></table>
    <p class="quiet">${t("start.promises_hint")}</p><//>`;
}

function label(policy) {
  const known = policy.when.priorities.length === 1 && policy.name === policy.when.priorities[0];
  return known ? t(`priority.${policy.name}`) : policy.title || policy.name;
}

function Topics() {
  const state = useLoaded(() => get("settings/topics"), []);
  return html`<${Loading} state=${state}>${(found) => html`<${TopicForm} known=${found.document.topics} />`}<//>`;
}

const EXAMPLES = ["delivery", "payment", "return"];

function TopicForm({ known }) {
  const empty = { name: "", examples: "" };
  const [given, set] = useState(known.length ? [empty] : EXAMPLES.map((one) => ({ name: t(`start.topic_${one}`), examples: t(`start.topic_${one}_said`) })));
  const put = (n, name, value) => set(given.map((one, at) => (at === n ? { ...one, [name]: value } : one)));
  const save = () => alter("topics", (old) => {
    const labels = old.topics.map((one) => one.label);
    const added = given.filter((one) => one.name.trim()).map((one) => {
      const label = slug(one.name, labels);
      labels.push(label);
      return { label, name: one.name.trim(), examples: one.examples.split("\n").map((line) => line.trim()).filter(Boolean) };
    });
    return { ...old, topics: [...old.topics, ...added] };
  });
  return html`${known.length > 0 && html`<ul>${known.map((one) => html`<li key=${one.label}><strong dir="auto">${one.name}</strong></li>`)}</ul>`}
    <${StepForm} name="topics" save=${save}>
    ${given.map((one, n) => html`<fieldset key=${n}><legend>${t("start.topic", { number: n + 1 })}</legend>
      <label for=${`c-name-${n}`}>${t("start.f_name_of_topic")}</label><input id=${`c-name-${n}`} dir="auto" maxlength="120" value=${one.name} onInput=${(e) => put(n, "name", e.target.value)} />
      <label for=${`c-said-${n}`}>${t("start.f_examples")} <span class="quiet">${t("settings.lines")}</span></label>
      <textarea id=${`c-said-${n}`} rows="3" dir="auto" required=${Boolean(one.name.trim())} value=${one.examples} onInput=${(e) => put(n, "examples", e.target.value)}></textarea></fieldset>`)}
    <p><button type="button" class="second" onClick=${() => set([...given, empty])}>${t("settings.add")}</button></p><//>`;
}

/** The end of the tour: a case of one's own, through the door that customers use. */
function Try() {
  const [given, set] = useState({ subject: t("start.case_subject"), text: t("start.case_text") });
  const [sent, setSent] = useState("");
  const key = useRef(once());
  const send = acting(async (event) => {
    event.preventDefault();
    const made = await post("help/cases", { name: me.value.email.split("@")[0], email: me.value.email, ...given, website: "" }, { key: key.current });
    setSent(made.reference);
    await again();
    loadViews().catch(() => {});
  });
  if (sent) return html`<${Arrived} reference=${sent} />`;
  const done = setup.value.steps.find((step) => step.name === "case").done;
  return html`${done && html`<p class="note-box">✓ ${t("start.arrived")} <${Newest} by=${{ customer: me.value.email }} /></p>`}
    <form onSubmit=${send}>
      <${Field} id="y-subject" name="subject" given=${given} set=${set} required maxlength="200" />
      <label for="y-text">${t("start.f_text")}</label><textarea id="y-text" rows="4" required dir="auto" value=${given.text} onInput=${(e) => set({ ...given, text: e.target.value })}></textarea>
      <p class="actions"><button>${t("start.send_case")}</button> <${Skip} name="case" /></p></form>`;
}

/** What became of it: looked at until somebody understood it, for half a minute at most. */
function Arrived({ reference }) {
  const [row, setRow] = useState(null);
  const [looks, setLooks] = useState(0);
  useEffect(() => {
    if (looks > 15 || row?.team || row?.topic?.label) return undefined;
    const timer = setTimeout(() => get(`cases/${reference}`).then(setRow, () => {}).then(() => setLooks(looks + 1)), looks ? 2_000 : 500);
    return () => clearTimeout(timer);
  }, [looks]);
  const topics = useLoaded(() => get("topics"), []);
  const topic = topics.data?.items.find((one) => one.label === row?.topic?.label)?.name || row?.topic?.label;
  const team = teams.value.find((one) => one.name === row?.team)?.title || row?.team;
  const promise = row?.promises?.first_reply;
  return html`<div class="note-box" role="status"><p>✓ ${t("start.case_there")} <strong>${reference}</strong></p>
    ${row && html`<dl class="facts"><div><dt>${t("field.topic")}</dt><dd dir="auto">${topic || "–"}</dd></div>
      <div><dt>${t("field.team")}</dt><dd dir="auto">${team || "–"}</dd></div><div><dt>${t("field.priority")}</dt><dd>${t(`priority.${row.priority}`)}</dd></div>
      ${promise && html`<div><dt>${t("promise.first_reply")}</dt><dd>${exact(promise.due_at)}</dd></div>`}</dl>`}</div>
    <p class="actions">${row && html`<a href=${`#/case/${row.id}`}>${t("start.open_case")}</a>`}
      <button type="button" class="second" onClick=${() => onwards("case")}>${t("start.next")}</button></p>`;
}
