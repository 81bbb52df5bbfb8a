// One case: its state above, one timeline over all channels, the composer, and the customer beside.

import { get, post } from "./desk-api.js";
import {
  acting, announce, complain, Dialog, exact, html, Loading, now, relative, signal, t, tell, Time,
  useEffect, useLoaded, useRef, useState,
} from "./desk-ui.js";
import { agents, appear, change, changed, go, may, me, present, refresh, rows, teams } from "./desk-state.js";
import { Clock, nameOf, teamTitle } from "./desk-queue.js";
import { Composer, composer, MacroPicker } from "./desk-composer.js";

const PAGE = 50;

/** What is open: `dialog` names what the keyboard or a menu asked for. */
export const current = signal(null);
export const dialog = signal("");

export function Case({ id }) {
  const [row, setRow] = useState(null);
  const [error, setError] = useState(null);
  const [timeline, setTimeline] = useState({ items: [], cursor: null, earlier: false });
  const top = useRef(null);

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
    load().then(() => top.current?.focus());
    appear(id, "looking");
    const still = setInterval(() => { if (!document.hidden) appear(id, "looking"); }, 15_000);
    return () => { clearInterval(still); appear(id, "away"); current.value = null; };
  }, [id]);
  // What changed elsewhere is fetched; drafts and the place in the page stay as they are.
  const heard = changed.value[id] || 0;
  useEffect(() => {
    if (row && heard > row.version) load().then(() => announce(t("case.news", { reference: row.reference })));
  }, [heard]);

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
    <${Timeline} row=${row} timeline=${timeline} onEarlier=${acting(async () => {
      const all = await get(`cases/${id}/messages?limit=500`);
      setTimeline({ items: all.items, cursor: null });
    })} />
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

export function next(id) {
  const number = rows.value.findIndex((row) => row.id === id);
  const follower = rows.value[number + 1] || rows.value[number - 1];
  if (follower && follower.id !== id) go(`case/${follower.id}`);
  else go(`q/${sessionStorage.getItem("custops.view") || "queue"}`);
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
  </div>`;
}

const people = (row) => {
  const all = agents.value.length ? agents.value : [{ email: me.value.email }];
  return row.assignee && !all.some((a) => a.email === row.assignee) ? [...all, { email: row.assignee }] : all;
};
const known = (row) => (row.team && !teams.value.some((x) => x.name === row.team)
  ? [...teams.value, { name: row.team, title: row.team }] : teams.value);

// --- timeline -----------------------------------------------------------------------------------

function Timeline({ row, timeline, onEarlier }) {
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
    ${message.warnings.map((w) => html`<p class="warn-box" key=${w}>⚠ ${w}</p>`)}
    <${Body} message=${message} />
    ${message.attachments.length > 0 && html`<ul class="files">${message.attachments.map((f) => html`<li key=${f.url}>
      <a href=${f.url} download=${f.name} rel="noreferrer" dir="auto">${f.name}</a> <span class="quiet">${size(f.bytes)}</span>
      ${f.dangerous && html`<strong class="prio urgent"> ⚠ ${t("case.dangerous")}</strong>`}</li>`)}</ul>`}
  </li>`;
}

