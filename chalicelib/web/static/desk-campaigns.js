// Notices to customers: audience, texts, what an approval would do, and how far it has come.

import { get, once, patch, post, query } from "./desk-api.js";
import { acting, html, Loading, t, tell, Time, useEffect, useLoaded, useRef, useState } from "./desk-ui.js";
import { go } from "./desk-state.js";
import { Head, Paged } from "./desk-boards.js";


export function Campaigns() {
  return html`<section><${Head} title=${t("board.campaigns")}><button type="button" onClick=${acting(async () => {
      const made = await post("campaigns", { name: t("notice.unnamed"), topic: null, message: { email: { en: { subject: "…", text: "…" } } } });
      go(`campaigns/${made.id}`);
    })}>${t("notice.new")}</button><//>
    <${Paged} keys=${[]} empty=${t("notice.none")} load=${(cursor) => get(`campaigns${query({ limit: 24, cursor })}`)}
      row=${(one) => html`<article class="card" key=${one.id}><h2><a href=${`#/campaigns/${one.id}`} dir="auto">${one.name}</a></h2>
        <p><span class="state">${t(`notice.${one.status}`)}</span></p><p class="quiet"><${Time} at=${one.created_at} /></p></article>`} /></section>`;
}

export function Campaign({ id }) {
  const state = useLoaded(() => get(`campaigns/${id}`), [id]);
  const running = state.data && ["approved", "planning", "running"].includes(state.data.status);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(state.reload, 3_000);
    return () => clearInterval(timer);
  }, [running]);
  return html`<section><${Loading} state=${state}>${(one) => html`
    <${Head} title=${one.name}>
      ${running && html`<button type="button" class="second" onClick=${act(id, "pause", state)}>${t("notice.pause")}</button>`}
      ${one.status === "paused" && html`<button type="button" onClick=${act(id, "resume", state)}>${t("notice.resume")}</button>`}
      ${(running || one.status === "paused") && html`<button type="button" class="second" onClick=${act(id, "cancel", state)}>${t("notice.cancel")}</button>`}<//>
    <p><span class="state">${t(`notice.${one.status}`)}</span>${one.reason && html` · <span dir="auto">${one.reason}</span>`}</p>
    ${one.status === "draft" ? html`<${Draft} campaign=${one} reload=${state.reload} />` : html`<${Progress} campaign=${one} />`}
    <${Effect} effect=${one.effect} />`}<//></section>`;
}

const act = (id, what, state) => acting(async () => {
  await post(`campaigns/${id}/${what}`, what === "resume" ? undefined : {});
  state.reload();
});

function Progress({ campaign }) {
  const p = campaign.progress || {};
  const done = (p.total || 0) - (p.remaining || 0);
  return html`<label for="progress">${t("notice.progress", { done, total: p.total || 0 })}</label>
    <progress id="progress" max=${p.total || 1} value=${done}></progress>
    <dl class="facts">${["sent", "delivered", "bounced", "complained", "failed", "suppressed", "in_doubt", "remaining", "held_out", "in_case"].map((name) => html`
      <div key=${name}><dt>${t(`progress.${name}`)}</dt><dd>${p[name] ?? 0}</dd></div>`)}</dl>
    ${p.ends_at && html`<p class="quiet">${t("notice.ends")} <${Time} at=${p.ends_at} /></p>`}
    ${p.cost && html`<p class="quiet">${t("notice.cost", { dollars: p.cost.total.toFixed(2) })}</p>`}`;
}

function Effect({ effect }) {
  if (!effect) return null;
  return html`<h2>${t("notice.effect")}</h2>${effect.conclusion && html`<p dir="auto">${effect.conclusion}</p>`}
    ${effect.told && effect.held_out && html`<table><thead><tr><th scope="col"></th><th scope="col" class="number">${t("notice.people")}</th><th scope="col" class="number">${t("notice.contacts")}</th></tr></thead><tbody>
      ${[["told", effect.told], ["held", effect.held_out]].map(([name, arm]) => html`<tr key=${name}><th scope="row">${t(`notice.${name}`)}</th><td class="number">${arm.customers}</td><td class="number">${arm.per_1000 === null ? "–" : `${Math.round(arm.per_1000)} (${Math.round(arm.low)}–${Math.round(arm.high)})`}</td></tr>`)}</tbody></table>`}`;
}

