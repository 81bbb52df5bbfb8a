// The queue: views at the left, rows that are links, actions on those that are ticked.

import { post } from "./desk-api.js";
import { acting, html, relative, t, tell, Time, useEffect } from "./desk-ui.js";
import {
  agents, at, listed, loadMore, loadQueue, loadViews, may, me, more, place, present, rows, teams,
  ticked, view, views, waiting,
} from "./desk-state.js";

export function Views() {
  return html`<nav class="views" aria-label=${t("queue.views")}>
    <ul>${views.value.map((one) => html`<li key=${one.name}>
      <a href=${`#/q/${encodeURIComponent(one.name)}`}
        aria-current=${view.value === one.name && place.value.screen === "q" ? "page" : null}>
        <span>${title(one)}</span>
        ${one.count !== null && html`<span class="count">${one.count}${one.more ? "+" : ""}</span>`}
      </a></li>`)}</ul>
  </nav>`;
}

export const title = (one) => {
  const text = t(`view.${one.name}`);
  return text === `view.${one.name}` ? one.title : text;
};

export function Queue() {
  const search = place.value.screen === "search" ? place.value.search.get("q") || "" : "";
  const name = view.value;
  useEffect(() => { loadQueue(name, search); }, [name, search]);
  const heading = search ? t("queue.found", { text: search })
    : title(views.value.find((one) => one.name === name) || { name, title: name });
  return html`<section class="queue" aria-labelledby="queue-title">
    <header><h1 id="queue-title" tabindex="-1">${heading}</h1>
      ${waiting.value.length > 0 && html`<button type="button" class="second"
        onClick=${acting(async () => { await loadQueue(name, search); await loadViews(); })}>
        ${t("queue.news", { count: waiting.value.length })}</button>`}
    </header>
    ${ticked.value.size > 0 && html`<${Bulk} />`}
    <${Rows} name=${name} search=${search} />
  </section>`;
}

function Rows({ name, search }) {
  const state = listed.value;
  if (state.error) {
    return html`<div class="wrong-box" role="alert"><p>${state.error.message}</p>
      <button type="button" onClick=${() => loadQueue(name, search)}>${t("desk.retry")}</button></div>`;
  }
  if (state.busy && !rows.value.length) {
    return html`<div class="skeleton" aria-busy="true"><i/><i/><i/></div>`;
  }
  if (!rows.value.length) {
    return html`<div class="empty"><p>${t(search ? "queue.nothing" : "queue.empty")}</p>
      ${search ? html`<a href=${`#/q/${name}`}>${t("queue.back")}</a>`
        : html`<a href="#/q/queue">${t("view.queue")}</a>`}</div>`;
  }
  return html`<ul class="rows">
    ${rows.value.map((row, number) => html`<${Row} key=${row.id} row=${row} number=${number} />`)}
  </ul>
  ${more.value && html`<p><button type="button" class="second"
    onClick=${acting(() => loadMore(name, search))}>${t("queue.more")}</button></p>`}`;
}

function tick(id, on) {
  const next = new Set(ticked.value);
  if (on) next.add(id); else next.delete(id);
  ticked.value = next;
}

