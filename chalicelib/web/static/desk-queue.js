// The queue: views at the left, rows that are links, actions on those that are ticked.

import { acting, html, lazy, now, relative, t, Time, useEffect } from "./desk-ui.js";
import {
  agents, at, list, listed, loadMore, loadQueue, loadViews, may, me, more, moved, place, present, rows,
  teams, ticked, views, waiting,
} from "./desk-state.js";
import { FilterBar, open, Organise, organise } from "./desk-filter.js";

/** The lists by whose they are: everybody's, one's own, each team's, the company's. */
function grouped() {
  const found = new Map();
  for (const one of views.value) {
    const heading = one.owner === "all" ? "" : one.owner === "team" ? teamTitle(one.team) : t(`views.${one.owner}`);
    if (!found.has(heading)) found.set(heading, []);
    found.get(heading).push(one);
  }
  return [...found];
}

export function Views() {
  return html`<nav class="views" aria-label=${t("queue.views")}>
    ${grouped().map(([heading, all]) => html`
      ${heading && html`<h2 dir="auto">${heading}</h2>`}
      <ul key=${heading}>${all.map((one) => html`<li key=${one.name}><${View} one=${one} /></li>`)}</ul>`)}
    ${views.value.some((one) => ["me", "team"].includes(one.owner)) && may("agent") && html`
      <button type="button" class="link" onClick=${organise}>${t("views.organise")}</button>`}
    ${open.value === "organise" && html`<${Organise} />`}
  </nav>`;
}

function View({ one }) {
  const here = list.value.name === one.name && ["q", "case"].includes(place.value.screen);
  return html`<a href=${`#/q/${encodeURIComponent(one.name)}`} aria-current=${here ? (place.value.screen === "q" ? "page" : "true") : null}>
    <span dir="auto">${title(one)}</span>
    ${one.count !== null && html`<span class="count">${one.count}${one.more ? "+" : ""}</span>`}</a>`;
}

export const title = (one) => {
  const text = t(`view.${one.name}`);
  return text === `view.${one.name}` ? one.title : text;
};

const Bulk = lazy(() => import("./desk-bulk.js").then((m) => m.Bulk));

export function Queue() {
  const { name, path } = list.value;
  useEffect(() => { loadQueue(); }, [path]);
  const known = views.value.find((one) => one.name === name);
  const heading = known || !/[.]/.test(name) ? title(known || { name, title: name }) : t("board.queue");
  const news = waiting.value.length;
  return html`<section class="queue" aria-labelledby="queue-title">
    <header><h1 id="queue-title" tabindex="-1" dir="auto">${heading}</h1>
      ${(news > 0 || moved.value) && html`<button type="button" class="second news"
        onClick=${acting(async () => { await loadQueue(); await loadViews(); })}>
        ${news ? t("queue.news", { count: news }) : t("queue.again")}</button>`}
      <${FilterBar} known=${known} />
    </header>
    ${ticked.value.size > 0 && html`<${Bulk} />`}
    <${Rows} />
  </section>`;
}

function Rows() {
  const state = listed.value;
  const narrowed = Object.keys(list.value.filters).length > 0;
  if (state.error) {
    return html`<div class="wrong-box" role="alert"><p>${state.error.message}</p>
      <button type="button" onClick=${loadQueue}>${t("desk.retry")}</button> <a href="#/q/queue">${t("view.queue")}</a></div>`;
  }
  if (state.busy && (!rows.value.length || state.of !== list.value.path)) {
    return html`<div class="skeleton" aria-busy="true"><i/><i/><i/></div>`;
  }
  if (!rows.value.length && !more.value) {
    return html`<div class="empty"><p>${t(narrowed ? "queue.nothing" : "queue.empty")}</p>
      ${narrowed ? html`<a href=${`#/q/${encodeURIComponent(list.value.name)}`}>${t("filter.clear")}</a>`
        : list.value.name !== "queue" && html`<a href="#/q/queue">${t("view.queue")}</a>`}</div>`;
  }
  return html`<ul class="rows">
    ${rows.value.map((row, number) => html`<${Row} key=${row.id} row=${row} number=${number} />`)}
  </ul>
  ${more.value && html`<p class="actions"><button type="button" class="second" onClick=${acting(loadMore)}>
    ${t(rows.value.length ? "queue.more" : "queue.further")}</button>
    ${state.looked > rows.value.length && html`<span class="quiet">${t("queue.looked", { count: state.looked })}</span>`}</p>`}`;
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
  return html`<li class=${`row${number === at.value ? " at" : ""}${row.unread ? " unread" : ""}${open ? " open" : ""}${row.gone ? " gone" : ""}`}>
    <input type="checkbox" aria-label=${t("queue.select", { reference: row.reference })}
      checked=${ticked.value.has(row.id)} onChange=${(e) => tick(row.id, e.target.checked)} />
    <a href=${`#/case/${row.id}`} data-row=${number} onFocus=${() => { at.value = number; }}>
      <span class="line">${row.unread && html`<span class="aside">${t("queue.unread")} </span>`}<strong dir="auto">${row.subject || t("case.no_subject")}</strong>
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
      ${row.gone && html`<span class="line quiet">${t("queue.gone")}</span>`}
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
  const late = new Date(next.due_at) < now.value;
  const risk = next.state === "at_risk" || new Date(next.warn_at) < now.value;
  const state = next.state === "paused" ? "paused" : late || next.state === "breached" ? "late" : risk ? "soon" : "well";
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
