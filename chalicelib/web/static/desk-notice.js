// A notice that is being written, in four steps: who hears it, what they read, how it would look, and
// the word that sends it. Everything is saved as it is typed, and counted as soon as it is saved.

import { once, patch, post } from "./desk-api.js";
import { html, Loading, t, tell, Time, useEffect, useLoaded, useRef, useState } from "./desk-ui.js";
import { dollars, Facts, Faults, Input, languageName, OFFERED, percent, Pill, Raw, useForm, useUnsaved } from "./desk-boards.js";
import { Conditions, customerFields, says } from "./desk-rules.js";
import { language as reader } from "./words.js";

const STEPS = ["audience", "text", "look", "send"];
const SAVED = ["name", "audience", "message", "fields", "link", "purpose", "held_out"];
const BUILT_IN = ["name", "first_name", "company", "topic", "link", "feedback", "preferences", "unsubscribe"];

/** What is saved: rows that are half typed wait until they say something. */
function whole(draft) {
  const { all, any, assets } = draft.audience;
  const owned = assets.map((one) => ({ ...one, attributes: Object.fromEntries(Object.entries(one.attributes).filter(([name, value]) => name && value !== "")) }));
  return { ...draft, audience: { ...draft.audience, all: all.filter(says), any: any.filter(says), assets: owned.filter((one) => one.name || one.type || Object.keys(one.attributes).length) } };
}
const pick = (from) => Object.fromEntries(SAVED.map((name) => [name, from[name]]));

/** Saves what is typed and counts whom it reaches, one after the other, the newest state last. */
function useDraft(campaign, form) {
  const [draft, setDraft] = useState(() => pick(campaign));
  const [how, setHow] = useState("saved");
  const [seen, setSeen] = useState(null);
  const work = useRef({ version: campaign.version, wanted: null, busy: false });
  const push = async () => {
    const mine = work.current;
    if (mine.busy) return;
    mine.busy = true;
    try {
      while (mine.wanted) {
        const given = mine.wanted;
        mine.wanted = null;
        if (given !== "count") {
          setHow("saving");
          mine.version = (await patch(`campaigns/${campaign.id}`, whole(given), mine.version)).version;
          form.clear();
        }
        if (!mine.wanted) {
          setHow("counting");
          setSeen(await post(`campaigns/${campaign.id}/preview`, undefined));
        }
        setHow("saved");
      }
    } catch (error) {
      setHow(error.status === 412 ? "stale" : "wrong");
      try { form.take(error); } catch { tell(error.message, { kind: "wrong", seconds: 15 }); }
    } finally {
      mine.busy = false;
    }
    if (mine.wanted) push();
  };
  const first = useRef(true);
  useEffect(() => {
    const mine = work.current;
    const timer = setTimeout(() => { mine.wanted = first.current ? "count" : draft; first.current = false; push(); }, first.current ? 0 : 700);
    if (!first.current) setHow("typing");
    return () => clearTimeout(timer);
  }, [draft]);
  const count = () => { work.current.wanted = "count"; push(); };
  return { draft, alter: (fields) => setDraft((old) => ({ ...old, ...fields })), how, seen, count };
}

export default function Draft({ campaign, done }) {
  const form = useForm();
  const { draft, alter, how, seen, count } = useDraft(campaign, form);
  const [step, setStep] = useState("audience");
  const heading = useRef(null);
  const known = useLoaded(customerFields, []);
  useUnsaved(["typing", "saving", "wrong"].includes(how));
  const move = (name) => { setStep(name); setTimeout(() => heading.current?.focus()); };
  const number = STEPS.indexOf(step);
  const faulty = (name) => form.faults.some((one) => (one.field.startsWith("message") || one.field.startsWith("fields") || one.field === "link" ? "text" : "audience") === name);
  const parts = { audience: Audience, text: Texts, look: Look, send: Send };
  return html`<nav class="steps" aria-label=${t("notice.steps")}><ol>${STEPS.map((name, n) => html`<li key=${name}><button type="button" aria-current=${name === step ? "step" : null} onClick=${() => move(name)}>
      <span>${n + 1}</span> ${t(`step.${name}`)}${faulty(name) && html` <${Pill} kind="bad">!<//>`}</button></li>`)}</ol></nav>
    ${how === "stale" && html`<p class="wrong-box" role="alert">${t("notice.stale")} <button type="button" onClick=${done}>${t("form.load_theirs")}</button></p>`}
    <div class="with-count"><div><h2 tabindex="-1" ref=${heading}>${t(`step.${step}`)}</h2><${Faults} form=${form} calm />
      <${parts[step]} campaign=${campaign} draft=${draft} alter=${alter} form=${form} known=${known} seen=${seen} how=${how} done=${done} count=${count} />
      <p class="actions">${number > 0 && html`<button type="button" class="second" onClick=${() => move(STEPS[number - 1])}>${t("step.back")}</button>`}
        ${number < 3 && html`<button type="button" onClick=${() => move(STEPS[number + 1])}>${t("step.next", { name: t(`step.${STEPS[number + 1]}`) })}</button>`}</p></div>
    <${Count} seen=${seen} how=${how} count=${count} /></div>`;
}