function Row({ row, number }) {
  const others = present.value[row.id] || [];
  const open = place.value.screen === "case" && place.value.id === row.id;
  const who = row.customer_name || row.participants?.[0]?.name || row.participants?.[0]?.address || "";
  return html`<li class=${`row${number === at.value ? " at" : ""}${row.unread ? " unread" : ""}${open ? " open" : ""}`}>
    <input type="checkbox" aria-label=${t("queue.select", { reference: row.reference })}
      checked=${ticked.value.has(row.id)} onChange=${(e) => tick(row.id, e.target.checked)} />
    <a href=${`#/case/${row.id}`} data-row=${number} onFocus=${() => { at.value = number; }}>
      <span class="line"><strong dir="auto">${row.subject || t("case.no_subject")}</strong>
        <${Clock} row=${row} /></span>
      <span class="line quiet"><span class="case">${row.reference}</span>
        <span dir="auto">${who}</span>
        ${row.customer_tier && html`<span class="tag">${row.customer_tier}</span>`}
        <span class=${`state ${row.status}`}>${t(`state.${row.status}`)}</span>
        ${row.priority !== "normal" && html`<span class=${`prio ${row.priority}`}>${t(`priority.${row.priority}`)}</span>`}
        <span>${t(`channel.${row.channel}`)}</span>
        ${row.assignee ? html`<span>${nameOf(row.assignee)}</span>` : row.team ? html`<span>${teamTitle(row.team)}</span>` : null}
        ${row.tags.slice(0, 2).map((tag) => html`<span class="tag" key=${tag}>${tag}</span>`)}</span>
      <span class="line quiet last"><span aria-hidden="true">${row.last_direction === "inbound" ? "↙" : "↗"}</span>
        <span class="aside">${t(`direction.${row.last_direction}`)}</span>
        <span dir="auto" class="clip">${row.last_message}</span><${Time} at=${row.last_message_at} /></span>
      ${others.length > 0 && html`<span class="line here">${others.map((o) => t(`presence.${o.doing}`, { name: o.name || o.email })).join(", ")}</span>`}
    </a></li>`;
}

export const nameOf = (email) =>
  email === me.value?.email ? t("desk.me") : agents.value.find((a) => a.email === email)?.name || email;
export const teamTitle = (name) => teams.value.find((team) => team.name === name)?.title || name;

/** The promise that is next: its name, how long it still has or how late it is; never colour alone. */
export function Clock({ row }) {
  const next = due(row);
  if (!next) return null;
  const late = new Date(next.due_at) < Date.now();
  const state = next.state === "paused" ? "paused" : late || next.state === "breached" ? "late"
    : next.state === "at_risk" ? "soon" : "well";
  const time = state === "paused" ? t("promise.paused") : relative(next.due_at);
  return html`<span class=${`clock ${state}`} title=${t(`promise.${state}`)}>
    ${state === "late" ? "⚠ " : ""}${t(`promise.${next.name}`)} ${time}</span>`;
}

/** The promise of a case that runs out first, or null where none runs. */
export function due(row) {
  if (["resolved", "closed"].includes(row.status)) return null;
  const running = ["first_reply", "next_reply", "resolution"]
    .map((name) => ({ name, ...(row.promises?.[name] || {}) }))
    .filter((one) => one.due_at && !["met", "missed", "excluded"].includes(one.state));
  running.sort((a, b) => (a.due_at < b.due_at ? -1 : 1));
  return running[0] || null;
}

// --- several at once ----------------------------------------------------------------------------

function Bulk() {
  const ids = [...ticked.value];
  const apply = (patch) => acting(async () => {
    const done = await post("cases/bulk", { ids, patch });
    const failed = done.items.filter((item) => !item.ok);
    tell(t("queue.bulk_done", { count: ids.length - failed.length }), {
      action: done.undo && {
        label: t("desk.undo"),
        run: async () => { await post("cases/undo", { undo: done.undo }); await again(); },
      },
    });
    for (const item of failed.slice(0, 3)) tell(`${item.reference || item.id}: ${item.problem}`, { kind: "wrong" });
    await again();
  })();
  const again = () => loadQueue(view.value);
  return html`<div class="bulk" role="group" aria-label=${t("queue.bulk", { count: ids.length })}>
    <strong>${t("queue.bulk", { count: ids.length })}</strong>
    <button type="button" class="second" onClick=${() => apply({ assignee: me.value.email })}>${t("case.take")}</button>
    <label>${t("field.status")} <select onChange=${(e) => e.target.value && apply({ status: e.target.value })}>
      <option value=""></option>${["open", "pending", "on_hold", "resolved"].map((s) => html`<option value=${s}>${t(`state.${s}`)}</option>`)}</select></label>
    <label>${t("field.priority")} <select onChange=${(e) => e.target.value && apply({ priority: e.target.value })}>
      <option value=""></option>${["low", "normal", "high", "urgent"].map((p) => html`<option value=${p}>${t(`priority.${p}`)}</option>`)}</select></label>
    ${may("agent") && html`<label>${t("field.team")} <select onChange=${(e) => e.target.value && apply({ team: e.target.value })}>
      <option value=""></option>${teams.value.map((team) => html`<option value=${team.name}>${team.title}</option>`)}</select></label>`}
    <button type="button" class="link" onClick=${() => { ticked.value = new Set(); }}>${t("queue.none")}</button>
  </div>`;
}
