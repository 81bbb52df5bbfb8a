// Problems: a column a state, and one problem with all that its owner, department and customers need.

import { get, once, patch, post, query } from "./desk-api.js";
import { acting, html, Loading, now, t, tell, Time, useLoaded, useRef, useState } from "./desk-ui.js";
import { go, may, teams } from "./desk-state.js";
import { Ask, asLocal, dollars, Facts, Faults, Filter, fromLocal, Head, Input, Paged, percent, Pill, shown, useForm } from "./desk-boards.js";
import { HourPlot, Sparkline } from "./desk-plot.js";

const OPEN = ["proposed", "accepted", "being_fixed", "fixed", "verified"];
const NEXT = {
  proposed: ["accepted", "rejected"], accepted: ["being_fixed", "fixed", "rejected"], being_fixed: ["fixed", "accepted", "rejected"],
  fixed: ["verified", "being_fixed"], verified: ["closed", "being_fixed"], closed: ["being_fixed"], rejected: ["proposed"],
};
const LOOK = { proposed: "busy", accepted: "bad", being_fixed: "bad", fixed: "busy", verified: "good", closed: "good", rejected: "" };
const ASKED = ["rejected", "verified"]; // steps that want a reason
const teamOf = (name) => teams.value.find((one) => one.name === name)?.title || name;
const open = (handover) => !["resolved", "withdrawn"].includes(handover.state);
const late = (handover) => open(handover) && new Date(handover.due_at) < now.value;
const plotted = (figures) => figures.plot.map((p) => ({ ...p, seen: p.seen ?? p.cases }));

export default ({ id }) => (id ? html`<${Problem} key=${id} id=${id} />` : html`<${Problems} />`);

function Problems() {
  const [title, setTitle] = useState("");
  const chosen = shown("open");
  const make = acting(async () => { const made = await post("problems", { title }); go(`problems/${made.id}`); });
  return html`<section class="full"><${Head} title=${t("board.problems")} />
    ${may("agent") && html`<form class="actions" onSubmit=${make}><label for="title">${t("problem.new")}</label>
      <input id="title" required maxlength="200" dir="auto" value=${title} onInput=${(e) => setTitle(e.target.value)} /><button class="second">${t("problem.open")}</button></form>`}
    <${Filter} label=${t("board.problems")} choices=${[["open", t("problem.open_ones")], ["closed", t("problem.closed")], ["rejected", t("problem.rejected")]]} />
    ${chosen === "open" ? html`<${States} />` : html`<${Paged} keys=${[chosen]} empty=${t("problem.none")}
      load=${(cursor) => get(`problems${query({ limit: 12, cursor, state: chosen })}`)} row=${(one) => html`<${Card} key=${one.id} problem=${one} />`} />`}</section>`;
}

function States() {
  const state = useLoaded(() => get(`problems?limit=100&state=${OPEN.join(",")}`), []);
  return html`<${Loading} state=${state}>${(page) => html`${!page.items.length && html`<p class="empty">${t("problem.none")}</p>`}
    <div class="columns">${OPEN.map((name) => {
      const some = page.items.filter((one) => one.state === name);
      return html`<section key=${name} aria-labelledby=${`c-${name}`}><h2 id=${`c-${name}`}>${t(`problem.${name}`)} <span class="quiet">${some.length}</span></h2>
        ${some.map((one) => html`<${Card} key=${one.id} problem=${one} />`)}</section>`;
    })}</div>${page.cursor && html`<p class="quiet">${t("problem.more")}</p>`}`}<//>`;
}

