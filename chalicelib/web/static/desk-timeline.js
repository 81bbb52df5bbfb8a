// One timeline over all channels: messages, notes and what happened, oldest first.

import { html, t, Time, useEffect, useRef, useState } from "./desk-ui.js";
import { fieldName } from "./desk-state.js";
import { Attachments } from "./desk-files.js";
import { nameOf } from "./desk-queue.js";

const PAGE = 50; // entries that are drawn at first

export function Timeline({ row, timeline }) {
  const [shown, setShown] = useState(PAGE);
  const all = timeline.items;
  const items = all.slice(-shown);
  const end = useRef(null);
  const last = all.at(-1)?.id;
  useEffect(() => { end.current?.scrollIntoView?.({ block: "nearest" }); }, [last]);
  return html`<div class="timeline">
    ${all.length > shown && html`<button type="button" class="second" onClick=${() => setShown(shown + 100)}>
      ${t("case.earlier", { count: all.length - shown })}</button>`}
    <div role="log" aria-label=${t("case.log")}><ol>${items.map((m) => html`<${Entry} key=${m.id} message=${m} row=${row} />`)}</ol></div>
    <span ref=${end}></span></div>`;
}

function Entry({ message, row }) {
  if (message.kind === "event") return html`<${Event} message=${message} />`;
  const kind = message.kind === "note" ? "note" : message.direction;
  const who = message.author.type === "agent" ? nameOf(message.author.id || message.author.name)
    : message.author.name || message.author.id || t("case.customer");
  return html`<li class=${`entry ${kind}`}>
    <div class="line quiet"><strong dir="auto">${who}</strong>
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

function Event({ message }) {
  const parts = Object.entries(message.changes).map(([name, [from, to]]) =>
    t("case.change", { name: fieldName(name), from: from || "–", to: to || "–" }));
  return html`<li class="entry event quiet"><${Time} at=${message.created_at} />
    <span>${message.author.type === "agent" ? nameOf(message.author.id || message.author.name) : message.author.name || t("case.system")}</span>
    <span dir="auto">${parts.length ? parts.join("; ") : message.text}</span>
    ${parts.length > 0 && message.text && message.text !== "changed" && html`<span dir="auto">${message.text}</span>`}</li>`;
}
