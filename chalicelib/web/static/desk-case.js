// One case: its state above, one timeline over all channels, the composer, and the customer beside.

import { get } from "./desk-api.js";
import { acting, announce, html, t, useEffect, useRef, useState } from "./desk-ui.js";
import {
  agents, appear, change, changed, current, dialog, follow, may, me, next, place, present, refresh, teams,
} from "./desk-state.js";
import { seen } from "./desk-bell.js";
import { Clock, nameOf } from "./desk-queue.js";
import { Composer } from "./desk-composer.js";
import { Timeline } from "./desk-timeline.js";
import { Aside } from "./desk-beside.js";
import { Dialogs } from "./desk-dialogs.js";

export function Case({ id }) {
  const [row, setRow] = useState(null);
  const [error, setError] = useState(null);
  const [timeline, setTimeline] = useState({ items: [], cursor: null, earlier: false });
  const top = useRef(null);

  const wanted = place.value.search.get("m"); // the entry that a notification speaks of
  const show = () => {
    const entry = wanted && document.getElementById(`m-${wanted}`);
    entry?.scrollIntoView({ block: "center" });
    (entry || top.current)?.focus({ preventScroll: Boolean(entry) });
  };
  const load = async () => {
    try {
      const [found, page] = await Promise.all([get(`cases/${id}`), newest(id)]);
      setRow(found);
      current.value = found;
      refresh(found);
      setTimeline(page);
      setError(null);
    } catch (problem) {
      setError(problem);
    }
  };
  useEffect(() => {
    setRow(null);
    setTimeline({ items: [], cursor: null });
    load().then(() => (wanted ? setTimeout(show, 50) : show()));
    acting(() => seen(id))();
    appear(id, "looking");
    const still = setInterval(() => { if (!document.hidden) appear(id, "looking"); }, 15_000);
    return () => { clearInterval(still); appear(id, "away"); current.value = null; };
  }, [id]);
  // What changed elsewhere is fetched; drafts and the place in the page stay as they are.
  const heard = changed.value[id] || 0;
  useEffect(() => {
    if (row && heard > row.version) load().then(() => announce(t("case.news", { reference: row.reference })));
  }, [heard]);
  const other = current.value; // as a key has changed it
  useEffect(() => { if (row && other?.id === id && other.version > row.version) setRow(other); }, [other]);
  useEffect(() => { if (row && wanted) setTimeout(show, 50); }, [wanted]);

  if (error) {
    return html`<section class="case-pane"><div class="wrong-box" role="alert"><p>${error.message}</p>
      ${error.request && html`<p class="quiet">${t("error.request", { id: error.request })}</p>`}
      <button type="button" onClick=${load}>${t("desk.retry")}</button></div></section>`;
  }
  if (!row) return html`<section class="case-pane"><div class="skeleton" aria-busy="true"><i/><i/><i/></div></section>`;

  const alter = acting(async (fields) => {
    const after = await change(row, fields);
    if (after) { setRow(after); current.value = after; }
  });
  const onSent = async (message, then) => {
    await load();
    if (then.next) next(row.id);
  };
  return html`<section class="case-pane" aria-labelledby="case-title">
    <header class="case-head">
      <h1 id="case-title" tabindex="-1" ref=${top} dir="auto">${row.subject || t("case.no_subject")}</h1>
      <p class="line quiet"><span class="case">${row.reference}</span>
        <span class=${`state ${row.status}`}>${t(`state.${row.status}`)}</span>
        <span class=${`prio ${row.priority}`}>${t(`priority.${row.priority}`)}</span>
        <${Clock} row=${row} /></p>
      <${Others} id=${row.id} />
      ${row.merged_into && html`<p class="note-box">${t("case.merged")} <a href=${`#/case/${row.merged_into}`}>${t("case.there")}</a></p>`}
      <${Fields} row=${row} alter=${alter} />
    </header>
    <${Timeline} row=${row} timeline=${timeline} />
    ${may("agent") && html`<${Composer} row=${row} messages=${timeline.items} onSent=${onSent}
      onMacro=${() => { dialog.value = "macro"; }} />`}
    <${Dialogs} row=${row} alter=${alter} load=${load} />
  </section>
  <${Aside} row=${row} alter=${alter} />`;
}

/** The newest messages; earlier ones come when asked for. */
async function newest(id) {
  let page = await get(`cases/${id}/messages?limit=100`);
  let items = page.items;
  while (page.cursor) {
    page = await get(`cases/${id}/messages?limit=100&cursor=${encodeURIComponent(page.cursor)}`);
    items = [...items, ...page.items];
  }
  return { items, cursor: null };
}

function Others({ id }) {
  const others = present.value[id] || [];
  if (!others.length) return null;
  return html`<p class="warn-box" role="status">⚠ ${others.map((o) => t(`presence.${o.doing}`, { name: o.name || nameOf(o.email) })).join(" · ")}</p>`;
}

const STATES = ["open", "pending", "on_hold", "resolved", "closed"];
const PRIORITIES = ["low", "normal", "high", "urgent"];

function Fields({ row, alter }) {
  if (!may("agent")) return null;
  const states = STATES.includes(row.status) ? STATES : [row.status, ...STATES];
  return html`<div class="fields">
    <label>${t("field.status")} <select id="field-status" value=${row.status} onChange=${(e) => alter({ status: e.target.value })}>
      ${states.map((s) => html`<option value=${s} selected=${s === row.status}>${t(`state.${s}`)}</option>`)}</select></label>
    <label>${t("field.priority")} <select id="field-priority" value=${row.priority} onChange=${(e) => alter({ priority: e.target.value })}>
      ${PRIORITIES.map((p) => html`<option value=${p} selected=${p === row.priority}>${t(`priority.${p}`)}</option>`)}</select></label>
    <label>${t("field.assignee")} <select id="field-assignee" onChange=${(e) => alter({ assignee: e.target.value || null })}>
      <option value="" selected=${!row.assignee}>–</option>
      ${people(row).map((a) => html`<option value=${a.email} selected=${a.email === row.assignee}>${nameOf(a.email)}</option>`)}</select></label>
    <label>${t("field.team")} <select id="field-team" onChange=${(e) => alter({ team: e.target.value || null })}>
      <option value="" selected=${!row.team}>–</option>
      ${known(row).map((team) => html`<option value=${team.name} selected=${team.name === row.team}>${team.title}</option>`)}</select></label>
    ${row.assignee !== me.value.email && html`<button type="button" class="second" onClick=${() => alter({ assignee: me.value.email })}>${t("case.take")}</button>`}
    <button type="button" class="second" title=${t("follow.followers", { count: row.followers.length })}
      onClick=${acting(() => follow(row))}>${t(row.followers.includes(me.value.email) ? "follow.unfollow" : "follow.follow")}</button>
  </div>`;
}

const people = (row) => {
  const all = agents.value.length ? agents.value : [{ email: me.value.email }];
  return row.assignee && !all.some((a) => a.email === row.assignee) ? [...all, { email: row.assignee }] : all;
};
const known = (row) => (row.team && !teams.value.some((x) => x.name === row.team)
  ? [...teams.value, { name: row.team, title: row.team }] : teams.value);