/** Beside every step: whom it would reach at this moment, and why others are left out. */
function Count({ seen, how, count }) {
  return html`<aside class="card count-card" aria-labelledby="count-title"><p class="line"><span id="count-title">${t("notice.reaches")}</span> <span class="quiet" role="status">${t(`draft.${how}`)}</span></p>
    <p class="figure" aria-busy=${how === "counting"}>${seen ? seen.count.toLocaleString(reader) : "…"}${seen && !seen.complete && html` <small>${t("notice.at_least")}</small>`}</p>
    ${seen && html`<ul class="plain">${[...Object.entries(seen.by_channel).map(([name, n]) => [t(`channel.${name}`), n]), ...Object.entries(seen.by_language).map(([name, n]) => [languageName(name), n])]
      .map(([name, n]) => html`<li key=${name} class="line"><span>${name}</span><span class="count">${n}</span></li>`)}</ul>
      ${Object.keys(seen.excluded).length > 0 && html`<h3>${t("notice.excluded")}</h3><ul class="plain">${Object.entries(seen.excluded).sort((a, b) => b[1] - a[1])
        .map(([why, n]) => html`<li key=${why} class="line"><span>${t(`excluded.${why}`)}</span><span class="count">${n}</span></li>`)}</ul>`}
      ${seen.in_case > 0 && html`<p class="quiet">${t("notice.in_case_means", { count: seen.in_case })}</p>`}
      ${seen.deferred > 0 && html`<p class="quiet">${t("notice.deferred_count", { count: seen.deferred })} <${Time} at=${seen.deferred_until} /></p>`}
      ${Object.entries(seen.missing_fields).map(([name, n]) => html`<p key=${name} class="warn-box">${t("notice.missing_field", { name, count: n })}</p>`)}
      <p class="quiet">${t("notice.price")}: ${dollars(seen.cost.total)} · ${t("notice.takes", { minutes: Math.max(1, Math.ceil(seen.seconds / 60)) })}</p>`}
    ${how === "wrong" && html`<p><button type="button" class="second" onClick=${count}>${t("desk.retry")}</button></p>`}</aside>`;
}

// --- 1 who ---------------------------------------------------------------------------------------

