// The composer: a reply to the customer or a note for us, never to be mistaken for each other.
// Drafts live in the browser at once and on the server soon after; nothing remote clears them.

import { get, once, post, put, remove, Refused, Unreachable } from "./desk-api.js";
import { acting, complain, html, signal, t, tell, useEffect, useRef, useState } from "./desk-ui.js";
import { appear, change, live, me } from "./desk-state.js";
import { useMentions } from "./desk-mention.js";

const HOLD = 5; // seconds in which a reply can be taken back
const SAVE = 1_500; // milliseconds without a key before a draft goes to the server
const slot = (id, mode) => `custops.draft.${me.value.email}.${id}.${mode}`;

/** What the keyboard and other panes may ask of the open composer. */
export const composer = { open: () => {}, insert: () => {}, send: () => {} };

function restored(id, mode) {
  try {
    return JSON.parse(localStorage.getItem(slot(id, mode)) || "null");
  } catch {
    return null;
  }
}

export function Composer({ row, messages, onSent, onMacro }) {
  const [mode, setMode] = useState("reply");
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [news, setNews] = useState([]);
  const area = useRef(null);
  const key = useRef(once());
  const saving = useRef(0);
  const cited = useRef(new Set());

  useEffect(() => {
    const local = restored(row.id, mode);
    setText(local?.text || "");
    key.current = local?.key || once();
    setNews([]);
    cited.current = new Set();
    if (!local) fetchDraft(row.id, mode).then((found) => found && setText((now) => now || found));
  }, [row.id, mode]);

  const keep = (value) => {
    setText(value);
    if (value) localStorage.setItem(slot(row.id, mode), JSON.stringify({ text: value, key: key.current }));
    else localStorage.removeItem(slot(row.id, mode));
    clearTimeout(saving.current);
    saving.current = setTimeout(() => saveDraft(row.id, mode, value), SAVE);
    appear(row.id, value ? (mode === "reply" ? "replying" : "noting") : "looking");
  };

  const send = acting(async (then = {}, anyway = false) => {
    if (!text.trim() || busy) return;
    if (!navigator.onLine) { tell(t("composer.offline"), { kind: "wrong" }); return; }
    setBusy(true);
    try {
      const body = {
        kind: mode === "note" ? "note" : "message", text, anyway,
        seen: messages.filter((m) => m.kind !== "event").at(-1)?.id,
        hold_seconds: mode === "reply" ? HOLD : 0,
        ...(cited.current.size ? { articles: [...cited.current] } : {}),
        ...(then.status ? { status: then.status } : {}),
      };
      const message = await post(`cases/${row.id}/messages`, body, { key: key.current });
      sent(message, then);
    } catch (error) {
      if (error instanceof Refused && error.type === "stale-answer") setNews(error.problem.new || [{}]);
      else if (error instanceof Unreachable) tell(t("composer.kept"), { kind: "wrong", seconds: 15 });
      else complain(error);
    } finally {
      setBusy(false);
    }
  });

  const sent = (message, then) => {
    const was = text;
    localStorage.removeItem(slot(row.id, mode));
    clearTimeout(saving.current);
    remove(`cases/${row.id}/drafts/${mode}`).catch(() => {});
    key.current = once();
    setText("");
    setNews([]);
    appear(row.id, "looking");
    onSent(message, then);
    if (message.kind === "note") { tell(t("composer.noted")); return; }
    tell(t("composer.sending", { channel: t(`channel.${message.channel}`) }), {
      seconds: HOLD,
      action: { label: t("desk.undo"), run: async () => {
        await remove(`cases/${row.id}/messages/${message.id}`);
        keep(was);
        onSent(null, {});
      } },
    });
  };

  composer.open = (wanted) => { setMode(wanted); setTimeout(() => area.current?.focus()); };
  composer.insert = (words, slug) => {
    if (slug) cited.current.add(slug);
    const box = area.current;
    const start = box ? box.selectionStart : text.length;
    const end = box ? box.selectionEnd : text.length;
    keep(text.slice(0, start) + words + text.slice(end));
    setTimeout(() => { box?.focus(); box?.setSelectionRange(start + words.length, start + words.length); });
  };
  composer.send = send;

  const mention = useMentions({
    on: mode === "note",
    put: (value, cursor) => {
      keep(value);
      setTimeout(() => { area.current?.focus(); area.current?.setSelectionRange(cursor, cursor); });
    },
  });
  const onKey = (event) => {
    if (mention.onKey(event)) return;
    const strong = event.ctrlKey || event.metaKey;
    if (strong && event.key === "Enter") {
      event.preventDefault();
      send(event.shiftKey ? { status: "resolved", next: true } : {});
    } else if (event.key === "Escape") {
      event.target.blur();
    } else if (event.key === "/" && atLineStart(event.target)) {
      event.preventDefault();
      onMacro();
    }
  };

  const note = mode === "note";
  return html`<form class=${`composer ${mode}`} onSubmit=${(e) => { e.preventDefault(); send(); }}>
    <div class="tabs" role="group" aria-label=${t("composer.mode")}>
      <button type="button" aria-pressed=${!note} onClick=${() => composer.open("reply")}>${t("composer.reply")}</button>
      <button type="button" aria-pressed=${note} onClick=${() => composer.open("note")}>${t("composer.note")}</button>
      <span class="to">${note ? t("composer.inside")
        : t("composer.to", { channel: t(`channel.${row.reply_channel}`), to: row.reply_to || "–" })}</span>
    </div>
    ${news.length > 0 && html`<div class="wrong-box" role="alert">
      <p><strong>${t("composer.stale", { count: news.length })}</strong></p>
      ${news.map((m) => html`<p key=${m.id} class="clip" dir="auto">${m.author?.name || ""}: ${m.text}</p>`)}
      <button type="button" onClick=${() => { setNews([]); onSent(null, {}); }}>${t("composer.review")}</button>
      <button type="button" class="second" onClick=${() => send({}, true)}>${t("composer.anyway")}</button></div>`}
    <label class="aside" for="compose">${t(note ? "composer.note" : "composer.reply")}</label>
    ${mention.list}
    <textarea id="compose" ref=${area} ...${mention.props} dir="auto" rows="5" value=${text} placeholder=${t(note ? "composer.note_hint" : "composer.reply_hint")}
      onInput=${(e) => { keep(e.target.value); mention.look(e.target); }} onClick=${(e) => mention.look(e.target)} onBlur=${mention.close} onKeyDown=${onKey}></textarea>
    <div class="actions">
      <button disabled=${busy || !text.trim() || !live.value.ok && !navigator.onLine}>${t(note ? "composer.add_note" : "composer.send")}</button>
      ${!note && html`<button type="button" class="second" disabled=${busy || !text.trim()}
        onClick=${() => send({ status: "resolved", next: true })}>${t("composer.send_resolve")}</button>`}
      <button type="button" class="second" onClick=${onMacro}>${t("composer.macro")}</button>
      <kbd>Ctrl+Enter</kbd>
    </div></form>`;
}

