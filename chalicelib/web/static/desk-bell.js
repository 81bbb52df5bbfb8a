// What one should know: the bell with its count in the bar, and the list behind it.

import { get, post } from "./desk-api.js";
import { acting, announce, Dialog, effect, html, Loading, t, Time, useEffect, useLoaded, useRef, useState } from "./desk-ui.js";
import { bell, current, dialog } from "./desk-state.js";
import { nameOf } from "./desk-queue.js";

const words = (one) => t(`news.${one.kind}${one.by ? "_by" : ""}`, { by: one.by ? nameOf(one.by) : "" });

const ring = (unread, latest) => { bell.value = { unread, latest, first: false }; };

/** Those of a case are seen once it is open. */
export async function seen(id) {
  if (!bell.value.unread) return;
  const { unread } = await post("notifications/read", { case: id });
  ring(unread, bell.value.latest.filter((one) => one.case_id !== id));
}

let heard = ""; // the time of the newest that was said
effect(() => {
  const { unread, latest, first } = bell.value;
  const open = document.hidden ? undefined : current.peek()?.id;
  const [newest] = latest;
  if (unread && open && (first || latest.some((one) => one.case_id === open))) acting(() => seen(open))();
  if (!newest || newest.at <= heard) return;
  heard = newest.at;
  if (!first && newest.case_id !== open) announce(`${words(newest)}: ${newest.reference}`);
});

export function Bell() {
  const { unread } = bell.value;
  return html`<button type="button" class="bell" aria-haspopup="dialog" title=${t("news.title")}
    aria-label=${t("news.bell", { count: unread })} onClick=${() => { dialog.value = "news"; }}>
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"
      d="M4.5 14.5c1.2-1.3 1.2-2.7 1.2-5a4.3 4.3 0 0 1 8.6 0c0 2.3 0 3.7 1.2 5zM8.2 17h3.6" /></svg>
    ${unread > 0 && html`<span class="badge" aria-hidden="true">${unread > 99 ? "99+" : unread}</span>`}</button>`;
}

/** The list; every line leads to its case and what is meant there. */
export function News() {
  if (dialog.value !== "news") return null;
  return html`<${List} close=${() => { dialog.value = ""; }} />`;
}

function List({ close }) {
  const [pages, setPages] = useState([]);
  const load = async (cursor) => get(`notifications?limit=20${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  const state = useLoaded(async () => { const page = await load(""); setPages([page]); ring(page.unread, bell.value.latest); return page; }, []);
  const list = useRef(null);
  useEffect(() => { list.current?.querySelector("a")?.focus(); }, [state.data]);
  const items = pages.flatMap((page) => page.items);
  const cursor = pages.at(-1)?.cursor;
  const readAll = acting(async () => { ring((await post("notifications/read", { all: true })).unread, []); state.reload(); });
  return html`<${Dialog} title=${t("news.title")} onClose=${close}>
    <${Loading} state=${state}>${() => html`
      ${(bell.value.unread > 0 || items.some((one) => !one.read)) && html`<p class="actions"><button type="button" class="second" onClick=${readAll}>${t("news.all_read")}</button></p>`}
      ${!items.length && html`<p class="empty">${t("news.none")}</p>`}
      <ul class="news" ref=${list}>${items.map((one) => html`<li key=${one.id} class=${one.read ? "" : "unread"}>
        <a href=${`#/case/${one.id}${one.message_id ? `?m=${one.message_id}` : ""}`} onClick=${close}>
          <span class="line"><strong>${words(one)}</strong>${one.count > 1 && html`<span class="tag">${t("news.times", { count: one.count })}</span>`}
            ${!one.read && html`<span class="tag new">${t("news.new")}</span>`}<span class="quiet"><${Time} at=${one.at} /></span></span>
          <span class="clip" dir="auto">${one.reference} · ${one.subject || t("case.no_subject")}</span>
          ${one.text && html`<span class="clip quiet" dir="auto">${one.text}</span>`}</a></li>`)}</ul>
      ${cursor && html`<p><button type="button" class="second" onClick=${acting(async () => setPages([...pages, await load(cursor)]))}>${t("news.more")}</button></p>`}`}<//><//>`;
}
