// What is done to a case now and then: snooze, hand over, merge, link, split.

import { get, once, post, query } from "./desk-api.js";
import { acting, exact, html, now, relative, t, tell, useEffect, useRef, useState } from "./desk-ui.js";
import { agents, go, teams, took } from "./desk-state.js";
import { due, nameOf } from "./desk-queue.js";
import { picked } from "./desk-timeline.js";

// --- snooze -------------------------------------------------------------------------------------

const HOUR = 3_600_000;

function at(days, hour) {
  const moment = new Date();
  moment.setDate(moment.getDate() + days);
  moment.setHours(hour, 0, 0, 0);
  return moment;
}

/** Moments that are wanted most, in the reader's own zone. */
function presets() {
  const today = new Date(Date.now() + 3 * HOUR);
  const monday = (8 - new Date().getDay()) % 7 || 7;
  const week = monday === 1 ? 8 : monday; // what is tomorrow is no next week
  return [
    ...(today.getDate() === new Date().getDate() ? [["today", today]] : []),
    ["tomorrow", at(1, 9)],
    ["next_week", at(week, 9)],
  ];
}

const local = (moment) => new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

export function Snooze({ row, alter, close }) {
  const [own, setOwn] = useState(local(at(2, 9)));
  const run = async (moment) => { close(); await alter({ snoozed_until: moment && new Date(moment).toISOString() }); };
  const first = due(row);
  const over = (moment) => first && first.state !== "paused" && new Date(first.due_at) < moment
    && html`<strong class="prio high">⚠ ${t("snooze.over", { clock: t(`promise.${first.name}`), at: exact(first.due_at) })}</strong>`;
  const chosen = own ? new Date(own) : null;
  const wrong = !chosen || chosen <= now.value || chosen > at(366, 0);
  return html`<p class="quiet">${t("snooze.what")}</p>
    <ul class="plain choices when">${presets().map(([name, moment], n) => html`<li key=${name}>
      <button type="button" class="second" autofocus=${n === 0} onClick=${() => run(moment)}>${t(`snooze.${name}`)}</button>
      <span>${exact(moment)} ${over(moment)}</span></li>`)}</ul>
    <form onSubmit=${(e) => { e.preventDefault(); if (!wrong) run(chosen); }}><label for="snooze-at">${t("snooze.own")}</label>
      <div class="actions"><input id="snooze-at" type="datetime-local" class="short" value=${own} min=${local(new Date())} required
        onInput=${(e) => setOwn(e.target.value)} /><button disabled=${wrong}>${t("key.snooze")}</button></div>
      ${wrong ? html`<p class="quiet">${t("snooze.wrong")}</p>` : html`<p>${over(chosen)}</p>`}</form>
    ${row.snoozed_until && html`<p class="actions"><button type="button" class="second" onClick=${() => run(null)}>${t("snooze.wake")}</button></p>`}`;
}

// --- hand over ----------------------------------------------------------------------------------

const begun = new Map(); // case id → a note that is not sent yet: closing the dialog keeps it