function Audience({ campaign, draft, alter, form, known }) {
  const { audience } = draft;
  const change = (fields) => alter({ audience: { ...audience, ...fields } });
  const channel = (name, on) => change({ channels: on ? [...audience.channels, name] : audience.channels.filter((one) => one !== name) });
  const held = Math.round(draft.held_out * 100);
  return html`<form onSubmit=${(e) => e.preventDefault()}>
    <${Input} label=${t("notice.name")} path="name" form=${form} required maxlength="120" value=${draft.name} onInput=${(name) => alter({ name })} />
    <${Input} label=${t("purpose.why")} path="purpose" form=${form} value=${draft.purpose} hint=${t(`purpose.${draft.purpose}_means`)} options=${["service", "marketing", "safety"].map((name) => [name, t(`purpose.${name}`)])}
      onInput=${(purpose) => alter({ purpose, ...(purpose === "safety" ? { held_out: 0 } : {}) })} />
    <p class="quiet">${t("notice.about", { what: campaign.topic || "–" })}</p>
    <${Loading} state=${known}>${({ fields, assets }) => html`
      <${Conditions} title=${t("rule.all")} hint=${t("rule.all_hint")} path="audience.all" form=${form} fields=${fields} value=${audience.all} onChange=${(all) => change({ all })} />
      <${Conditions} title=${t("rule.any")} hint=${t("rule.any_hint")} path="audience.any" form=${form} fields=${fields} value=${audience.any} onChange=${(any) => change({ any })} />
      <${Owned} audience=${audience} change=${change} form=${form} fields=${fields} known=${assets} />`}<//>
    <fieldset><legend>${t("notice.by")}</legend><p class="quiet">${t("notice.by_hint")}</p><div class="line">${["email", "sms"].map((name) => html`<${Input} key=${name} type="checkbox" label=${t(`channel.${name}`)} path=${`audience.channels.${name}`} value=${audience.channels.includes(name)} onInput=${(on) => channel(name, on)} />`)}</div>
      ${audience.channels.length > 1 && html`<p class="line">${t("notice.first_try")} <strong>${t(`channel.${audience.channels[0]}`)}</strong><button type="button" class="link" onClick=${() => change({ channels: [...audience.channels].reverse() })}>${t("notice.swap")}</button></p>`}
      ${form.of("audience.channels") && html`<p class="fault">${form.of("audience.channels").reason}</p>`}</fieldset>
    <fieldset><legend>${t("notice.excluded")}</legend><p class="quiet">${t("notice.always_excluded")}</p>
      <${Input} type="checkbox" label=${t("notice.exclude_wrote")} path="audience.exclude_wrote" form=${form} value=${audience.exclude_wrote} onInput=${(exclude_wrote) => change({ exclude_wrote })} />
      ${audience.exclude_wrote && html`<${Input} type="date" label=${t("notice.wrote_since")} hint=${t("notice.wrote_since_hint")} path="audience.since" form=${form} value=${audience.since?.slice(0, 10)} onInput=${(day) => change({ since: day ? `${day}T00:00:00Z` : null })} />`}</fieldset>
    ${draft.purpose !== "safety" && html`<${Input} type="number" min="0" max="50" label=${t("notice.held_out")} path="held_out" form=${form} value=${held} onInput=${(share) => alter({ held_out: (share || 0) / 100 })} hint=${held ? t("notice.held_means", { percent: held }) : t("notice.held_none")} />`}
    <details><summary>${t("rule.as_json")}</summary><${Raw} label="JSON" path="audience" value=${audience} onChange=${(next) => alter({ audience: next })} /></details></form>`;
}

/** Something that they own: any one of these rows is enough. */
function Owned({ audience, change, form, fields, known }) {
  const rows = audience.assets;
  const values = (path) => fields.find(([name]) => name === path)?.[2] || [];
  const alter = (number, part) => change({ assets: rows.map((one, n) => (n === number ? { ...one, ...part } : one)) });
  const pairs = (one) => Object.entries(one.attributes);
  const put = (n, one, at, name, value) => alter(n, { attributes: Object.fromEntries(pairs(one).map((pair, k) => (k === at ? [name, value] : pair))) });
  return html`<fieldset class="rules"><legend>${t("rule.owned")}</legend><p class="quiet">${t("rule.owned_hint")}</p>
    ${rows.map((one, n) => html`<div key=${n} class="rule">
      <${Input} label=${t("rule.product")} path=${`audience.assets.${n}.name`} form=${form} known=${values("assets")} value=${one.name} onInput=${(name) => alter(n, { name })} />
      <${Input} label=${t("rule.kind")} path=${`audience.assets.${n}.type`} form=${form} known=${values("asset_types")} value=${one.type} onInput=${(type) => alter(n, { type })} />
      ${pairs(one).map(([name, value], at) => html`<${Input} key=${at} label=${t("rule.attribute")} path=${`audience.assets.${n}.attributes.${at}.name`} known=${Object.keys(known)} value=${name} onInput=${(next) => put(n, one, at, next, value)} />
        <${Input} label=${t("rule.value")} path=${`audience.assets.${n}.attributes.${name}`} form=${form} known=${(known[name] || []).map(String)} value=${value} onInput=${(next) => put(n, one, at, name, next)} />`)}
      <button type="button" class="link" onClick=${() => alter(n, { attributes: { ...one.attributes, [Object.keys(known).find((name) => !(name in one.attributes)) || "version"]: "" } })}>${t("rule.more")}</button>
      <button type="button" class="icon" aria-label=${t("rule.remove", { field: one.name || one.type })} onClick=${() => change({ assets: rows.filter((_, k) => k !== n) })}>×</button></div>`)}
    <p><button type="button" class="second" onClick=${() => change({ assets: [...rows, { type: "", name: values("assets")[0] || "", attributes: {} }] })}>${t("rule.add")}</button></p></fieldset>`;
}