const size = (bytes) => (bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1e6).toFixed(1)} MB`);

function Body({ message }) {
  const [rich, setRich] = useState(false);
  const [quoted, setQuoted] = useState(false);
  return html`${rich && message.html_url
      ? html`<iframe class="mail" src=${message.html_url} title=${t("case.mail")} referrerpolicy="no-referrer"
          sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox" onLoad=${fit}></iframe>`
      : html`<p class="said" dir="auto">${message.text}</p>`}
    ${quoted && html`<p class="said quoted" dir="auto">${message.quoted}</p>`}
    <p class="line">
      ${message.html_url && html`<button type="button" class="link" onClick=${() => setRich(!rich)}>${t(rich ? "case.as_text" : "case.as_mail")}</button>`}
      ${message.quoted && html`<button type="button" class="link" onClick=${() => setQuoted(!quoted)}>${t(quoted ? "case.hide_quoted" : "case.quoted")}</button>`}
      ${message.original_url && html`<a href=${message.original_url} rel="noreferrer">${t("case.original")}</a>`}</p>`;
}

/** The frame is as high as its mail; it may be read from here since it is of our own origin. */
function fit(event) {
  const inside = event.target.contentDocument;
  if (inside) event.target.height = Math.min(4_000, inside.documentElement.scrollHeight + 16);
}

function Event({ message }) {
  const parts = Object.entries(message.changes).map(([name, [from, to]]) =>
    t("case.change", { name: label(name), from: from || "–", to: to || "–" }));
  return html`<li class="entry event quiet"><${Time} at=${message.created_at} />
    <span>${message.author.type === "agent" ? nameOf(message.author.id || message.author.name) : message.author.name || t("case.system")}</span>
    <span dir="auto">${parts.length ? parts.join("; ") : message.text}</span>
    ${parts.length > 0 && message.text && message.text !== "changed" && html`<span dir="auto">${message.text}</span>`}</li>`;
}

const label = (name) => { const text = t(`field.${name}`); return text === `field.${name}` ? name : text; };

// --- beside the case ----------------------------------------------------------------------------

function Aside({ row, alter }) {
  return html`<aside class="beside" aria-label=${t("case.beside")}>
    <${Customer} row=${row} />
    <${Understood} row=${row} alter=${alter} />
    <${Suggestions} row=${row} />
  </aside>`;
}

function Customer({ row }) {
  const state = useLoaded(() => Promise.all([
    get(`customers/${row.customer_id}`), get(`cases?customer=${row.customer_id}&limit=10`),
  ]), [row.customer_id]);
  return html`<section><h2>${t("case.customer")}</h2><${Loading} state=${state}>${([person, cases]) => html`
    <p><strong dir="auto">${person.name || t("case.unnamed")}</strong>
      ${person.attributes?.tier && html` <span class="tag">${person.attributes.tier}</span>`}
      ${person.provisional && html` <span class="tag">${t("case.provisional")}</span>`}</p>
    <ul class="plain quiet">${(person.identities || []).map((i) => html`<li key=${i.value} dir="auto">${i.value}
      ${i.verified ? "" : html`<span class="tag">${t("case.unproven")}</span>`}</li>`)}</ul>
    ${person.assets?.length > 0 && html`<h3>${t("case.assets")}</h3><ul class="plain">${person.assets.map((a) => html`
      <li key=${a.id || a.name} dir="auto">${[a.product || a.name || a.type, a.version, a.id].filter(Boolean).join(" · ")}</li>`)}</ul>`}
    <${Consent} person=${person} />
    <h3>${t("case.past")}</h3>
    <ul class="plain">${cases.items.filter((c) => c.id !== row.id).map((c) => html`<li key=${c.id}>
      <a href=${`#/case/${c.id}`} dir="auto">${c.reference} ${c.subject}</a> <span class="quiet">${t(`state.${c.status}`)}</span></li>`)}
      ${cases.items.length < 2 && html`<li class="quiet">${t("case.no_past")}</li>`}</ul>`}<//></section>`;
}

function Consent({ person }) {
  const given = Object.entries(person.consent || {}).filter(([, value]) => typeof value === "boolean");
  if (!given.length) return null;
  return html`<h3>${t("case.consent")}</h3><ul class="plain quiet">${given.map(([name, yes]) => html`<li key=${name}>${name}: ${t(yes ? "yes" : "no")}</li>`)}</ul>`;
}

function Understood({ row, alter }) {
  const topics = useLoaded(() => get("topics"), []);
  const reasons = Object.entries(row.reasons || {});
  return html`<section><h2>${t("case.understood")}</h2>
    ${may("agent") && topics.data && html`<label>${t("field.topic")} <select onChange=${(e) => alter({ topic: e.target.value || null })}>
      <option value="" selected=${!row.topic?.label}>–</option>
      ${topics.data.items.map((one) => html`<option value=${one.label} selected=${one.label === row.topic?.label}>${one.name}</option>`)}</select></label>`}
    ${row.topic?.label && html`<p class="quiet">${t("case.sure", { percent: Math.round((row.topic.confidence || 0) * 100) })}</p>`}
    <ul class="plain quiet">${reasons.map(([name, why]) => html`<li key=${name}><strong>${label(name)}</strong> ${why}</li>`)}</ul>
    ${row.problem_id && html`<p><a href=${`#/problems/${row.problem_id}`}>${t("case.problem")}</a></p>`}
    ${row.sentiment && html`<p class="quiet">${t("case.sentiment")}: ${row.sentiment}</p>`}</section>`;
}

export const suggested = signal(null);