export function HandOver({ row, close }) {
  const kept = begun.get(row.id) || { team: "", assignee: "", note: "" };
  const [given, setGiven] = useState(kept);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState({});
  const key = useRef(once());
  const set = (fields) => { const next = { ...given, ...fields }; setGiven(next); begun.set(row.id, next); };
  const people = agents.value.filter((one) => !given.team || one.teams.includes(given.team));
  const send = acting(async () => {
    setBusy(true);
    try {
      const { team, assignee, note } = given;
      took(await post(`cases/${row.id}/handover`, { ...(team ? { team } : {}), ...(assignee ? { assignee } : {}), note }, { key: key.current }));
      begun.delete(row.id);
      close();
      const whom = [assignee && nameOf(assignee), team && teams.value.find((one) => one.name === team)?.title].filter(Boolean).join(", ");
      tell(t("handover.done", { reference: row.reference, whom }));
    } catch (error) {
      if (!error.fields?.length) throw error;
      setWrong(Object.fromEntries(error.fields.map((one) => [one.field, one.reason])));
      key.current = once();
    } finally {
      setBusy(false);
    }
  });
  const why = (name) => wrong[name] && html`<p class="wrong-box" id=${`wrong-${name}`} role="alert">${wrong[name]}</p>`;
  return html`<form class="fieldset" onSubmit=${send}>
    <label for="over-team">${t("field.team")}</label>
    <select id="over-team" autofocus aria-describedby=${wrong.team ? "wrong-team" : null} onChange=${(e) => set({ team: e.target.value, assignee: "" })}>
      <option value="" selected=${!given.team}>${t("handover.same_team")}</option>
      ${teams.value.map((one) => html`<option key=${one.name} value=${one.name} selected=${one.name === given.team}>${one.title}</option>`)}</select>${why("team")}
    <label for="over-who">${t("handover.who")}</label>
    <select id="over-who" aria-describedby=${wrong.assignee ? "wrong-assignee" : null} onChange=${(e) => set({ assignee: e.target.value })}>
      <option value="" selected=${!given.assignee}>${t(given.team ? "handover.anybody" : "handover.choose")}</option>
      ${people.map((one) => html`<option key=${one.email} value=${one.email} selected=${one.email === given.assignee}>${one.name} (${one.email})</option>`)}</select>${why("assignee")}
    <label for="over-note">${t("handover.note")}</label>
    <textarea id="over-note" dir="auto" rows="4" required value=${given.note} aria-describedby=${wrong.note ? "wrong-note" : null}
      onInput=${(e) => set({ note: e.target.value })}></textarea>${why("note")}
    <p class="actions"><button disabled=${busy || !given.note.trim() || !(given.team || given.assignee)}>${t("key.handover")}</button></p></form>`;
}

// --- another case -------------------------------------------------------------------------------

/** Finds a case: the customer's others at once, any by its reference or its words. */
function Finder({ row, label, choose }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const [near, setNear] = useState([]);
  const rest = (items) => items.filter((one) => one.id !== row.id && !one.merged_into);
  useEffect(() => {
    acting(async () => setNear(rest((await get(`cases${query({ customer: row.customer_id, limit: 20 })}`)).items)))();
  }, [row.id]);
  const find = acting(async (event) => {
    event.preventDefault();
    const wanted = text.trim();
    if (!wanted) { setFound(null); return; }
    const named = /^(C-)?[0-9A-Z]{6}$/i.test(wanted) && await get(`cases/${wanted.toUpperCase().replace(/^(?!C-)/, "C-")}`).catch(() => null);
    setFound(rest(named ? [named] : (await get(`cases${query({ q: wanted, limit: 20 })}`)).items));
  });
  const shown = found || near;
  return html`<form onSubmit=${find}><label for="other">${label}</label>
    <div class="actions"><input id="other" type="search" class="short" autofocus value=${text} placeholder="C-7K2M9Q" onInput=${(e) => setText(e.target.value)} />
      <button class="second">${t("merge.look")}</button></div></form>
    <h3>${t(found ? "merge.found" : "merge.near")}</h3>
    ${shown.length === 0 && html`<p class="quiet">${t("merge.none")}</p>`}
    <ul class="plain choices">${shown.map((one) => html`<li key=${one.id}><button type="button" class="link" onClick=${() => choose(one)}>
      ${one.reference} <span dir="auto">${one.subject || t("case.no_subject")}</span></button>
      <span class="quiet">${t(`state.${one.status}`)} · ${relative(one.last_message_at, now.value)}</span></li>`)}</ul>`;
}

function Last({ row, title }) {
  const [said, setSaid] = useState(null);
  useEffect(() => {
    acting(async () => {
      const page = await get(`cases/${row.id}/messages?order=newest&limit=20`);
      setSaid(page.items.filter((one) => one.kind !== "event").slice(0, 4).reverse());
    })();
  }, [row.id]);
  return html`<section><h3>${title}</h3><p dir="auto"><strong>${row.subject}</strong></p>
    <p class="quiet">${t(`state.${row.status}`)} · ${exact(row.created_at)}</p>
    ${said === null ? html`<div class="skeleton" aria-busy="true"><i/></div>` : html`<ul class="plain">${said.map((one) => html`
      <li key=${one.id} class=${`card ${one.kind === "note" ? "note" : one.direction}`}><span class="quiet">${one.author.name || one.author.id} · ${relative(one.created_at, now.value)}</span>
      <span class="four" dir="auto">${one.text}</span></li>`)}</ul>`}</section>`;
}