function Card({ problem }) {
  const state = useLoaded(() => Promise.all([get(`problems/${problem.id}`), get(`problems/${problem.id}/handovers?limit=5`)]), [problem.id]);
  const [view, given] = state.data || [];
  const overdue = given?.items.some(late);
  const asked = given?.items.some((one) => one.state === "asked_back");
  return html`<article class="card tall"><h3><a href=${`#/problems/${problem.id}`} dir="auto">${problem.title}</a></h3>
    <p class="quiet line"><span>${problem.owner_team ? teamOf(problem.owner_team) : t("problem.no_owner")}</span> <${Time} at=${problem.started_at} /></p>
    ${overdue && html`<p><${Pill} kind="bad">${t("problem.overdue")}<//></p>`}${asked && html`<p><${Pill} kind="busy">${t("handover.asked_back")}<//></p>`}
    ${view && html`<${Sparkline} title=${problem.title} points=${plotted(view.figures).slice(-24 * 7)} />
      <p><strong>${t("trend.people", view.figures.impact)}</strong></p><p class="quiet">${t("problem.last_day", { count: view.figures.impact.last_24_hours })}</p>`}</article>`;
}

// --- one problem --------------------------------------------------------------------------------

function Problem({ id }) {
  const state = useLoaded(() => get(`problems/${id}`), [id]);
  const version = state.data?.version;
  const [asking, setAsking] = useState("");
  const form = useForm();
  const alter = form.run(async (fields) => { await patch(`problems/${id}`, fields, state.data.version); state.reload(); });
  const step = (next) => (ASKED.includes(next) ? setAsking(next) : alter({ state: next }));
  const tellThem = acting(async () => {
    const { trend_ids: [trend], topic } = state.data;
    const made = await post("campaigns", { problem_id: id, ...(trend ? { trend_id: trend } : { topic: topic || null }), ...(trend || topic ? {} : { message: { email: { en: { subject: state.data.title, text: state.data.public.text || state.data.title } } } }) });
    go(`campaigns/${made.id}`);
  });
  return html`<section><${Loading} state=${state}>${(problem) => html`
    <${Head} title=${problem.title} back="problems">
      ${may("agent") && (NEXT[problem.state] || []).map((next, n) => html`<button key=${next} type="button" class=${n || may("lead") ? "second" : ""} onClick=${() => step(next)}>${t(`problem.to_${next}`)}</button>`)}
      ${may("lead") && html`<button type="button" onClick=${tellThem}>${t("problem.tell")}</button>`}<//>
    <${Faults} form=${form} />
    <p class="line"><${Pill} kind=${LOOK[problem.state]}>${t(`problem.${problem.state}`)}<//> <span>${problem.owner_team ? teamOf(problem.owner_team) : t("problem.no_owner")}</span>
      <span>${t("trend.since")} <${Time} at=${problem.started_at} /></span>
      ${problem.trend_ids.map((one) => html`<a key=${one} href=${`#/trends/${one}`}>${t("problem.its_trend")}</a>`)}
      ${problem.article_slug && html`<a href=${`#/articles/${problem.article_slug}`}>${t("issue.article")}</a>`}</p>
    ${problem.rejected_reason && html`<p class="note-box" dir="auto">${problem.rejected_reason}</p>`}
    <${Check} check=${problem.check} /><${Figures} problem=${problem} />
    <div class="two wide-first"><div>
      ${may("agent") && html`<${Texts} key=${version} problem=${problem} form=${form} alter=${alter} />`}
      <${Handovers} problem=${problem} version=${version} done=${state.reload} /></div>
    <div><${Cases} id=${id} version=${version} done=${state.reload} /><${Notices} problem=${problem} /><${History} id=${id} version=${version} /></div></div>
    ${asking && html`<${Ask} title=${t(`problem.to_${asking}`)} label=${t("problem.reason")} button=${t(`problem.to_${asking}`)} onClose=${() => setAsking("")} onDone=${(reason) => alter({ state: asking, reason })} />`}`}<//></section>`;
}

const Check = ({ check }) => check && html`<div class=${check.outcome === "failed" ? "warn-box" : "note-box"}><p><strong>${t(`check.${check.outcome}`)}</strong> ${check.because} · <${Time} at=${check.at} /></p>
  ${check.not_checked.map((line) => html`<p class="quiet" key=${line}>${line}</p>`)}</div>`;

const span = (seconds) => {
  if (seconds === null || seconds === undefined) return null;
  const hours = seconds / 3600;
  return hours < 1 ? t("span.minutes", { count: Math.round(seconds / 60) }) : hours < 48 ? t("span.hours", { count: Math.round(hours) }) : t("span.days", { count: Math.round(hours / 24) });
};