function Suggestions({ row }) {
  const state = useLoaded(async () => {
    suggested.value = null;
    suggested.value = await get(`cases/${row.id}/suggestions`);
    return suggested.value;
  }, [row.id]);
  return html`<section><h2>${t("case.suggestions")}</h2><${Loading} state=${state}>${(found) => html`
    ${found.articles.map((a, n) => html`<div class="card" key=${a.slug}><p><a href=${`./a/${a.slug}`} target="_blank" rel="noopener" dir="auto">${a.title}</a></p>
      <p class="quiet" dir="auto">${a.why || ""}</p>
      <button type="button" class="second" onClick=${() => cite(a)}>${t("case.use")}${n === 0 ? html` <kbd>I</kbd>` : ""}</button></div>`)}
    ${found.cases.map((c) => html`<div class="card" key=${c.case_id || c.id}><p><a href=${`#/case/${c.case_id || c.id}`} dir="auto">${c.reference} ${c.subject}</a></p>
      ${c.solution && html`<p class="clip" dir="auto">${c.solution}</p>`}<p class="quiet" dir="auto">${c.why || ""}</p>
      ${c.solution && html`<button type="button" class="second" onClick=${() => composer.insert(c.solution)}>${t("case.use")}</button>`}</div>`)}
    ${(found.macros || []).map((m) => html`<div class="card" key=${m.name}><p dir="auto">${m.title}</p>
      <p class="quiet">${m.why || ""}</p></div>`)}
    ${!found.articles.length && !found.cases.length && html`<p class="quiet">${t("case.no_suggestions")}</p>`}`}<//></section>`;
}

/** Put an article's answer at the cursor, with its address, and remember that it was cited. */
export async function cite(article) {
  try {
    const whole = await get(`help/articles/${article.slug}`);
    const steps = whole.steps.map((step, n) => `${n + 1}. ${step}`).join("\n");
    const address = new URL(`./a/${article.slug}`, location.href).href;
    composer.insert([whole.answer, steps, address].filter(Boolean).join("\n\n"), article.slug);
  } catch (error) {
    complain(error);
  }
}

// --- dialogs ------------------------------------------------------------------------------------

function Dialogs({ row, alter, load }) {
  const close = () => { dialog.value = ""; };
  const body = {
    macro: () => html`<${MacroPicker} row=${row} onClose=${close} onDone=${load} />`,
    tags: () => html`<${Tags} row=${row} alter=${alter} close=${close} />`,
    merge: () => html`<${Merge} row=${row} load=${load} close=${close} />`,
  }[dialog.value];
  if (!body) return null;
  return html`<${Dialog} title=${t(`dialog.${dialog.value}`)} onClose=${close}>${body()}<//>`;
}

function Tags({ row, alter, close }) {
  const [text, setText] = useState(row.tags.join(", "));
  return html`<form onSubmit=${(e) => { e.preventDefault(); alter({ tags: text.split(",").map((x) => x.trim()).filter(Boolean) }); close(); }}>
    <label for="tags">${t("field.tags")}</label><input id="tags" autofocus value=${text} onInput=${(e) => setText(e.target.value)} />
    <p class="quiet">${t("dialog.tags_hint")}</p><button>${t("desk.save")}</button></form>`;
}

function Merge({ row, load, close }) {
  const [text, setText] = useState("");
  const [other, setOther] = useState(null);
  const find = acting(async (e) => { e.preventDefault(); setOther(await get(`cases/${encodeURIComponent(text.trim())}`)); });
  const merge = acting(async () => {
    await post(`cases/${row.id}/merge`, { into: other.id });
    close();
    tell(t("case.merged_done", { reference: other.reference }), {
      seconds: 20,
      action: { label: t("desk.undo"), run: async () => { await post(`cases/${row.id}/unmerge`, {}); await load(); } },
    });
    go(`case/${other.id}`);
  });
  return html`<form onSubmit=${find}><label for="into">${t("merge.into")}</label>
    <input id="into" autofocus value=${text} onInput=${(e) => setText(e.target.value)} placeholder="C-7K2M9Q" />
    <button class="second">${t("merge.look")}</button></form>
    ${other && html`<div class="two"><div><h3>${row.reference}</h3><p dir="auto">${row.subject}</p><p class="clip quiet" dir="auto">${row.last_message}</p></div>
      <div><h3>→ ${other.reference}</h3><p dir="auto">${other.subject}</p><p class="clip quiet" dir="auto">${other.last_message}</p>
      <p class="quiet">${exact(other.created_at)} · ${relative(other.last_message_at, now.value)}</p></div></div>
      <p class="actions"><button type="button" onClick=${merge}>${t("merge.do")}</button></p>`}`;
}