export function Merge({ row, load, close }) {
  const [other, setOther] = useState(null);
  const button = useRef(null);
  useEffect(() => { button.current?.focus(); }, [other]);
  const merge = acting(async () => {
    const joined = await post(`cases/${row.id}/merge`, { into: other.id });
    close();
    took(joined);
    tell(t("case.merged_done", { reference: joined.reference }), {
      seconds: 30,
      action: { label: t("desk.undo"), run: async () => {
        const back = await post(`cases/${row.id}/unmerge`, {});
        took(back);
        if (location.hash.includes(row.id)) await load();
        else go(`case/${row.id}`);
      } },
    });
    go(`case/${joined.id}`);
  });
  if (!other) return html`<${Finder} row=${row} label=${t("merge.into")} choose=${setOther} />`;
  const strange = other.customer_id !== row.customer_id;
  return html`<div class="two"><${Last} row=${row} title=${row.reference} /><${Last} row=${other} title=${t("merge.goes_on", { reference: other.reference })} /></div>
    ${strange && html`<p class="warn-box">⚠ ${t("merge.strange")}</p>`}
    <p class="actions"><button type="button" ref=${button} onClick=${merge}>${t("merge.do")}</button>
      <button type="button" class="second" onClick=${() => setOther(null)}>${t("merge.another")}</button></p>
    <p class="quiet">${t("merge.undo")}</p>`;
}

const KINDS = ["related", "duplicate_of", "parent", "child"];

export function Link({ row, close }) {
  const [kind, setKind] = useState("related");
  const choose = acting(async (other) => {
    took(await post(`cases/${row.id}/link`, { to: other.id, kind }));
    close();
    tell(t("link.done", { reference: other.reference }), {
      action: { label: t("desk.undo"), run: async () => took(await post(`cases/${row.id}/link`, { to: other.id, kind, remove: true })) },
    });
  });
  return html`<label for="kind">${t("link.kind")}</label>
    <select id="kind" onChange=${(e) => setKind(e.target.value)}>${KINDS.map((one) => html`<option key=${one} value=${one} selected=${one === kind}>${t(`link.is.${one}`)}</option>`)}</select>
    <${Finder} row=${row} label=${t("link.which")} choose=${choose} />`;
}

// --- split --------------------------------------------------------------------------------------

export function Split({ row, load }) {
  const [subject, setSubject] = useState("");
  const [busy, setBusy] = useState(false);
  const count = picked.value?.size || 0;
  const leave = () => { picked.value = null; document.getElementById("case-title")?.focus(); };
  const split = acting(async () => {
    setBusy(true);
    try {
      const made = await post(`cases/${row.id}/split`, { message_ids: [...picked.value], subject });
      leave();
      await load();
      tell(t("split.done", { count, reference: made.reference }), {
        seconds: 20, action: { label: t("split.open"), run: () => go(`case/${made.id}`) },
      });
    } finally {
      setBusy(false);
    }
  });
  return html`<form class="splitting" onSubmit=${split} onKeyDown=${(e) => { if (e.key === "Escape") leave(); }}>
    <strong role="status">${t("split.picked", { count })}</strong>
    <label>${t("split.subject")} <input dir="auto" maxlength="500" value=${subject} onInput=${(e) => setSubject(e.target.value)} /></label>
    <button disabled=${busy || !count || count > 18}>${t("split.do")}</button>
    <button type="button" class="second" onClick=${leave}>${t("split.leave")}</button>
    ${count > 18 && html`<p class="prio urgent">${t("split.most")}</p>`}</form>`;
}
