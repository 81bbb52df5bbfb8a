// The boards: trends, the problems behind them, notices, settings, quarantine.

import { get, patch, post, query } from "./desk-api.js";
import { acting, complain, html, Loading, relative, signal, t, tell, Time, useEffect, useLoaded, useState } from "./desk-ui.js";
import { go, may, teams } from "./desk-state.js";
import { HourPlot } from "./desk-plot.js";
import { Campaign, Campaigns } from "./desk-campaigns.js";
import { Settings } from "./desk-settings.js";

export function Board({ screen, id }) {
  if (screen === "trends") return id ? html`<${Trend} key=${id} id=${id} />` : html`<${Trends} />`;
  if (screen === "problems") return id ? html`<${Problem} key=${id} id=${id} />` : html`<${Problems} />`;
  if (screen === "campaigns") return id ? html`<${Campaign} key=${id} id=${id} />` : html`<${Campaigns} />`;
  if (screen === "quarantine") return html`<${Quarantine} />`;
  if (screen === "people" || screen === "audit") return html`<${Staff} key=${screen} screen=${screen} />`;
  return html`<${Settings} name=${id} />`;
}

const staff = signal(null);

/** What few admins open, loaded when they do. */
function Staff({ screen }) {
  useEffect(() => { if (!staff.value) import("./desk-people.js").then((m) => { staff.value = m; }, complain); }, []);
  if (!staff.value) return html`<div class="skeleton" aria-busy="true"><i/><i/></div>`;
  return html`<${screen === "people" ? staff.value.People : staff.value.Audit} />`;
}

/** A board's head: its title takes the focus when the screen changes. */
export function Head({ title, children }) {
  useEffect(() => { document.getElementById("board-title")?.focus(); }, [title]);
  return html`<header><h1 id="board-title" tabindex="-1" dir="auto">${title}</h1><div class="actions">${children}</div></header>`;
}

/** A list with "more" at its end. */
export function Paged({ load, keys, empty, row, more = t("queue.more") }) {
  const [pages, setPages] = useState([]);
  const state = useLoaded(async () => { const page = await load(""); setPages([page]); return page; }, keys);
  return html`<${Loading} state=${state}>${() => {
    const items = pages.flatMap((page) => page.items);
    const cursor = pages.at(-1)?.cursor;
    return html`${!items.length && html`<p class="empty">${empty}</p>`}
      <div class="grid">${items.map(row)}</div>
      ${cursor && html`<p><button type="button" class="second" onClick=${acting(async () => setPages([...pages, await load(cursor)]))}>${more}</button></p>`}`;
  }}<//>`;
}

// --- trends -------------------------------------------------------------------------------------

function Trends() {
  return html`<section><${Head} title=${t("board.trends")} />
    <${Paged} keys=${[]} empty=${t("trend.none")} load=${(cursor) => get(`trends${query({ limit: 24, cursor })}`)}
      row=${(one) => html`<article class="card" key=${one.id}><h2><a href=${`#/trends/${one.id}`} dir="auto">${one.title || one.series}</a></h2>
        <p><span class=${`state ${one.state}`}>${t(`trend.${one.state}`)}</span> · ${t("trend.people", { customers: one.customers, cases: one.cases })}</p>
        <p class="quiet">${t("trend.since")} <${Time} at=${one.started_at} /></p></article>`} /></section>`;
}

const points = (trend) => trend.hours.map((h) => ({ ...h, seen: h.cases }));

