// One case: its state above, one timeline over all channels, the composer, and the customer beside.

import { get, post } from "./desk-api.js";
import {
  acting, announce, exact, html, lazy, styled, t, tell, useEffect, useRef, useState,
} from "./desk-ui.js";
import {
  agents, appear, change, changed, composer, current, dialog, follow, fresh, may, me, next, place, present, refresh, remain, teams,
} from "./desk-state.js";
import { seen } from "./desk-bell.js";
import { Clock, nameOf } from "./desk-queue.js";
import { Composer } from "./desk-composer.js";
import { newest, picked, renewed, Timeline } from "./desk-timeline.js";
import { Dialogs, Splitting } from "./desk-dialogs.js";
import { fieldLabel, loadNames } from "./desk-names.js";

await styled("case.css");

/** What stands beside a case comes once it can be read and answered. */
const Aside = lazy(() => import("./desk-beside.js").then((m) => m.Aside));
const NOTHING = { items: [], cursor: null };

export function Case({ id }) {
  const [row, setRow] = useState(null);
  const [error, setError] = useState(null);
  const [timeline, setTimeline] = useState(NOTHING);
  const top = useRef(null);
  const shown = useRef(NOTHING);
  shown.current = timeline;

  const wanted = place.value.search.get("m"); // the entry that a notification speaks of
  const arrive = () => {
    const entry = wanted && document.getElementById(`m-${wanted}`);
    entry?.scrollIntoView({ block: "center" });
    (entry || top.current)?.focus({ preventScroll: Boolean(entry) });
  };
  const show = (found) => { setRow(found); current.value = found; };
  const load = async () => {
    try {
      const [found, page] = await Promise.all([get(`cases/${id}`), newest(id)]);
      if (found.id !== id) { location.replace(`#/case/${found.id}`); return; }
      show(found);
      refresh(found);
      setTimeline(page);
      setError(null);
    } catch (problem) {
      setError(problem);
    }
  };
  /** Only what is new is read, but where cases were joined or parted, and entries came or went. */
  const renew = async (after = null) => {
    try {
      const found = after || await get(`cases/${id}`);
      const joined = row && String(found.merged_cases) !== String(row.merged_cases);
      const left = row && found.message_count < row.message_count;
      const page = await (joined || left ? newest(id) : renewed(id, shown.current));
      show(found);
      refresh(found);
      setTimeline(page);
    } catch (problem) {
      setError(problem);
    }
  };
  useEffect(() => {
    setRow(null);
    setTimeline(NOTHING);
    picked.value = null;
    loadNames();
    let here = true;
    load().then(() => {
      if (!here) return;
      if (wanted) setTimeout(arrive, 50); else arrive();
      appear(id, "looking");
    });
    acting(() => seen(id))();
    const still = setInterval(() => { if (!document.hidden) remain(id); }, 12_000);
    return () => { here = false; clearInterval(still); appear(id, "away"); current.value = null; picked.value = null; };
  }, [id]);
  // What changed elsewhere is fetched; drafts and the place in the page stay as they are.
  const heard = changed.value[id] || 0;
  useEffect(() => {
    if (row && heard > row.version) renew().then(() => announce(t("case.news", { reference: row.reference })));
  }, [heard]);
  const mine = fresh.value?.id === id ? fresh.value : null;
  useEffect(() => {
    if (!mine || !row || mine.version <= row.version) return;
    if (mine.status === "resolved" && row.status !== "resolved") offerChildren(mine);
    show(mine);
    renew(mine);
  }, [mine?.version]);
  useEffect(() => { if (row && wanted) setTimeout(arrive, 50); }, [wanted]);

  if (error) {
    return html`<section class="case-pane"><div class="wrong-box" role="alert"><p>${error.message}</p>
      ${error.request && html`<p class="quiet">${t("error.request", { id: error.request })}</p>`}
      <button type="button" onClick=${load}>${t("desk.retry")}</button></div></section>`;
  }
  if (!row) return html`<section class="case-pane"><div class="skeleton" aria-busy="true"><i/><i/><i/></div></section>`;

  const alter = acting(async (fields) => {
    try {
      return await change(row, fields);
    } catch (error) {
      if (!("status" in fields) || !lacks(error)) throw error;
      return undefined;
    }
  });
  const onSent = async (message, then) => {
    await renew();
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
      ${row.snoozed_until && html`<p class="note-box line" id="snoozed">☾ ${t("snooze.until", { at: exact(row.snoozed_until) })}
        ${may("agent") && html`<button type="button" class="link" onClick=${() => alter({ snoozed_until: null })}>${t("snooze.wake")}</button>`}</p>`}
      ${row.merged_into && html`<p class="note-box">${t("case.merged")} <a href=${`#/case/${row.merged_into}`}>${t("case.there")}</a></p>`}
      <${Fields} row=${row} alter=${alter} />
    </header>
    <${Timeline} key=${row.id} row=${row} timeline=${timeline} setTimeline=${setTimeline} onUndone=${(apart) => (apart ? load() : renew())} />
    <${Splitting} row=${row} load=${load} />
    ${may("agent") && html`<${Composer} row=${row} messages=${timeline.items} onSent=${onSent}
      onMacro=${() => { dialog.value = "macro"; }} />`}
    <${Dialogs} row=${row} alter=${alter} load=${load} />
  </section>
  <${Aside} row=${row} alter=${alter} />`;
}

/** What a case must have before it is resolved is named, and at hand. */
function lacks(error) {
  const names = (error.fields || []).map((one) => one.field).filter((name) => name.startsWith("fields."));
  if (!names.length) return false;
  tell(t("case.lacks", { names: names.map(fieldLabel).join(", ") }), { kind: "wrong", seconds: 12 });
  document.getElementById(names[0].replace("fields.", "own-"))?.focus();
  return true;
}

/** Who resolves a parent may want its children to be as well. */
async function offerChildren(row) {
  const ids = (row.links || []).filter((link) => link.kind === "child").map((link) => link.case_id);
  const found = await Promise.all(ids.slice(0, 50).map((child) => get(`cases/${child}`).catch(() => null)));
  const open = found.filter((child) => child && !child.merged_into && !["resolved", "closed"].includes(child.status));
  if (!open.length) return;
  tell(t("link.children_open", { count: open.length }), {
    seconds: 20,
    action: { label: t("link.resolve_children"), run: async () => {
      const done = await post("cases/bulk", { ids: open.map((child) => child.id), patch: { status: "resolved" } });
      for (const one of done.items.filter((item) => !item.ok).slice(0, 3)) tell(`${one.reference}: ${one.problem}`, { kind: "wrong" });
    } },
  });
}

function Others({ id }) {
  const others = present.value[id] || [];
  if (!others.length) return null;
  return html`<p class="warn-box" role="status">⚠ ${others.map((o) => t(`presence.${o.doing}`, { name: o.name || nameOf(o.email) })).join(" · ")}</p>`;
}

/** The menu closes; the focus comes back to it. */
function ask(event, act) {
  const menu = event.target.closest("details");
  menu.open = false;
  menu.firstElementChild.focus();
  dialog.value = act;
}

const ACTS = ["snooze", "handover", "tags", "merge", "split", "link"];
const KEYS = { snooze: "Z", handover: "H", tags: "L" };
const STATES = ["open", "pending", "on_hold", "resolved", "closed"];
const PRIORITIES = ["low", "normal", "high", "urgent"];

function Fields({ row, alter }) {
  if (!may("agent")) return null;
  /** A choice that was refused is not left standing. */
  const choose = (name) => async ({ target }) => {
    if (!await alter({ [name]: target.value || null })) target.value = row[name] || "";
  };
  const states = STATES.includes(row.status) ? STATES : [row.status, ...STATES];
  return html`<div class="fields">
    <label>${t("field.status")} <select id="field-status" value=${row.status} onChange=${choose("status")}>
      ${states.map((s) => html`<option value=${s} selected=${s === row.status}>${t(`state.${s}`)}</option>`)}</select></label>
    <label>${t("field.priority")} <select id="field-priority" value=${row.priority} onChange=${choose("priority")}>
      ${PRIORITIES.map((p) => html`<option value=${p} selected=${p === row.priority}>${t(`priority.${p}`)}</option>`)}</select></label>
    <label>${t("field.assignee")} <select id="field-assignee" onChange=${choose("assignee")}>
      <option value="" selected=${!row.assignee}>–</option>
      ${people(row).map((a) => html`<option value=${a.email} selected=${a.email === row.assignee}>${nameOf(a.email)}</option>`)}</select></label>
    <label>${t("field.team")} <select id="field-team" onChange=${choose("team")}>
      <option value="" selected=${!row.team}>–</option>
      ${known(row).map((team) => html`<option value=${team.name} selected=${team.name === row.team}>${team.title}</option>`)}</select></label>
    <button type="button" class="second on-phone" onClick=${() => composer.open("reply")}>${t("composer.reply")}</button>
    ${row.assignee !== me.value.email && html`<button type="button" class="second" onClick=${() => alter({ assignee: me.value.email })}>${t("case.take")}</button>`}
    <button type="button" class="second" title=${t("follow.followers", { count: row.followers.length })}
      onClick=${acting(() => follow(row))}>${t(row.followers.includes(me.value.email) ? "follow.unfollow" : "follow.follow")}</button>
    ${!row.merged_into && html`<details class="menu"><summary>${t("case.more")}</summary><div>
      ${ACTS.map((act) => html`<button type="button" class="link" key=${act} onClick=${(e) => ask(e, act)}>
        ${t(`key.${act}`)} ${KEYS[act] ? html`<kbd>${KEYS[act]}</kbd>` : ""}</button>`)}</div></details>`}
  </div>`;
}

const people = (row) => {
  const all = agents.value.length ? agents.value : [{ email: me.value.email }];
  return row.assignee && !all.some((a) => a.email === row.assignee) ? [...all, { email: row.assignee }] : all;
};
const known = (row) => (row.team && !teams.value.some((x) => x.name === row.team)
  ? [...teams.value, { name: row.team, title: row.team }] : teams.value);
