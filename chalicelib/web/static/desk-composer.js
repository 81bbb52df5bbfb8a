// The composer: a reply to the customer or a note for us, never to be mistaken for each other.
// What was begun lies in desk-drafts.js; nothing remote clears it.

import { get, once, post, remove, Refused, Unreachable } from "./desk-api.js";
import { complain, html, relative, t, tell, useEffect, useRef, useState } from "./desk-ui.js";
import { appear, composer, go, live, place } from "./desk-state.js";
import { decide, draftOf, drop, keep } from "./desk-drafts.js";
import { attach, AttachButton, busy, Files } from "./desk-files.js";
import { expanded, loadSnippets } from "./desk-snippets.js";
import { useMentions } from "./desk-mention.js";
import { fits, Recipients, wayOf } from "./desk-ways.js";

const HOLD = 5; // seconds in which a reply can be taken back
const AGAIN = 10_000; // milliseconds until a request without an answer is sent again

export function Composer({ row, messages, onSent, onMacro }) {
  const [mode, setMode] = useState("reply");
  const [sending, setSending] = useState(false);
  const [news, setNews] = useState([]);
  const [ways, setWays] = useState(null);
  const [after, setAfter] = useState(null); // what was pressed while files were on their way
  const area = useRef(null);
  const files = useRef(null);
  const flying = useRef(false);
  const entry = draftOf(row.id, mode);
  const draft = entry.state.value;
  const note = mode === "note";
  const way = wayOf(ways, draft);
  const length = note ? { text: "", over: false } : fits(way, draft.text);
  const waiting = busy(entry);

  useEffect(() => { setNews([]); setAfter(null); }, [row.id, mode]);
  useEffect(() => { loadSnippets().catch(complain); }, []);
  useEffect(() => {
    get(`cases/${row.id}/recipients`).then(setWays, complain);
  }, [row.id, row.reply_channel, row.reply_to, row.customer_id]);
  useEffect(() => {
    if (!draft.pending) return undefined;
    const again = () => { if (navigator.onLine && !document.hidden) deliver(draft.pending.body, draft.pending.then); };
    again();
    const timer = setInterval(again, AGAIN);
    addEventListener("online", again);
    return () => { clearInterval(timer); removeEventListener("online", again); };
  }, [entry.slot, draft.pending]);
  useEffect(() => { // a file that did not arrive stops what waited for it
    if (!after || waiting) return;
    setAfter(null);
    if (!entry.failed) send(after.then, after.anyway);
  }, [after, waiting]);
  useEffect(() => { const wish = place.value.search.get("write"); if (wish) composer.open(wish); }, [place.value]);

  const change = (changes) => {
    keep(entry, changes);
    appear(row.id, entry.state.value.text ? (note ? "noting" : "replying") : "looking");
  };
  const keepText = (text) => change({ text });

  const body = (anyway, then) => ({
    kind: note ? "note" : "message", text: draft.text, anyway,
    seen: messages.filter((m) => m.kind !== "event").at(-1)?.id,
    hold_seconds: note ? 0 : HOLD,
    ...(draft.attachments.length ? { attachments: draft.attachments.map((one) => one.id) } : {}),
    ...(draft.articles.length && !note ? { articles: draft.articles.map((one) => one.slug) } : {}),
    ...(!note && draft.channel ? { channel: draft.channel } : {}),
    ...(!note && way?.copies ? { cc: draft.cc ?? ways.cc } : {}),
    ...(then.status ? { status: then.status } : {}),
  });

  const why = note || !ways ? "" : !way || way.why ? t("composer.no_way")
    : draft.attachments.length && !way.files ? t("files.none_by", { channel: t(`channel.${way.channel}`) })
      : length.over ? t("composer.long") : "";

  const send = (then = {}, anyway = false) => {
    if (!draft.text.trim() || sending || draft.pending) return undefined;
    if (waiting) { setAfter({ then, anyway }); tell(t("files.wait")); return undefined; }
    if (why) { tell(why, { kind: "wrong" }); return undefined; }
    if (!navigator.onLine) { tell(t("composer.offline"), { kind: "wrong" }); return undefined; }
    return deliver(body(anyway, then), then);
  };

  /** Without an answer nobody knows whether it was taken: the very same request is sent again, under
   * the same key, until there is one. */
  const deliver = async (given, then) => {
    if (flying.current) return;
    flying.current = true;
    setSending(true);
    try {
      sent(await post(`cases/${row.id}/messages`, given, { key: draft.key }), then, given);
    } catch (error) {
      if (error instanceof Unreachable) {
        if (!draft.pending) {
          keep(entry, { pending: { body: given, then } }, false);
          tell(t("composer.kept"), { kind: "wrong", seconds: 15 });
        }
      } else {
        if (draft.pending) keep(entry, { pending: null }, false);
        if (error instanceof Refused && error.type === "stale-answer") setNews(error.problem.new || [{}]);
        else complain(error);
      }
    } finally {
      flying.current = false;
      setSending(false);
    }
  };

  const sent = (message, then, given) => {
    if (message.text !== given.text) { // under this key something else went out, from another window
      keep(entry, { pending: null, key: once() });
      tell(t("composer.sent_before"), { kind: "wrong", seconds: 15 });
      onSent(null, {});
      return;
    }
    const { text, cc, channel, attachments, articles } = entry.state.value;
    drop(entry);
    setNews([]);
    appear(row.id, "looking");
    onSent(message, then);
    if (message.kind === "note") { tell(t("composer.noted")); return; }
    tell(t("composer.sending", { channel: t(`channel.${message.channel}`), to: [message.to, ...message.cc].join(", ").replace(/chat:\S+/, "") }), {
      seconds: HOLD,
      action: { label: t("desk.undo"), run: async () => {
        await remove(`cases/${row.id}/messages/${message.id}`);
        keep(entry, { text, cc, channel, attachments, articles, key: once() });
        if (place.value.id === row.id) onSent(null, {});
        else go(`case/${row.id}`);
      } },
    });
  };

  const focus = () => setTimeout(() => area.current?.focus());
  composer.open = (wanted) => { setMode(wanted); focus(); };
  composer.insert = (given, block = false) => {
    const box = area.current;
    if (!box || draft.pending) return;
    const words = block && /\S[^\n]*$/.test(box.value.slice(0, box.selectionStart)) ? `\n\n${given}` : given;
    box.setRangeText(words, box.selectionStart, box.selectionEnd, "end"); // at once: the next key may be under way
    keepText(box.value);
    box.focus();
    focus();
  };
  composer.cite = ({ slug, title }) => change({ articles: [...draft.articles.filter((one) => one.slug !== slug), { slug, title }].slice(-5) });
  composer.attach = () => files.current?.click();
  composer.chosen = () => draft.text.slice(area.current?.selectionStart, area.current?.selectionEnd).trim() || draft.text.trim();

  const mention = useMentions({
    on: mode === "note",
    put: (value, cursor) => {
      keepText(value);
      setTimeout(() => { area.current?.focus(); area.current?.setSelectionRange(cursor, cursor); });
    },
  });
  const onKey = (event) => {
    if (mention.onKey(event)) return;
    const { target } = event;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      send(event.shiftKey ? { status: "resolved", next: true } : {});
    } else if (event.key === "Escape") {
      target.blur();
    } else if (event.key === "/" && atLineStart(target)) {
      event.preventDefault();
      onMacro();
    } else if ([" ", "Tab", "Enter"].includes(event.key) && !event.shiftKey) {
      const made = expanded(target.value, target.selectionStart, row.language);
      if (!made) return;
      event.preventDefault();
      target.setSelectionRange(made.from, target.selectionStart);
      composer.insert(made.text + (event.key === " " ? " " : event.key === "Enter" ? "\n" : ""));
    }
  };
  const given = (event, data) => {
    if (!data?.files.length) return;
    event.preventDefault();
    attach(entry, [...data.files]);
  };
  const empty = !draft.text.trim();
  const stopped = sending || empty || !!draft.pending || (!live.value.ok && !navigator.onLine);

  return html`<form class=${`composer ${mode}`} onSubmit=${(e) => { e.preventDefault(); send(); }}
      onDragOver=${(e) => { if (e.dataTransfer.types.includes("Files")) e.preventDefault(); }} onDrop=${(e) => given(e, e.dataTransfer)}>
    <div class="tabs" role="group" aria-label=${t("composer.mode")}>
      <button type="button" aria-pressed=${!note} onClick=${() => composer.open("reply")}>${t("composer.reply")}</button>
      <button type="button" aria-pressed=${note} onClick=${() => composer.open("note")}>${t("composer.note")}</button>
      ${note ? html`<strong class="to">${t("composer.inside")}</strong>`
        : ways ? html`<${Recipients} ways=${ways} draft=${draft} change=${change} />`
          : html`<span class="to">${t("composer.to", { channel: t(`channel.${row.reply_channel}`), to: row.reply_to || "–" })}</span>`}
    </div>
    ${news.length > 0 && html`<${News} news=${news} look=${() => { setNews([]); onSent(null, {}); focus(); }} anyway=${() => send({}, true)} />`}
    <${Elsewhere} entry=${entry} />
    ${draft.pending && html`<p class="warn-box" role="status">${t("composer.pending")}
      <button type="button" class="link" disabled=${sending} onClick=${() => deliver(draft.pending.body, draft.pending.then)}>${t("composer.try_now")}</button>
      <button type="button" class="link" disabled=${sending} onClick=${() => keep(entry, { pending: null, key: once() })}>${t("composer.edit")}</button></p>`}
    <label class="aside" for="compose">${t(note ? "composer.note" : "composer.reply")}</label>
    ${mention.list}
    <textarea id="compose" ref=${area} ...${mention.props} dir="auto" rows="5" value=${draft.text} readOnly=${!!draft.pending} placeholder=${t(note ? "composer.note_hint" : "composer.reply_hint")}
      aria-describedby=${length.text ? "fits" : null} onInput=${(e) => { keepText(e.target.value); mention.look(e.target); }} onClick=${(e) => mention.look(e.target)} onBlur=${mention.close}
      onKeyDown=${onKey} onPaste=${(e) => given(e, e.clipboardData)}></textarea>
    ${length.text && html`<p id="fits" class=${length.over ? "prio urgent" : "quiet"}>${length.text}</p>`}
    <${Files} entry=${entry} back=${focus} refused=${draft.attachments.length && why} />
    ${!note && draft.articles.length > 0 && html`<ul class="chips" aria-label=${t("composer.cites")}>${draft.articles.map((one) => html`<li key=${one.slug} class="chip">
      <span class="quiet">${t("composer.cites")}</span> <span dir="auto" class="clip">${one.title || one.slug}</span>
      <button type="button" class="icon" aria-label=${t("composer.uncite", { title: one.title || one.slug })} onClick=${() => { change({ articles: draft.articles.filter((other) => other !== one) }); focus(); }}>×</button></li>`)}</ul>`}
    <div class="actions">
      <button disabled=${stopped}>${t(note ? "composer.add_note" : "composer.send")}</button>
      ${!note && html`<button type="button" class="second" disabled=${stopped} onClick=${() => send({ status: "resolved", next: true })}>${t("composer.send_resolve")}</button>
        <button type="button" class="second" disabled=${stopped} onClick=${() => send({ status: "pending" })}>${t("composer.send_pending")}</button>`}
      <${AttachButton} entry=${entry} input=${files} />
      <button type="button" class="second" onClick=${onMacro}>${t("composer.macro")}</button>
      <kbd>Ctrl+Enter</kbd>
    </div></form>`;
}