function Trend({ id }) {
  const state = useLoaded(() => get(`trends/${id}`), [id]);
  const [reason, setReason] = useState("");
  return html`<section><${Loading} state=${state}>${(trend) => html`
    <${Head} title=${trend.title || trend.series}>
      ${trend.problem_id ? html`<a href=${`#/problems/${trend.problem_id}`}>${t("trend.to_problem")}</a>`
        : may("lead") && html`<button type="button" onClick=${acting(async () => { const made = await post("problems", { trend_id: id }); go(`problems/${made.id}`); })}>${t("trend.open_problem")}</button>`}
    <//>
    <p><span class=${`state ${trend.state}`}>${t(`trend.${trend.state}`)}</span> · ${t("trend.people", { customers: trend.customers, cases: trend.cases })}
      · ${t("trend.since")} <${Time} at=${trend.started_at} /> · ${t("trend.expected", { seen: trend.seen, expected: trend.expected.toFixed(1), hours: trend.window_hours })}</p>
    ${trend.rule === "cautious" && html`<p class="warn-box">${t("trend.cautious")}</p>`}
    ${trend.confidence !== null && html`<p class="quiet">${t("trend.sure", { percent: Math.round(trend.confidence * 100) })}</p>`}
    <${HourPlot} title=${trend.title || trend.series} points=${points(trend)} />
    ${trend.lifts.length > 0 && html`<h2>${t("trend.lifts")}</h2><ul>${trend.lifts.map((l) => html`<li key=${l.attribute + l.value}>
      ${l.base_share === null ? t("trend.lift_unknown", { seen: l.seen, of: l.of, value: `${l.attribute} ${l.value}` })
        : t("trend.lift", { seen: l.seen, of: l.of, value: `${l.attribute} ${l.value}`, percent: Math.round(l.base_share * 100) })}</li>`)}</ul>`}
    <h2>${t("trend.examples")}</h2><ul>${trend.example_case_ids.map((one) => html`<li key=${one}><${Example} id=${one} /></li>`)}</ul>
    ${may("lead") && trend.state === "active" && html`<form class="actions" onSubmit=${acting(async () => {
      await patch(`trends/${id}`, { state: "dismissed", reason }, trend.version);
      tell(t("trend.dismissed_done")); state.reload();
    })}><label for="why">${t("trend.why")}</label><input id="why" required value=${reason} onInput=${(e) => setReason(e.target.value)} />
      <button class="second">${t("trend.dismiss")}</button></form>`}`}<//></section>`;
}

function Example({ id }) {
  const state = useLoaded(() => get(`cases/${id}`), [id]);
  if (!state.data) return html`<a href=${`#/case/${id}`}>${id}</a>`;
  return html`<a href=${`#/case/${id}`} dir="auto">${state.data.reference} ${state.data.subject}</a> <span class="quiet clip" dir="auto">${state.data.last_message}</span>`;
}

// --- problems -----------------------------------------------------------------------------------

const NEXT = {
  proposed: ["accepted", "rejected"], accepted: ["being_fixed", "fixed", "rejected"], being_fixed: ["fixed"],
  fixed: ["verified", "being_fixed"], verified: ["closed", "being_fixed"], closed: ["being_fixed"], rejected: ["accepted"],
};

function Problems() {
  const [title, setTitle] = useState("");
  return html`<section><${Head} title=${t("board.problems")} />
    ${may("agent") && html`<form class="actions" onSubmit=${acting(async () => { const made = await post("problems", { title }); go(`problems/${made.id}`); })}>
      <label for="title">${t("problem.new")}</label><input id="title" required dir="auto" value=${title} onInput=${(e) => setTitle(e.target.value)} /><button class="second">${t("problem.open")}</button></form>`}
    <${Paged} keys=${[]} empty=${t("problem.none")} load=${(cursor) => get(`problems${query({ limit: 24, cursor })}`)}
      row=${(one) => html`<article class="card" key=${one.id}><h2><a href=${`#/problems/${one.id}`} dir="auto">${one.title}</a></h2>
        <p><span class="state">${t(`problem.${one.state}`)}</span>${one.owner_team && ` · ${one.owner_team}`}</p>
        <p class="quiet"><${Time} at=${one.detected_at} /></p></article>`} /></section>`;
}

