// What could not be taken in, what machines wrote, and spam: read, judged, and let in by a person.

import { get, post, query } from "./desk-api.js";
import { acting, html, Loading, t, tell, Time, useEffect, useLoaded, useState } from "./desk-ui.js";
import { may } from "./desk-state.js";
import { Ask, Filter, Head, Paged, Pill, shown } from "./desk-boards.js";
import { keysOff } from "./desk-keys.js";

export default () => {
  const chosen = shown("quarantine");
  return html`<section><${Head} title=${t("board.quarantine")} /><p class="quiet">${t(`quarantine.${chosen}_what`)}</p>
    <${Filter} label=${t("board.quarantine")} choices=${["quarantine", "automatic", "replayed", "released", "spam"].map((one) => [one, t(`quarantine.of_${one}`)])} />
    ${chosen === "spam" ? html`<${Spam} />` : html`<${Paged} keys=${[chosen]} many="stack" empty=${t(chosen === "quarantine" ? "quarantine.none" : "quarantine.none_such")}
      load=${(cursor) => get(`quarantine${query({ limit: 20, cursor, disposition: chosen })}`)} row=${(one) => html`<${Held} key=${one.id} entry=${one} />`} />`}</section>`;
};

function Held({ entry: one }) {
  const [asking, setAsking] = useState("");
  const [done, setDone] = useState("");
  const act = acting(async (what) => { await post(`quarantine/${one.id}/${what}`, undefined); setDone(what); });
  const original = acting(async () => {
    const found = await get(`quarantine/${one.id}/original`);
    const link = Object.assign(document.createElement("a"), { href: found.url, rel: "noopener" });
    link.click();
  });
  const verdicts = Object.entries(one.verdicts).filter(([, value]) => value);
  return html`<article class="card"><p class="line"><${Pill} kind=${one.disposition === "quarantine" ? "bad" : ""}>${t(`channel.${one.channel}`)}<//><strong dir="auto">${one.sender || t("quarantine.no_sender")}</strong><span class="quiet"><${Time} at=${one.created_at} /></span></p>
    <h2 dir="auto">${one.subject || t("case.no_subject")}</h2><p><strong>${t("quarantine.why")}</strong> <span dir="auto">${one.reason}</span></p>
    ${verdicts.length > 0 && html`<p class="line">${verdicts.map(([name, value]) => html`<${Pill} key=${name} kind=${value === "PASS" ? "good" : value === "FAIL" ? "bad" : "busy"}>${name.toUpperCase()} ${t(`verdict.${value}`)}<//>`)}</p>`}
    ${one.text && html`<p class="said quoted" dir="auto">${one.text.slice(0, 600)}</p>`}
    <details><summary>${t("quarantine.headers")}</summary><dl class="pairs">${[["to", one.recipients.join(", ")], ...Object.entries(one.headers)].map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd dir="auto">${value}</dd></div>`)}</dl></details>
    ${done ? html`<p class="note-box" role="status">${t(`quarantine.${done}_done`)}</p>` : may("agent") && html`<p class="actions">
      ${one.replayable && html`<button type="button" class="second" onClick=${() => setAsking("replay")}>${t("quarantine.replay")}</button>`}
      ${one.releasable && html`<button type="button" class="second" onClick=${() => setAsking("release")}>${t("quarantine.release")}</button>`}
      ${!one.releasable && !one.replayable && html`<span class="quiet">${t("quarantine.never")}</span>`}
      ${may("lead") && html`<button type="button" class="link" onClick=${original}>${t("quarantine.original")}</button>`}</p>`}
    ${asking && html`<${Ask} title=${t(`quarantine.${asking}`)} text=${t(`quarantine.${asking}_means`)} label="" button=${t(`quarantine.${asking}`)} onClose=${() => setAsking("")} onDone=${() => act(asking)} />`}</article>`;
}

// --- spam ---------------------------------------------------------------------------------------

/** Cases that were taken for spam; H on one, or on those that are ticked, says that they are none. */
function Spam() {
  const [ticked, setTicked] = useState(new Set());
  const [pages, setPages] = useState([]);
  const load = (cursor) => get(`cases${query({ view: "spam", limit: 25, cursor })}`);
  const state = useLoaded(async () => { const page = await load(""); setPages([page]); setTicked(new Set()); return page; }, []);
  const rows = pages.flatMap((page) => page.items);
  const ham = acting(async (ids) => {
    if (!ids.length) return;
    const done = await post("cases/bulk", { ids, patch: { spam: false } });
    const wrong = done.items.find((one) => !one.ok);
    if (wrong) tell(wrong.problem, { kind: "wrong", seconds: 15 });
    const count = done.items.filter((one) => one.ok).length;
    if (count) tell(t("spam.done", { count }), { seconds: 20, action: done.undo && { label: t("desk.undo"), run: async () => { await post("cases/undo", { undo: done.undo }); state.reload(); } } });
    state.reload();
  });
  useEffect(() => {
    const pressed = (event) => {
      if (keysOff.value || event.key.toLowerCase() !== "h" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), textarea, select") || document.querySelector("dialog[open]")) return;
      const id = event.target.closest("[data-spam]")?.dataset.spam;
      const ids = ticked.size ? [...ticked] : id ? [id] : [];
      if (ids.length) { event.preventDefault(); ham(ids); }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [ticked]);
  const toggle = (id) => { const next = new Set(ticked); if (!next.delete(id)) next.add(id); setTicked(next); };
  return html`<${Loading} state=${state}>${() => html`${!rows.length && html`<p class="empty">${t("spam.none")}</p>`}
    ${rows.length > 0 && may("agent") && html`<p class="actions"><button type="button" disabled=${!ticked.size} onClick=${() => ham([...ticked])}>${t("spam.not", { count: ticked.size })} <kbd>H</kbd></button>
      <button type="button" class="link" onClick=${() => setTicked(new Set(ticked.size === rows.length ? [] : rows.slice(0, 50).map((one) => one.id)))}>${t("spam.all")}</button></p>`}
    <ul class="rows">${rows.map((one) => html`<li class="row" key=${one.id} data-spam=${one.id}><input type="checkbox" aria-label=${one.reference} checked=${ticked.has(one.id)} onChange=${() => toggle(one.id)} />
      <a href=${`#/case/${one.id}`}><span class="line"><strong dir="auto">${one.subject || t("case.no_subject")}</strong><${Time} at=${one.last_message_at || one.created_at} /></span>
        <span class="clip quiet" dir="auto">${one.reference} · ${one.customer?.name || one.customer_name || ""} ${one.last_message}</span></a></li>`)}</ul>
    ${pages.at(-1)?.cursor && html`<p><button type="button" class="second" onClick=${acting(async () => setPages([...pages, await load(pages.at(-1).cursor)]))}>${t("queue.more")}</button></p>`}`}<//>`;
}
