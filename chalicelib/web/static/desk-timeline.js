// One timeline over all channels: messages, notes and what happened, oldest first. It is loaded
// from its newest end; earlier entries come when asked for, and what one reads stays where it is.

import { get } from "./desk-api.js";
import { acting, html, signal, t, Time, useLayoutEffect, useRef, useState } from "./desk-ui.js";
import { Attachments } from "./desk-files.js";
import { nameOf } from "./desk-queue.js";
import { Event } from "./desk-history.js";

const PAGE = 50;
const NEWS = 20; // entries that are looked at for what is new
const NEAR = 60; // pixels from the end at which one is taken to follow it

/** Ids of the messages that are to be split off; null while nobody splits. */
export const picked = signal(null);

const page = (id, limit, cursor) =>
  get(`cases/${id}/messages?order=newest&limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);

/** The newest entries, oldest first, and where earlier ones begin. */
export async function newest(id) {
  const found = await page(id, PAGE);
  return { items: found.items.reverse(), cursor: found.cursor };
}

/** The timeline with what came, changed or went since: only its newest entries are read. */
export async function renewed(id, known) {
  if (!known.items.length) return newest(id);
  const have = new Set(known.items.map((one) => one.id));
  let read = [];
  let cursor = null;
  do {
    const found = await page(id, NEWS, cursor);
    read = [...read, ...found.items];
    ({ cursor } = found);
    if (read.length > 4 * NEWS) return newest(id); // one was away for long
  } while (cursor && !read.some((one) => have.has(one.id)));
  read.reverse();
  const reach = read[0]?.created_at ?? "";
  const ids = new Set(read.map((one) => one.id));
  const older = cursor ? known.items.filter((one) => one.created_at <= reach && !ids.has(one.id)) : [];
  return { items: [...older, ...read], cursor: older.length ? known.cursor : cursor };
}

async function withEarlier(id, known) {
  const found = await page(id, PAGE, known.cursor);
  const have = new Set(known.items.map((one) => one.id));
  return { items: [...found.items.reverse().filter((one) => !have.has(one.id)), ...known.items], cursor: found.cursor };
}

/** What scrolls the timeline: itself, or on a small screen the page. */
const scroller = (box) => (getComputedStyle(box).overflowY === "visible" ? document.scrollingElement : box);

export function Timeline({ row, timeline, setTimeline, onUndone }) {
  const box = useRef(null);
  const follows = useRef(true);
  const held = useRef(null); // what was read when earlier entries were asked for, and where it stood
  const [busy, setBusy] = useState(false);
  const { items, cursor } = timeline;
  // At first the newest entry is shown; later one is taken along only from the end. Entries get
  // their height when they are drawn, so the end is held on to.
  const sized = useRef("");
  const size = () => `${box.current.scrollHeight} ${box.current.clientHeight}`;
  useLayoutEffect(() => {
    const hold = () => {
      sized.current = size();
      if (follows.current) box.current.scrollTop = box.current.scrollHeight;
    };
    const sizes = new ResizeObserver(hold);
    sizes.observe(box.current);
    sizes.observe(box.current.querySelector("ol"));
    return () => sizes.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (!held.current) return;
    const { entry, at, focus } = held.current;
    held.current = null;
    scroller(box.current).scrollTop += entry.getBoundingClientRect().top - at;
    if (focus && !cursor) entry.focus({ preventScroll: true });
  }, [items[0]?.id]);
  const earlier = acting(async () => {
    if (busy) return;
    const focus = box.current.contains(document.activeElement);
    setBusy(true);
    try {
      const more = await withEarlier(row.id, timeline);
      const entry = box.current.querySelector(".entry");
      held.current = { entry, at: entry.getBoundingClientRect().top, focus };
      setTimeline(more);
    } finally {
      setBusy(false);
    }
  });
  /** Somebody scrolled, unless it is the size that changed: then the end is held on to in a moment. */
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = box.current;
    if (size() === sized.current) follows.current = scrollHeight - scrollTop - clientHeight < NEAR;
  };
  const since = new Set(); // fields that were changed after an entry: that one is not undone
  const undoable = new Set();
  for (const one of items.toReversed()) {
    const names = Object.keys(one.changes);
    if (one.undo_until && !names.some((name) => since.has(name))) undoable.add(one.id);
    names.forEach((name) => since.add(name));
  }
  return html`<div class="timeline" ref=${box} onScroll=${scrolled}>
    ${cursor && html`<button type="button" class="second" aria-busy=${busy} onClick=${earlier}>${t("case.earlier_messages")}</button>`}
    <div role="log" aria-live="off" aria-label=${t("case.log")}><ol>${items.map((m) => html`<${Entry} key=${m.id} message=${m} undoable=${undoable.has(m.id)} onUndone=${onUndone} />`)}</ol></div></div>`;
}

const leaving = ["queued", "sending", "ambiguous"];

function Pick({ message, who }) {
  if (!picked.value || leaving.includes(message.delivery?.status)) return null;
  const pick = (on) => {
    const next = new Set(picked.value);
    if (on) next.add(message.id); else next.delete(message.id);
    picked.value = next;
  };
  return html`<input type="checkbox" class="pick" aria-label=${t("split.pick", { who, text: message.text.slice(0, 60) })}
    checked=${picked.value.has(message.id)} onChange=${(e) => pick(e.target.checked)} />`;
}

function Entry({ message, undoable, onUndone }) {
  if (message.kind === "event") return html`<${Event} message=${message} undoable=${undoable} onUndone=${onUndone} />`;
  const kind = message.kind === "note" ? "note" : message.direction;
  const who = message.author.type === "agent" ? nameOf(message.author.id || message.author.name)
    : message.author.name || message.author.id || t("case.customer");
  return html`<li class=${`entry ${kind}${picked.value?.has(message.id) ? " picked" : ""}`} id=${`m-${message.id}`} tabindex="-1">
    <div class="line quiet"><${Pick} message=${message} who=${who} /><strong dir="auto">${who}</strong>
      <span>${message.kind === "note" ? t("case.note") : t(`channel.${message.channel}`)}</span>
      ${message.author.type === "bot" && html`<span class="tag">${t("case.bot")}</span>`}
      ${message.automatic && html`<span class="tag">${t("case.automatic")}</span>`}
      <${Time} at=${message.created_at} />
      ${message.delivery && html`<span class=${`delivery ${message.delivery.status}`} title=${message.delivery.reason || ""}>${t(`delivery.${message.delivery.status}`)}</span>`}</div>
    ${message.direction === "outbound" && message.to && html`<p class="quiet to" dir="auto">${t("case.went_to", { to: [message.to, ...message.cc].join(", ").replace(/^chat:[^,]*/, t("ways.session")) })}</p>`}
    ${message.warnings.map((w) => html`<p class="warn-box" key=${w}>⚠ ${w}</p>`)}
    <${Body} message=${message} />
    <${Attachments} message=${message} />
  </li>`;
}

function Body({ message }) {
  const [rich, setRich] = useState(false);
  const [quoted, setQuoted] = useState(false);
  return html`${rich && message.html_url
      ? html`<iframe class="mail" src=${message.html_url} title=${t("case.mail")} referrerpolicy="no-referrer"
          sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox" onLoad=${fit}></iframe>`
      : html`<p class="said" dir="auto">${message.text}</p>`}
    ${rich && message.remote_pictures.length > 0 && html`<${Remote} addresses=${message.remote_pictures} />`}
    ${quoted && html`<p class="said quoted" dir="auto">${message.quoted}</p>`}
    <p class="line">
      ${message.html_url && html`<button type="button" class="link" onClick=${() => setRich(!rich)}>${t(rich ? "case.as_text" : "case.as_mail")}</button>`}
      ${message.quoted && html`<button type="button" class="link" onClick=${() => setQuoted(!quoted)}>${t(quoted ? "case.hide_quoted" : "case.quoted")}</button>`}
      ${message.original_url && html`<a href=${message.original_url} rel="noreferrer">${t("case.original")}</a>`}</p>`;
}

/** Pictures elsewhere tell their owner who looked and when. Nothing loads them, not even our server;
 * each can be opened by itself, in a tab that says nothing of the desk. */
function Remote({ addresses }) {
  return html`<details class="quiet"><summary>${t("case.remote", { count: addresses.length })}</summary>
    <p>${t("case.remote_why")}</p>
    <ul class="plain">${addresses.map((one) => html`<li key=${one}><a href=${one} target="_blank" rel="noopener noreferrer">${one.slice(0, 160)}</a></li>`)}</ul></details>`;
}

/** The frame is as high as its mail; it may be read from here since it is of our own origin. */
function fit(event) {
  const inside = event.target.contentDocument;
  if (inside) event.target.height = Math.min(4_000, inside.documentElement.scrollHeight + 16);
}