function Problem({ id }) {
  const state = useLoaded(() => get(`problems/${id}`), [id]);
  const history = useLoaded(() => get(`problems/${id}/history?limit=50`), [id, state.data?.version]);
  const links = useLoaded(() => get(`problems/${id}/cases?limit=30`), [id, state.data?.version]);
  const given = useLoaded(() => get(`problems/${id}/handovers?limit=20`), [id, state.data?.version]);
  return html`<section><${Loading} state=${state}>${(problem) => {
    const alter = acting(async (fields) => { await patch(`problems/${id}`, fields, problem.version); state.reload(); });
    return html`<${Head} title=${problem.title}>
      ${may("agent") && (NEXT[problem.state] || []).map((next) => html`<button key=${next} type="button" class="second" onClick=${() => alter({ state: next })}>${t(`problem.to_${next}`)}</button>`)}
      ${may("lead") && html`<button type="button" onClick=${acting(async () => { const made = await post("campaigns", { problem_id: id, ...(problem.trend_ids[0] ? { trend_id: problem.trend_ids[0] } : { topic: problem.topic || null }) }); go(`campaigns/${made.id}`); })}>${t("problem.tell")}</button>`}<//>
    <p><span class="state">${t(`problem.${problem.state}`)}</span> · ${t("trend.since")} <${Time} at=${problem.started_at} />${problem.trend_ids.map((one) => html` · <a key=${one} href=${`#/trends/${one}`}>${t("board.trends")}</a>`)}</p>
    <${Figures} problem=${problem} />
    ${may("agent") && html`<${Texts} problem=${problem} alter=${alter} />`}
    <div class="two"><div><h2>${t("problem.handovers")}</h2>
      <${Loading} state=${given}>${(page) => html`<ul class="plain">${page.items.map((h) => html`<li class="card" key=${h.id}><strong>${h.team || h.address}</strong> · ${t(`handover.${h.state}`)} · ${t("problem.due")} <${Time} at=${h.due_at} />
        ${h.promised_date && html`<p>${t("problem.promised")} <${Time} at=${h.promised_date} /></p>`}</li>`)}${!page.items.length && html`<li class="quiet">${t("problem.not_given")}</li>`}</ul>`}<//>
      ${may("lead") && html`<${HandOver} id=${id} done=${state.reload} />`}</div>
    <div><h2>${t("problem.cases")}</h2><${Loading} state=${links}>${(page) => html`<ul class="plain">${page.items.map((one) => html`<li key=${one.case_id}>
      <a href=${`#/case/${one.case_id}`} dir="auto">${one.reference} ${one.subject}</a> <span class="quiet">${t(`link.${one.state}`)}</span>
      ${one.state === "proposed" && may("agent") && html` <button type="button" class="link" onClick=${decide(id, one, "confirm", state)}>${t("link.confirm")}</button>
        <button type="button" class="link" onClick=${decide(id, one, "reject", state)}>${t("link.reject")}</button>`}</li>`)}</ul>`}<//></div></div>
    <h2>${t("problem.history")}</h2><${Loading} state=${history}>${(page) => html`<ul class="plain">${page.items.map((one) => html`<li key=${one.id}><${Time} at=${one.at} /> <strong>${one.by || t("case.system")}</strong> ${one.what} <span dir="auto">${one.text}</span></li>`)}</ul>`}<//>`;
  }}<//></section>`;
}

const decide = (id, one, decision, state) => acting(async () => {
  await post(`problems/${id}/cases`, { case_id: one.case_id, decision });
  state.reload();
});

function Figures({ problem }) {
  const figures = problem.figures || {};
  const plot = figures.plot || problem.plot || [];
  return html`${plot.length > 0 && html`<${HourPlot} title=${problem.title} points=${plot.map((p) => ({ ...p, seen: p.seen ?? p.cases }))} />`}
    <dl class="facts">${Object.entries(figures).filter(([, v]) => typeof v === "number" || (typeof v === "string" && v)).map(([name, value]) => html`
      <div key=${name}><dt>${label(name)}</dt><dd>${typeof value === "number" ? Math.round(value * 100) / 100 : /^\d{4}-\d\d-\d\dT/.test(value) ? relative(value) : value}</dd></div>`)}</dl>
    ${(figures.not_known || problem.not_known || []).map((line) => html`<p class="quiet" key=${line}>${line}</p>`)}`;
}

const label = (name) => { const text = t(`figure.${name}`); return text === `figure.${name}` ? name.replaceAll("_", " ") : text; };