/** Who said what meanwhile; the draft stays as it is. */
function News({ news, look, anyway }) {
  const button = useRef(null);
  useEffect(() => button.current?.focus(), [news]);
  return html`<div class="wrong-box" role="alert">
    <p><strong>${t("composer.stale", { count: news.length })}</strong></p>
    ${news.map((m) => html`<p key=${m.id} class="clip"><strong dir="auto">${m.author}</strong>${m.created_at ? `, ${relative(m.created_at, Date.now())}` : ""}: <span dir="auto">${m.text}</span></p>`)}
    <p class="actions"><button type="button" ref=${button} onClick=${look}>${t("composer.review")}</button>
    <button type="button" class="second" onClick=${anyway}>${t("composer.anyway")}</button></p></div>`;
}

/** The same draft was changed in another window or on another device. */
function Elsewhere({ entry }) {
  const other = entry.other.value;
  if (!other) return null;
  return html`<div class="warn-box" role="alert"><p><strong>${t("composer.elsewhere")}</strong> <span class="quiet">${relative(other.saved_at, Date.now())}</span></p>
    <p class="said quoted" dir="auto">${other.text.slice(0, 300)}</p>
    <p class="actions"><button type="button" onClick=${() => decide(entry, false)}>${t("composer.keep_mine")}</button>
    <button type="button" class="second" onClick=${() => decide(entry, true)}>${t("composer.take_theirs")}</button></p></div>`;
}

function atLineStart(area) {
  const before = area.value.slice(0, area.selectionStart);
  return before === "" || before.endsWith("\n");
}