function Figures({ problem }) {
  const { impact, spent, pace, told_before: told, plot, not_concluded: open } = problem.figures;
  return html`<${Facts} items=${[[t("figure.customers"), impact.customers], [t("figure.cases"), impact.cases], [t("figure.a_day"), Math.round(impact.contacts_per_day * 10) / 10],
      [t("figure.last_day"), impact.last_24_hours], [t("figure.answered"), impact.answered_automatically], [t("figure.spent"), dollars(spent.total), spent.per_contact ? t("figure.each", { dollars: dollars(spent.per_contact) }) : ""],
      [t("figure.told_before"), told.share === null ? null : percent(told.share), told.of ? `${told.told}/${told.of}` : ""]]} />
    ${plot.length > 0 && html`<${HourPlot} title=${problem.title} points=${plotted(problem.figures)} />`}
    <ol class="pace">${["detection", "acceptance", "first_notice", "fix", "closure"].map((name) => html`<li key=${name} class=${pace[`seconds_to_${name}`] === null ? "quiet" : "done"}>
      <strong>${span(pace[`seconds_to_${name}`]) || "–"}</strong> ${t(`pace.${name}`)}</li>`)}</ol>
    ${open.length > 0 && html`<details><summary>${t("figure.not_concluded")}</summary><ul>${open.map((line) => html`<li class="quiet" key=${line}>${line}</li>`)}</ul></details>`}`;
}

function Texts({ problem, form, alter }) {
  const [given, set] = useState({ owner_team: problem.owner_team, workaround: problem.workaround, root_cause: problem.root_cause, article_slug: problem.article_slug });
  const [said, say] = useState(problem.public);
  const input = (name, more = {}) => html`<${Input} path=${name} form=${form} label=${t(`problem.${name}`)} value=${given[name]} onInput=${(value) => set({ ...given, [name]: value })} ...${more} />`;
  const open = (name, more = {}) => html`<${Input} path=${`public.${name}`} form=${form} label=${t(`problem.public_${name}`)} value=${said[name]} onInput=${(value) => say({ ...said, [name]: value })} ...${more} />`;
  const save = (event) => {
    event.preventDefault();
    alter({ ...given, public: { visible: said.visible, title: said.title, text: said.text, state: said.state } });
  };
  return html`<form onSubmit=${save} aria-labelledby="known"><h2 id="known">${t("problem.known")}</h2>
    ${input("owner_team", { options: [["", "–"], ...teams.value.map((one) => [one.name, one.title])] })}
    ${input("workaround", { rows: 2, hint: t("problem.workaround_hint") })}${input("root_cause", { rows: 2 })}${input("article_slug")}
    <fieldset><legend>${t("problem.public")}</legend>${open("visible", { type: "checkbox" })}
      ${said.visible && html`${open("title")}${open("text", { rows: 3 })}${open("state", { options: ["investigating", "identified", "monitoring", "resolved"].map((s) => [s, t(`issue.${s}`)]) })}
        <p class="quiet">${t("problem.seen_as")}</p><div class="paper" dir="auto"><p class="quiet">${t(`issue.${said.state}`)}</p><h3>${said.title || problem.title}</h3><p class="said">${said.text}</p>
          ${given.workaround && html`<p><strong>${t("issue.workaround")}</strong></p><p class="said">${given.workaround}</p>`}</div>`}</fieldset>
    <p class="actions"><button>${t("desk.save")}</button></p></form>`;
}

// --- handovers ----------------------------------------------------------------------------------

function Handovers({ problem, version, done }) {
  const given = useLoaded(() => get(`problems/${problem.id}/handovers?limit=20`), [problem.id, version]);
  const [composing, compose] = useState(false);
  const ready = ["accepted", "being_fixed", "fixed"].includes(problem.state);
  return html`<h2>${t("problem.handovers")}</h2>
    <${Loading} state=${given}>${(page) => html`${page.items.map((one) => html`<${Handover} key=${one.id} problem=${problem} handover=${one} done=${() => { given.reload(); done(); }} />`)}
      ${!page.items.length && html`<p class="quiet">${t("problem.not_given")}</p>`}`}<//>
    ${may("agent") && (!ready ? problem.state === "proposed" && html`<p class="quiet">${t("problem.accept_first")}</p>` : composing ? html`<${Compose} problem=${problem} close=${() => compose(false)} done=${() => { compose(false); given.reload(); done(); }} />`
      : html`<p><button type="button" class="second" onClick=${() => compose(true)}>${t("problem.hand_over")}</button></p>`)}`;
}

