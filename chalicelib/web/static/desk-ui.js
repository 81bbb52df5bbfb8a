// What every screen of the desk uses: html templates, times, dialogs, messages to the user.

import { h, render } from "./preact.js";
import { useEffect, useLayoutEffect, useRef, useState } from "./hooks.js";
import { computed, effect, signal } from "./signals.js";
import htm from "./htm.js";
import { language, t } from "./words.js";

export const html = htm.bind(h);
export { computed, effect, render, signal, t, useEffect, useLayoutEffect, useRef, useState };

let ahead = 0; // what the server's clock is ahead of this browser's, in milliseconds

/** The present by the server's clock; a browser's may be wrong by hours. */
export const clock = () => Date.now() + ahead;

/** The present, moved every 20 seconds, so that ages and clocks stay true. */
export const now = signal(clock());
setInterval(() => { now.value = clock(); }, 20_000);

/** The server said what time it was, in its answer to a question of that moment. */
export function setClock(told, asked) {
  const found = new Date(told) - (asked + Date.now()) / 2;
  if (Math.abs(found - ahead) < 1_500) return;
  ahead = found;
  now.value = clock();
}

const STEPS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

/** "3 min ago", "in 2 h"; in the reader's language. */
export function relative(moment, from = now.value) {
  const seconds = Math.round((new Date(moment) - from) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "narrow" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  return t("time.now");
}

export const exact = (moment) => new Intl.DateTimeFormat(
  language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment));

/** A moment: the age is shown, the exact time is in its title. */
export const Time = ({ at }) =>
  at ? html`<time datetime=${at} title=${exact(at)}>${relative(at)}</time>` : null;

// --- messages to the user ---------------------------------------------------------------------

export const notices = signal([]);
export const spoken = signal("");
let number = 0;

/** A short message that goes by itself; `action` {label, run} is offered beside it. */
export function tell(text, { kind = "ok", action = null, seconds = 8 } = {}) {
  number += 1;
  const notice = { id: number, text, kind, action };
  notices.value = [...notices.value.slice(-3), notice];
  setTimeout(() => dismiss(notice.id), seconds * 1000);
  return notice.id;
}

export const dismiss = (id) => { notices.value = notices.value.filter((n) => n.id !== id); };

/** What went wrong, in words, with the request's number. */
export function complain(error) {
  const more = error.request ? ` (${t("error.request", { id: error.request })})` : "";
  tell(`${error.message}${more}`, { kind: "wrong", seconds: 15 });
}

/** Runs what a button does; an error is shown, never swallowed. */
export const acting = (work) => async (...given) => {
  given[0]?.preventDefault?.();
  try {
    return await work(...given);
  } catch (error) {
    complain(error);
    return undefined;
  }
};

let lastSaid = 0;
/** Tells a screen reader, at most once in five seconds. */
export function announce(text) {
  const wait = Math.max(0, lastSaid + 5_000 - Date.now());
  lastSaid = Date.now() + wait;
  setTimeout(() => { spoken.value = text; }, wait);
}

export function Notices() {
  return html`<div class="notices" aria-label=${t("desk.notices")} role="region">
    ${notices.value.map((n) => html`<p key=${n.id} class="notice ${n.kind}"
      role=${n.kind === "wrong" ? "alert" : "status"}>${n.text}
      ${n.action && html`<button type="button" class="link" onClick=${() => {
        dismiss(n.id); acting(n.action.run)();
      }}>${n.action.label}</button>`}
      <button type="button" class="icon" aria-label=${t("desk.dismiss")}
        onClick=${() => dismiss(n.id)}>×</button></p>`)}
  </div>
  <p class="aside" aria-live="polite" id="spoken">${spoken.value}</p>`;
}

/** A part whose module is loaded when it is first shown, or before that by its `soon()`. */
export function lazy(load) {
  const part = signal(null);
  let asked = null;
  const soon = () => {
    asked ||= load().then((found) => { part.value = found; }, (error) => { asked = null; complain(error); });
    return asked;
  };
  const Lazy = (given) => {
    useEffect(() => { soon(); }, []);
    return part.value ? html`<${part.value} ...${given} />` : null;
  };
  Lazy.soon = soon;
  return Lazy;
}

/** A style sheet that only some screens need; resolves once it is there, or cannot be had. */
export function styled(name) {
  sheets[name] ||= added(name);
  return sheets[name];
}

const sheets = {};
function added(name) {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL(name, import.meta.url).href;
  const done = new Promise((ready) => { sheet.onload = ready; sheet.onerror = ready; });
  document.head.append(sheet);
  return done;
}

// --- dialogs ----------------------------------------------------------------------------------

/** A modal dialog; Escape and its button close it, and the focus returns where it was. It is open
 * before the next key is pressed, so that nothing typed on lands behind it. */
export function Dialog({ title, onClose, children, wide = false }) {
  const ref = useRef(null);
  const gone = useRef(false);
  const leave = () => { if (!gone.current) onClose(); };
  useLayoutEffect(() => {
    const before = document.activeElement;
    const box = ref.current;
    box.showModal();
    return () => {
      gone.current = true;
      box.close(); // what is behind an open dialog takes no focus
      before?.focus?.();
    };
  }, []);
  return html`<dialog ref=${ref} class=${wide ? "wide" : ""} aria-labelledby="dialog-title"
    onClose=${leave} onCancel=${leave}>
    <header><h2 id="dialog-title">${title}</h2>
      <button type="button" class="icon" aria-label=${t("desk.close")} onClick=${onClose}>×</button>
    </header>${children}</dialog>`;
}

/** Loads something; shows a skeleton after 300 ms, the error with a way to try again. */
export function useLoaded(load, keys) {
  const [state, set] = useState({ data: null, error: null, busy: true });
  const [again, retry] = useState(0);
  useEffect(() => {
    let gone = false;
    set((old) => ({ ...old, error: null, busy: true }));
    load().then(
      (data) => gone || set({ data, error: null, busy: false }),
      (error) => gone || set({ data: null, error, busy: false }),
    );
    return () => { gone = true; };
  }, [...keys, again]);
  return { ...state, reload: () => retry((n) => n + 1) };
}

export function Loading({ state, children }) {
  if (state.error) {
    return html`<div class="wrong-box" role="alert"><p>${state.error.message}</p>
      ${state.error.request && html`<p class="quiet">${t("error.request", { id: state.error.request })}</p>`}
      <button type="button" onClick=${state.reload}>${t("desk.retry")}</button></div>`;
  }
  if (state.data === null) return html`<div class="skeleton" aria-busy="true"><i/><i/><i/></div>`;
  return children(state.data);
}
