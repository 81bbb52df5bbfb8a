// One search over everything: a field that finds while one types (all of it: desk-results.js).

import { get, query } from "./desk-api.js";
import { html, t, useEffect, useRef, useState } from "./desk-ui.js";
import { current, dialog, go, may } from "./desk-state.js";

const PAUSE = 200; // milliseconds without a key before anything is asked
export const LEAST = 2; // characters

/** Where a hit leads; a macro only where a case is open, or to its settings. */
export function target(hit) {
  if (hit.kind === "case" || hit.kind === "solved") return `#/case/${hit.id}`;
  if (hit.kind === "customer") return `#/q/all?customer=${hit.id}`;
  if (hit.kind === "article") return `./a/${hit.id}`;
  if (hit.kind === "macro") return may("admin") ? "#/settings/macros" : "";
  return `#/${hit.kind}s/${hit.id}`;
}

export function openHit(hit) {
  if (hit.kind === "macro" && current.value) { dialog.value = "macro"; return; }
  const to = target(hit);
  if (to.startsWith("./")) window.open(to, "_blank", "noopener");
  else if (to) go(to.slice(2));
}

/**
 * A field that finds while one types (a combobox): arrows go through what was found, Enter opens
 * it, or all where nothing is chosen. `actions` gives further choices, `always` shows them at once.
 */
export function Finder({ id, label, hint, actions, onPick, onAll, focused, always }) {
  const [text, setText] = useState("");
  const [hits, setHits] = useState([]);
  const [shown, setShown] = useState(Boolean(always));
  const [at, setAt] = useState(always ? 0 : -1);
  const [state, setState] = useState("");
  const field = useRef(null);
  const asked = text.trim();
  useEffect(() => {
    setHits([]);
    if (asked.length < LEAST) { setState(""); return undefined; }
    setState("busy");
    const stop = new AbortController();
    const wait = setTimeout(() => get(`search${query({ q: asked })}`, { signal: stop.signal }).then(
      (found) => { setHits(found.hits); setState(found.hits.length ? "" : "none"); },
      (error) => { if (error.name !== "AbortError") setState(error.message); },
    ), PAUSE);
    return () => { clearTimeout(wait); stop.abort(); };
  }, [asked]);
  const choices = [...(actions ? actions(asked) : []), ...hits];
  const groups = [...new Set(choices.map((one) => one.kind))];
  const open = shown && (choices.length > 0 || state !== "");
  const pick = (hit) => {
    setShown(Boolean(always));
    setText("");
    setAt(-1);
    if (!always) field.current.blur();
    onPick(hit);
  };
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && choices.length) {
      event.preventDefault();
      setShown(true);
      setAt((at + step + choices.length + (at < 0 && step < 0 ? 1 : 0)) % choices.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (open && choices[at]) pick(choices[at]);
      else if (asked.length >= LEAST) { setShown(Boolean(always)); onAll(asked); }
    } else if (event.key === "Escape" && !always && (open || text)) {
      event.preventDefault();
      setShown(false);
      if (!open) setText("");
    }
  };
  useEffect(() => { document.getElementById(`${id}-${at}`)?.scrollIntoView?.({ block: "nearest" }); }, [at]);
  return html`<div class="finder" onFocusOut=${(e) => { if (!always && !e.currentTarget.contains(e.relatedTarget)) setShown(false); }}>
    <label class="aside" for=${id}>${label}</label>
    <input id=${id} ref=${field} type="search" role="combobox" autocomplete="off" spellcheck="false" dir="auto" autofocus=${focused}
      placeholder=${hint ? `${label}  ${hint}` : label} aria-autocomplete="list" aria-expanded=${open} aria-controls=${`${id}-list`}
      aria-activedescendant=${open && choices[at] ? `${id}-${at}` : null} value=${text}
      onInput=${(e) => { setText(e.target.value); setAt(always && actions?.(e.target.value.trim()).length ? 0 : -1); setShown(true); }}
      onFocus=${() => { if (asked) setShown(true); }} onKeyDown=${keys} />
    <div class=${always ? "found" : "found over"} hidden=${!open}>
      <div id=${`${id}-list`} role="listbox" aria-label=${label}>
        ${groups.map((kind) => html`<div role="group" key=${kind} aria-label=${t(`found.${kind}`)}>
          <p class="quiet" aria-hidden="true">${t(`found.${kind}`)}</p>
          ${choices.map((one, n) => one.kind === kind && html`<div key=${`${kind} ${one.id}`} id=${`${id}-${n}`} role="option" aria-selected=${n === at}
            class=${n === at ? "at" : ""} onMouseDown=${(e) => e.preventDefault()} onClick=${() => pick(one)}><${Hit} hit=${one} /></div>`)}</div>`)}</div>
      <p class="quiet" role="status">${state === "busy" ? t("found.busy") : state === "none" ? t("found.none") : state}
        ${asked.length >= LEAST && state !== "busy" && html` <kbd>Enter</kbd> ${t("found.all")}`}</p></div></div>`;
}

/** What is told of a hit, in one line. */
export function Hit({ hit }) {
  const state = hit.kind === "case" || hit.kind === "solved" ? t(`state.${hit.state}`)
    : hit.kind === "campaign" ? t(`notice.${hit.state}`)
      : ["problem", "trend"].includes(hit.kind) ? t(`${hit.kind}.${hit.state}`) : hit.state;
  return html`<span class="line">${hit.reference && html`<span class="case quiet">${hit.reference}</span>`}
    <strong dir="auto">${hit.title || t("case.no_subject")}</strong>
    ${state && html`<span class="quiet">${state}</span>`}
    ${hit.key && html`<kbd>${hit.key}</kbd>`}
    ${hit.text && html`<span class="quiet clip" dir="auto">${hit.text}</span>`}</span>`;
}