function Handover({ problem, handover: one, done }) {
  const [text, setText] = useState("");
  const [asking, setAsking] = useState("");
  const act = acting(async (action, words) => { await post(`problems/${problem.id}/handovers/${one.id}`, { action, text: words }); tell(t(`handover.${action}_done`)); done(); });
  return html`<article class="card"><p class="line"><${Pill} kind=${late(one) ? "bad" : one.state === "resolved" ? "good" : open(one) ? "busy" : ""}>${late(one) ? t("problem.overdue") : t(`handover.${one.state}`)}<//>
      <strong dir="auto">${one.team ? teamOf(one.team) : one.address}</strong><span class="quiet" dir="auto">${one.address}</span></p>
    <ol class="pace"><li class="done">${t("handover.given")} <${Time} at=${one.created_at} /></li>${one.accepted_at && html`<li class="done">${t("handover.accepted")} <${Time} at=${one.accepted_at} /></li>`}
      ${one.reminded_at && html`<li class="done">${t("handover.reminded")} <${Time} at=${one.reminded_at} /></li>`}${one.escalated_at && html`<li class="done">${t("handover.escalated")} <${Time} at=${one.escalated_at} /></li>`}
      ${one.promised_date && html`<li>${t("problem.promised")} <${Time} at=${one.promised_date} /></li>`}${one.resolved_at ? html`<li class="done">${t("handover.resolved")} <${Time} at=${one.resolved_at} /></li>` : html`<li>${t("problem.due")} <${Time} at=${one.due_at} /></li>`}</ol>
    ${one.note && html`<p class="said quiet" dir="auto">${one.note}</p>`}
    ${may("agent") && one.state === "asked_back" && html`<form onSubmit=${(e) => { e.preventDefault(); act("answer", text); }}><${Input} label=${t("handover.answer")} path=${`a-${one.id}`} rows="2" required value=${text} onInput=${setText} /><p><button>${t("handover.send_answer")}</button></p></form>`}
    <details><summary>${t("handover.evidence")}</summary><${Evidence} evidence=${one.evidence} /></details>
    ${may("agent") && open(one) && html`<p class="actions"><button type="button" class="link" onClick=${() => setAsking("renew_link")}>${t("handover.renew_link")}</button><button type="button" class="link" onClick=${() => setAsking("withdraw")}>${t("handover.withdraw")}</button></p>`}
    ${asking && html`<${Ask} title=${t(`handover.${asking}`)} text=${t(`handover.${asking}_means`)} label=${t("problem.reason")} optional button=${t(`handover.${asking}`)} onClose=${() => setAsking("")} onDone=${(why) => act(asking, why)} />`}</article>`;
}

/** Exactly what the department reads. */
function Evidence({ evidence: one }) {
  return html`<div class="paper"><h3 dir="auto">${one.title}</h3><p class="said" dir="auto">${one.description}</p>
    <${Facts} items=${[[t("figure.customers"), one.customers], [t("figure.cases"), one.cases], [t("figure.a_day"), Math.round(one.contacts_per_day * 10) / 10], [t("figure.spent"), dollars(one.cost_so_far)], [t("trend.times"), one.lift ? `×${one.lift}` : null]]} />
    <${HourPlot} title=${one.title} points=${one.plot.map((p) => ({ ...p, seen: p.seen ?? p.cases }))} />
    <ul>${one.lifts.map((line) => html`<li key=${line} dir="auto">${line}</li>`)}</ul>
    ${one.examples.map((e) => html`<blockquote class="quoted said" key=${e.reference} dir="auto">${e.text}</blockquote>`)}
    ${one.not_known.map((line) => html`<p class="quiet" key=${line}>${line}</p>`)}</div>`;
}