function atLineStart(area) {
  const before = area.value.slice(0, area.selectionStart);
  return before === "" || before.endsWith("\n");
}

async function fetchDraft(id, mode) {
  try {
    return (await get(`cases/${id}/drafts/${mode}`))?.text || "";
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) return "";
    throw error;
  }
}

/** The copy in the browser stays the first; the server's is for another device. */
async function saveDraft(id, mode, text) {
  try {
    if (text) await put(`cases/${id}/drafts/${mode}`, { text });
    else await remove(`cases/${id}/drafts/${mode}`);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
  }
}

export const macros = signal(null);

async function loadMacros() {
  if (!macros.value) macros.value = (await get("macros")).items;
}

/** Choose a macro; its text goes to the cursor, its actions are shown before they are done. */
export function MacroPicker({ row, onClose, onDone }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(null);
  const early = useRef(false); // Enter was pressed before the macros had come
  useEffect(() => { loadMacros().catch(complain); }, []);
  const fit = (macros.value || []).filter((m) => m.title.toLowerCase().includes(text.toLowerCase()));
  const pick = acting(async (macro) => setChosen({ macro, ...(await post(`cases/${row.id}/macros/${macro.name}?preview=true`, {})) }));
  useEffect(() => {
    if (macros.value && early.current && fit[0]) { early.current = false; pick(fit[0]); }
  }, [macros.value]);
  const apply = acting(async () => {
    if (chosen.text) composer.insert(chosen.text);
    if (Object.keys(chosen.changes || {}).length) await change(row, chosen.changes);
    onDone();
    onClose();
  });
  if (chosen) {
    return html`<div><p class="said" dir="auto">${chosen.text}</p>
      <ul>${Object.entries(chosen.changes || {}).map(([name, value]) => html`<li key=${name}>${t(`field.${name}`)}: ${String(value)}</li>`)}</ul>
      <p class="actions"><button type="button" onClick=${apply} autofocus>${t("macro.use")}</button>
      <button type="button" class="second" onClick=${() => setChosen(null)}>${t("macro.other")}</button></p></div>`;
  }
  return html`<div><label for="macro">${t("macro.find")}</label>
    <input id="macro" type="search" autofocus value=${text} onInput=${(e) => setText(e.target.value)}
      onKeyDown=${(e) => { if (e.key !== "Enter") return; e.preventDefault(); if (fit[0]) pick(fit[0]); else early.current = !macros.value; }} />
    ${macros.value && !fit.length && html`<p class="quiet">${t("macro.none")}</p>`}
    <ul class="plain">${fit.map((m) => html`<li key=${m.name}><button type="button" class="link" onClick=${() => pick(m)}>${m.title}</button></li>`)}</ul></div>`;
}
