// The list behind the bell.

import { get, post } from "./desk-api.js";
import { acting, Dialog, html, Loading, styled, t, Time, useEffect, useLoaded, useRef, useState } from "./desk-ui.js";
import { bell } from "./desk-state.js";
import { ring, words } from "./desk-bell.js";

await styled("entry.css");

export function List({ close }) {
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