function Compose({ problem, done, close }) {
  const [given, set] = useState({ team: problem.owner_team, address: "", note: "", due_at: null });
  const evidence = useLoaded(() => get(`problems/${problem.id}/evidence`), [problem.id]);
  const key = useRef(once());
  const form = useForm();
  const input = (name, more = {}) => html`<${Input} path=${name} form=${form} label=${t(`handover.to_${name}`)} value=${given[name]} onInput=${(value) => set({ ...given, [name]: value })} ...${more} />`;
  const send = form.run(async () => {
    await post(`problems/${problem.id}/handovers`, Object.fromEntries(Object.entries(given).filter(([, v]) => v)), { key: key.current });
    tell(t("problem.given"));
    done();
  });
  return html`<form class="card" onSubmit=${send}><h3>${t("problem.hand_over")}</h3><${Faults} form=${form} />
    ${input("team", { options: [["", "–"], ...teams.value.map((one) => [one.name, one.title])] })}${input("address", { type: "email", hint: t("handover.address_hint") })}
    ${input("note", { rows: 3 })}<${Input} path="due_at" form=${form} type="datetime-local" label=${t("handover.to_due_at")} hint=${t("handover.due_hint")} value=${asLocal(given.due_at)} onInput=${(value) => set({ ...given, due_at: fromLocal(value) })} />
    <details open><summary>${t("handover.evidence")}</summary><${Loading} state=${evidence}>${(found) => html`<${Evidence} evidence=${found} />`}<//></details>
    <p class="actions"><button>${t("handover.send")}</button><button type="button" class="second" onClick=${close}>${t("form.not_yet")}</button></p></form>`;
}

// --- its cases, notices and history -------------------------------------------------------------

function Cases({ id, version, done }) {
  const [which, setWhich] = useState("linked,proposed");
  const [round, setRound] = useState(0);
  const [text, setText] = useState("");
  const decide = acting(async (which_case, decision) => {
    await post(`problems/${id}/cases`, { case_id: which_case, decision });
    setRound(round + 1);
    done();
  });
  const choices = { linked: ["unlink"], proposed: ["confirm", "reject"], unlinked: ["link"], rejected: ["link"] };
  return html`<h2>${t("problem.cases")}</h2>
    <p class="actions"><label for="which" class="aside">${t("problem.which")}</label><select id="which" value=${which} onChange=${(e) => setWhich(e.target.value)}>
      ${[["linked,proposed", t("filter.all")], ["proposed", t("link.proposed")], ["linked", t("link.linked")], ["rejected,unlinked", t("link.gone")]].map(([value, name]) => html`<option key=${value} value=${value}>${name}</option>`)}</select></p>
    <${Paged} keys=${[id, version, which, round]} empty=${t("problem.no_cases")} many="stack" load=${(cursor) => get(`problems/${id}/cases${query({ limit: 6, cursor, state: which })}`)}
      row=${(one) => html`<div key=${one.case_id} class="item"><a href=${`#/case/${one.case_id}`} dir="auto">${one.reference} ${one.subject}</a>
        <p class="quiet line"><span>${t(`link.${one.state}`)}</span>${one.told_at && html`<span>${t("link.told")}</span>`}<span dir="auto">${one.why}</span>
        ${may("agent") && choices[one.state].map((what) => html`<button key=${what} type="button" class="link" onClick=${() => decide(one.case_id, what)}>${t(`link.${what}`)}</button>`)}</p></div>`} />
    ${may("agent") && html`<form class="actions" onSubmit=${(e) => { e.preventDefault(); decide(text.trim(), "link"); setText(""); }}><label for="link">${t("link.add")}</label>
      <input id="link" required placeholder="C-7K2M9Q" value=${text} onInput=${(e) => setText(e.target.value)} /><button class="second">${t("link.link")}</button></form>`}`;
}

function Notices({ problem }) {
  const state = useLoaded(async () => (may("lead") ? (await get("campaigns?limit=100")).items : []), [problem.id]);
  const mine = (state.data || []).filter((one) => one.problem_id === problem.id || problem.campaign_ids.includes(one.id));
  if (!mine.length) return null;
  return html`<h2>${t("board.campaigns")}</h2><ul class="plain">${mine.map((one) => html`<li key=${one.id}><a href=${`#/campaigns/${one.id}`} dir="auto">${one.name}</a>
    <span class="quiet">${t(`notice.${one.status}`)}${one.frozen && ` · ${t("notice.people_count", { count: one.frozen.total })}`}</span></li>`)}</ul>`;
}

function History({ id, version }) {
  return html`<h2>${t("problem.history")}</h2><${Paged} keys=${[id, version]} empty="" many="stack" load=${(cursor) => get(`problems/${id}/history${query({ limit: 15, cursor })}`)}
    row=${(one) => html`<div class="item" key=${one.id}><p><strong>${one.by || t("case.system")}</strong> ${one.what}${one.to_state && html` → ${t(`problem.${one.to_state}`)}`} <span class="quiet"><${Time} at=${one.at} /></span></p>${one.text && html`<p class="quiet said" dir="auto">${one.text}</p>`}</div>`} />`;
}