// --- 2 what --------------------------------------------------------------------------------------

function Texts({ draft, alter, form, known, seen }) {
  const { message } = draft;
  const all = ["email", "sms"].flatMap((channel) => Object.keys(message[channel]).map((code) => [channel, code]));
  const [[channel, code], setOpen] = useState(all[0] || ["email", message.default]);
  const area = useRef(null);
  const text = message[channel][code];
  const put = (next) => alter({ message: { ...message, [channel]: { ...message[channel], [code]: next } } });
  const add = (to, of) => {
    const model = message[to][message.default] || { ...(to === "email" ? { subject: message.email[message.default]?.subject || draft.name } : {}), text: message.email[message.default]?.text.slice(0, 300) || "…" };
    alter({ message: { ...message, [to]: { ...message[to], [of]: { ...model } } } });
    setOpen([to, of]);
  };
  const drop = () => {
    const rest = Object.fromEntries(Object.entries(message[channel]).filter(([name]) => name !== code));
    alter({ message: { ...message, [channel]: rest } });
    setOpen(all.find(([to, of]) => to !== channel || of !== code) || ["email", message.default]);
  };
  const insert = (name) => {
    const field = area.current || document.getElementById(`f-message-${channel}-${code}-text`);
    field.setRangeText(`{{${name}}}`, field.selectionStart, field.selectionEnd, "end");
    put({ ...text, [field.name]: field.value });
    field.focus();
  };
  const part = (name, more) => html`<${Input} key=${`${channel}${code}${name}`} name=${name} path=${`message.${channel}.${code}.${name}`} form=${form} value=${text[name]} onInput=${(value) => put({ ...text, [name]: value })} onFocus=${(e) => { area.current = e.target; }} ...${more} />`;
  const size = channel === "sms" && seen?.sms[code];
  return html`<form onSubmit=${(e) => e.preventDefault()}><div class="tabs" role="group" aria-label=${t("notice.texts")}>${all.map(([to, of]) => html`<button key=${to + of} type="button" class="second" aria-pressed=${to === channel && of === code} onClick=${() => { area.current = null; setOpen([to, of]); }}>${t(`channel.${to}`)} · ${languageName(of)}${of === message.default ? " ★" : ""}</button>`)}
      ${["email", "sms"].map((to) => html`<select key=${to} aria-label=${t("notice.add_language", { channel: t(`channel.${to}`) })} onChange=${(e) => { if (e.target.value) add(to, e.target.value); e.target.value = ""; }}><option value="">+ ${t(`channel.${to}`)}</option>
        ${(all.some(([one]) => one === to) ? OFFERED : [message.default]).filter((of) => !message[to][of]).map((of) => html`<option key=${of} value=${of}>${languageName(of)}</option>`)}</select>`)}</div>
    ${text && html`${channel === "email" && part("subject", { label: t("field.subject"), maxlength: 200 })}
      ${part("text", { label: t("notice.text"), rows: channel === "sms" ? 4 : 11, maxlength: channel === "sms" ? 918 : 20_000, hint: channel === "sms" ? t("notice.sms_end") : t("notice.mail_end") })}
      ${size && html`<p class="quiet">${t("notice.sms_size", { characters: size.characters, parts: size.parts, encoding: size.encoding })}</p>`}
      <div class="line" role="group" aria-label=${t("notice.insert")}><span class="quiet">${t("notice.insert")}</span>${[...BUILT_IN, ...Object.keys(draft.fields)].map((name) => html`<button key=${name} type="button" class="tag" title=${BUILT_IN.includes(name) ? t(`filled.${name}`) : null} onClick=${() => insert(name)}>${`{{${name}}}`}</button>`)}</div>
      ${all.length > 1 && html`<p><button type="button" class="link" onClick=${drop}>${t("notice.drop", { what: `${t(`channel.${channel}`)} · ${languageName(code)}` })}</button></p>`}`}
    <${Input} label=${t("notice.default")} hint=${t("notice.default_hint")} path="message.default" form=${form} value=${message.default} onInput=${(next) => alter({ message: { ...message, default: next } })} options=${[...new Set([...all.map(([, of]) => of), message.default])].map((of) => [of, languageName(of)])} />
    <${Input} label=${t("notice.link")} hint=${t("notice.link_hint", { field: "{{link}}" })} path="link" form=${form} type="url" value=${draft.link} onInput=${(link) => alter({ link })} />
    ${form.of("message") && html`<p class="fault">${form.of("message").reason}</p>`}
    <${Fields} draft=${draft} alter=${alter} form=${form} known=${known} /></form>`;
}