function Texts({ problem, alter }) {
  const [given, set] = useState({ workaround: problem.workaround, root_cause: problem.root_cause, owner_team: problem.owner_team });
  const [shown, setShown] = useState({ ...problem.public });
  const area = (name) => html`<label for=${`p-${name}`}>${t(`problem.${name}`)}</label><textarea id=${`p-${name}`} rows="2" dir="auto" value=${given[name]} onInput=${(e) => set({ ...given, [name]: e.target.value })}></textarea>`;
  const save = () => alter({ ...given, public: { visible: shown.visible, title: shown.title, text: shown.text, state: shown.state } });
  return html`<form onSubmit=${(e) => { e.preventDefault(); save(); }}>
    <label for="p-owner">${t("problem.owner")}</label><select id="p-owner" onChange=${(e) => set({ ...given, owner_team: e.target.value })}>
      <option value="">–</option>${teams.value.map((one) => html`<option value=${one.name} selected=${one.name === given.owner_team}>${one.title}</option>`)}</select>
    ${area("workaround")}${area("root_cause")}
    <fieldset><legend><label class="check"><input type="checkbox" checked=${shown.visible} onChange=${(e) => setShown({ ...shown, visible: e.target.checked })} /> ${t("problem.public")}</label></legend>
      ${shown.visible && html`<label for="p-title">${t("problem.public_title")}</label><input id="p-title" dir="auto" value=${shown.title} onInput=${(e) => setShown({ ...shown, title: e.target.value })} />
      <label for="p-text">${t("problem.public_text")}</label><textarea id="p-text" rows="2" dir="auto" value=${shown.text} onInput=${(e) => setShown({ ...shown, text: e.target.value })}></textarea>
      <label for="p-state">${t("field.status")}</label><select id="p-state" onChange=${(e) => setShown({ ...shown, state: e.target.value })}>${["investigating", "identified", "monitoring", "resolved"].map((s) => html`<option value=${s} selected=${s === shown.state}>${t(`issue.${s}`)}</option>`)}</select>`}</fieldset>
    <p class="actions"><button>${t("desk.save")}</button></p></form>`;
}

function HandOver({ id, done }) {
  const [given, set] = useState({ team: "", address: "", note: "" });
  const send = acting(async (event) => {
    event.preventDefault();
    const body = Object.fromEntries(Object.entries(given).filter(([, v]) => v));
    await post(`problems/${id}/handovers`, body);
    tell(t("problem.given"));
    done();
  });
  return html`<form onSubmit=${send}><label for="h-team">${t("field.team")}</label><select id="h-team" onChange=${(e) => set({ ...given, team: e.target.value })}><option value="">–</option>${teams.value.map((one) => html`<option value=${one.name}>${one.title}</option>`)}</select>
    <label for="h-address">${t("problem.address")}</label><input id="h-address" type="email" value=${given.address} onInput=${(e) => set({ ...given, address: e.target.value })} />
    <label for="h-note">${t("problem.note")}</label><textarea id="h-note" rows="2" dir="auto" value=${given.note} onInput=${(e) => set({ ...given, note: e.target.value })}></textarea>
    <p class="actions"><button class="second">${t("problem.hand_over")}</button></p></form>`;
}

// --- quarantine ---------------------------------------------------------------------------------

function Quarantine() {
  const [round, setRound] = useState(0);
  const act = (id, what) => acting(async () => { await post(`quarantine/${id}/${what}`, {}); tell(t(`quarantine.${what}_done`)); setRound(round + 1); });
  return html`<section><${Head} title=${t("board.quarantine")} />
    <${Paged} keys=${[round]} empty=${t("quarantine.none")} load=${(cursor) => get(`quarantine${query({ limit: 24, cursor })}`)}
      row=${(one) => html`<article class="card" key=${one.id}><h2 dir="auto">${one.subject || one.id}</h2><p dir="auto">${one.reason}</p><p class="quiet">${one.channel} · <${Time} at=${one.created_at} /></p>
        <p class="actions"><button type="button" class="second" onClick=${act(one.id, "replay")}>${t("quarantine.replay")}</button>
        <button type="button" class="second" onClick=${act(one.id, "release")}>${t("quarantine.release")}</button></p></article>`} /></section>`;
}