function Draft({ campaign, reload }) {
  const languages = Object.keys(campaign.message.email || { en: {} });
  const [language, setLanguage] = useState(languages[0] || "en");
  const [name, setName] = useState(campaign.name);
  const [message, setMessage] = useState(campaign.message);
  const [held, setHeld] = useState(Math.round(campaign.held_out * 100));
  const [rules, setRules] = useState(JSON.stringify(campaign.audience, null, 2));
  const text = message.email?.[language] || { subject: "", text: "" };
  const alter = (field) => (e) => setMessage({ ...message, email: { ...message.email, [language]: { ...text, [field]: e.target.value } } });
  const save = acting(async (event) => {
    event?.preventDefault();
    let audience;
    try { audience = JSON.parse(rules); } catch { tell(t("notice.bad_rules"), { kind: "wrong" }); return null; }
    const after = await patch(`campaigns/${campaign.id}`, { name, message, audience, held_out: held / 100 }, campaign.version);
    reload();
    return after;
  });
  return html`<form onSubmit=${save}>
    <label for="n-name">${t("notice.name")}</label><input id="n-name" required dir="auto" value=${name} onInput=${(e) => setName(e.target.value)} />
    <label for="n-rules">${t("notice.audience")}</label><textarea id="n-rules" rows="6" spellcheck="false" value=${rules} onInput=${(e) => setRules(e.target.value)}></textarea>
    <div class="actions" role="group" aria-label=${t("notice.language")}>${languages.map((one) => html`<button key=${one} type="button" class="second" aria-pressed=${one === language} onClick=${() => setLanguage(one)}>${one}</button>`)}</div>
    <label for="n-subject">${t("field.subject")}</label><input id="n-subject" dir="auto" value=${text.subject} onInput=${alter("subject")} />
    <label for="n-text">${t("new_case.text")}</label><textarea id="n-text" rows="6" dir="auto" value=${text.text} onInput=${alter("text")}></textarea>
    <label for="n-held">${t("notice.held_out")}</label><input id="n-held" type="number" min="0" max="50" value=${held} onInput=${(e) => setHeld(Number(e.target.value))} />
    <p class="actions"><button class="second">${t("desk.save")}</button></p></form>
    <${Preview} campaign=${campaign} reload=${reload} />`;
}

function Preview({ campaign, reload }) {
  const [seen, setSeen] = useState(null);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [to, setTo] = useState("");
  const key = useRef(once());
  const look = acting(async () => {
    setBusy(true);
    try { setSeen(await post(`campaigns/${campaign.id}/preview`, undefined)); } finally { setBusy(false); }
  });
  const approve = acting(async (event) => {
    event.preventDefault();
    await post(`campaigns/${campaign.id}/approve`, { version: seen.version, count: seen.count }, { key: key.current });
    tell(t("notice.approved_done"));
    reload();
  });
  return html`<p class="actions"><button type="button" disabled=${busy} onClick=${look}>${t("notice.preview")}</button></p>
    <form class="actions" onSubmit=${acting(async (e) => { e.preventDefault(); await post(`campaigns/${campaign.id}/test`, { to }); tell(t("notice.tested", { to })); })}>
      <label for="n-to">${t("notice.test_to")}</label><input id="n-to" required value=${to} onInput=${(e) => setTo(e.target.value)} /><button class="second">${t("notice.test")}</button></form>
    ${seen && html`<div role="region" aria-label=${t("notice.preview")}>
      <h2>${t("notice.count", { count: seen.count })}</h2>
      <dl class="facts">${Object.entries(seen.by_channel).map(([c, n]) => html`<div key=${c}><dt>${t(`channel.${c}`)}</dt><dd>${n}</dd></div>`)}
        <div><dt>${t("progress.held_out")}</dt><dd>${seen.held_out}</dd></div><div><dt>${t("progress.in_case")}</dt><dd>${seen.in_case}</dd></div>
        <div><dt>${t("notice.price")}</dt><dd>$${seen.cost.total.toFixed(2)}</dd></div></dl>
      ${Object.keys(seen.excluded).length > 0 && html`<h3>${t("notice.excluded")}</h3><ul>${Object.entries(seen.excluded).map(([why, n]) => html`<li key=${why}>${n} · ${why.replaceAll("_", " ")}</li>`)}</ul>`}
      <h3>${t("notice.samples")}</h3>${seen.samples.slice(0, 3).map((s) => html`<article class="card" key=${s.customer_id}><p class="quiet" dir="auto">${s.name} · ${t(`channel.${s.channel}`)} · ${s.why}</p><p dir="auto"><strong>${s.subject}</strong></p><p class="said" dir="auto">${s.text}</p></article>`)}
      <form onSubmit=${approve}><label for="n-typed">${t("notice.type_count", { count: seen.count })}</label><input id="n-typed" inputmode="numeric" autocomplete="off" value=${typed} onInput=${(e) => setTyped(e.target.value.trim())} />
        <p class="actions"><button disabled=${typed !== String(seen.count)}>${t("notice.send")}</button></p></form></div>`}`;
}