/** Fields of one's own: the same value for all, or what is known of each customer. */
function Fields({ draft, alter, form, known }) {
  const entries = Object.entries(draft.fields);
  const put = (at, name, spec) => alter({ fields: Object.fromEntries(entries.map((pair, n) => (n === at ? [name, spec] : pair))) });
  const sources = (known.data?.fields || []).map(([path]) => path);
  return html`<details open=${entries.length > 0}><summary>${t("notice.fields")}</summary><p class="quiet">${t("notice.fields_hint")}</p>
    ${entries.map(([name, spec], n) => html`<div key=${n} class="rule">
      <${Input} label=${t("notice.name")} path=${`fields.${name}`} form=${form} pattern="[a-z][a-z0-9_]*" value=${name} onInput=${(next) => /^[a-z][a-z0-9_]*$/.test(next) && put(n, next, spec)} />
      <${Input} label=${t("rule.kind")} path=${`fields.${name}.type`} form=${form} value=${spec.type} options=${["text", "number", "date"].map((one) => [one, t(`kind.${one}`)])} onInput=${(type) => put(n, name, { ...spec, type })} />
      <${Input} label=${t("notice.from")} path=${`fields.${name}.from`} value=${spec.source ? "source" : "value"} options=${[["source", t("notice.from_customer")], ["value", t("notice.from_all")]]} onInput=${(from) => put(n, name, from === "source" ? { type: spec.type, source: sources[0] || "name", default: spec.default } : { type: spec.type, value: "…", default: spec.default })} />
      ${spec.source ? html`<${Input} label=${t("rule.field")} path=${`fields.${name}.source`} form=${form} known=${sources} value=${spec.source} onInput=${(source) => source && put(n, name, { ...spec, source })} />`
        : html`<${Input} label=${t("rule.value")} path=${`fields.${name}.value`} form=${form} value=${spec.value} onInput=${(value) => value && put(n, name, { ...spec, value })} />`}
      <${Input} label=${t("notice.otherwise")} path=${`fields.${name}.default`} form=${form} value=${spec.default} onInput=${(value) => put(n, name, { ...spec, default: value || null })} />
      <button type="button" class="icon" aria-label=${t("rule.remove", { field: name })} onClick=${() => alter({ fields: Object.fromEntries(entries.filter((_, k) => k !== n)) })}>×</button></div>`)}
    <p><button type="button" class="second" onClick=${() => alter({ fields: { ...draft.fields, [`field_${entries.length + 1}`]: { type: "text", source: sources[0] || "name", default: null } } })}>${t("rule.add")}</button></p></details>`;
}

// --- 3 how it looks, and a test --------------------------------------------------------------------

/** Three of those who would hear, of as many channels and languages as there are. */
function three(samples) {
  const kinds = new Map();
  for (const one of samples) kinds.set(`${one.channel} ${one.language}`, kinds.get(`${one.channel} ${one.language}`) || one);
  const first = [...kinds.values()];
  return [...first, ...samples.filter((one) => !first.includes(one))].slice(0, Math.max(3, first.length));
}

function Look({ campaign, draft, seen }) {
  const [to, setTo] = useState("");
  const [code, setCode] = useState(draft.message.default);
  const form = useForm();
  const test = form.run(async (event) => { event.preventDefault(); await post(`campaigns/${campaign.id}/test`, { to, language: code }); tell(t("notice.tested", { to })); });
  const languages = [...new Set([...Object.keys(draft.message.email), ...Object.keys(draft.message.sms)])];
  return html`${!seen ? html`<div class="skeleton" aria-busy="true"><i/><i/></div>` : !seen.samples.length ? html`<p class="empty">${t("notice.nobody")}</p>` : html`<p class="quiet">${t("notice.samples")}</p>
    <div class="grid">${three(seen.samples).map((one) => html`<article class=${`paper ${one.channel}`} key=${one.customer_id}><p class="line quiet"><${Pill}>${t(`channel.${one.channel}`)}<//><span>${languageName(one.language)}</span>${one.parts > 0 && html`<span>${t("notice.parts", { count: one.parts })}</span>`}</p>
      <p class="quiet" dir="auto">${t("notice.to_name", { name: one.name || one.to })} · ${one.to}</p>${one.subject && html`<h3 dir="auto">${one.subject}</h3>`}<p class="said" dir="auto">${one.text}</p>
      <p class="quiet" dir="auto">${t("notice.because")} ${one.why}</p>${one.quiet_until && html`<p class="warn-box">${t("notice.waits")} <${Time} at=${one.quiet_until} /></p>`}
      ${one.recent.length > 0 && html`<p class="quiet">${t("notice.lately")} ${one.recent.map((r) => r.name || r.campaign_id).join(", ")}</p>`}</article>`)}</div>`}
    <form class="card" onSubmit=${test}><h3>${t("notice.test_title")}</h3><${Faults} form=${form} /><${Input} label=${t("notice.test_to")} hint=${t("notice.test_hint")} path="to" form=${form} required value=${to} onInput=${setTo} />
      <${Input} label=${t("notice.language")} path="language" form=${form} value=${code} onInput=${setCode} options=${languages.map((one) => [one, languageName(one)])} />
      <p class="actions"><button class="second">${t("notice.test")}</button></p></form>`;
}

// --- 4 the word ------------------------------------------------------------------------------------

function Send({ campaign, draft, seen, how, done, count }) {
  const [typed, setTyped] = useState("");
  const [refused, setRefused] = useState(null);
  const key = useRef(once());
  const form = useForm();
  const ready = seen && how === "saved" && seen.count > 0;
  const approve = form.run(async (event) => {
    event.preventDefault();
    setRefused(null);
    try {
      await post(`campaigns/${campaign.id}/approve`, { version: seen.version, count: seen.count }, { key: key.current });
    } catch (error) {
      key.current = once();
      setRefused(error);
      if (error.status === 409 || error.status === 412) count();
      return;
    }
    tell(t("notice.approved_done"));
    done();
  });
  return html`${!seen ? html`<div class="skeleton" aria-busy="true"><i/></div>` : html`<${Facts} items=${[[t("notice.reaches"), seen.count.toLocaleString(reader)], [t("progress.held_out"), seen.held_out, percent(seen.held_out_share)], [t("progress.in_case"), seen.in_case],
      [t("notice.price"), dollars(seen.cost.total), seen.cost.unpriced ? t("notice.unpriced", { count: seen.cost.unpriced }) : ""], [t("notice.duration"), t("span.minutes", { count: Math.max(1, Math.ceil(seen.seconds / 60)) })]]} />
    <p>${t(`purpose.${draft.purpose}_means`)}</p>
    ${seen.deferred > 0 && html`<p class="note-box">${t("notice.deferred_count", { count: seen.deferred })} <${Time} at=${seen.deferred_until} /></p>`}
    ${!seen.complete && html`<p class="warn-box">${t("notice.incomplete")}</p>`}
    ${refused && html`<div class="wrong-box" role="alert"><p>${refused.message}</p>${refused.status === 403 && html`<p>${t("notice.second_person")}</p>`}</div>`}
    ${seen.count === 0 ? html`<p class="empty">${t("notice.nobody")}</p>` : html`<form onSubmit=${approve}><${Input} label=${t("notice.type_count", { count: seen.count })} hint=${t("notice.type_hint")} path="typed" inputmode="numeric" autocomplete="off" value=${typed} onInput=${(text) => setTyped(text.trim())} />
      <p class="actions"><button disabled=${!ready || typed !== String(seen.count)}>${t("notice.send")}</button></p></form>`}`}`;
}
