// The boards: which module has which screen, and what all of them are built from.

import { acting, complain, Dialog, html, Loading, styled, t, useEffect, useLoaded, useRef, useState } from "./desk-ui.js";
import { place, staying } from "./desk-state.js";
import { language } from "./words.js";

/** Each board is a module of its own, loaded when it is opened for the first time. */
const LOAD = {
  trends: () => import("./desk-trends.js"),
  problems: () => import("./desk-problems.js"),
  campaigns: () => import("./desk-campaigns.js"),
  articles: () => import("./desk-articles.js"),
  insights: () => import("./desk-insights.js"),
  settings: () => import("./desk-settings.js"),
  quarantine: () => import("./desk-quarantine.js"),
  people: () => import("./desk-people.js"),
  audit: () => import("./desk-audit.js"),
};

/** Their style sheet comes with them. */
const sheet = styled("boards.css");

export const Waiting = () => html`<div class="skeleton" aria-busy="true"><i/><i/><i/></div>`;

export function Board({ screen, id }) {
  const [open, setOpen] = useState({});
  useEffect(() => {
    Promise.all([LOAD[screen](), sheet]).then(([module]) => setOpen({ screen, Shown: module.default }), complain);
  }, [screen]);
  return open.screen === screen ? html`<${open.Shown} key=${screen} id=${id} />` : html`<${Waiting} />`;
}

/** A board's head: its title takes the focus when the screen changes; `back` is where it belongs. */
export function Head({ title, back, children }) {
  useEffect(() => { document.getElementById("board-title")?.focus(); }, [title]);
  return html`<header>${back && html`<p class="back"><a href=${`#/${back}`}>${t(`board.${back.split("?")[0]}`)}</a></p>`}
    <h1 id="board-title" tabindex="-1" dir="auto">${title}</h1><div class="actions">${children}</div></header>`;
}

/** The choice above a list, kept in the address: `#/trends?show=ended`. */
export const shown = (first) => place.value.search.get("show") || first;
export function Filter({ choices, label }) {
  const { screen, id } = place.value;
  const now = shown(choices[0][0]);
  return html`<nav class="filter" aria-label=${label}>${choices.map(([name, text]) => html`<a key=${name}
    href=${`#/${screen}${id ? `/${id}` : ""}?show=${name}`} aria-current=${name === now ? "true" : null}>${text}</a>`)}</nav>`;
}

/** A list with "more" at its end. */
export function Paged({ load, keys, empty, row, many = "grid" }) {
  const [pages, setPages] = useState([]);
  const state = useLoaded(async () => { const page = await load(""); setPages([page]); return page; }, keys);
  return html`<${Loading} state=${state}>${() => {
    const items = pages.flatMap((page) => page.items);
    const cursor = pages.at(-1)?.cursor;
    return html`${!items.length && html`<p class="empty">${empty}</p>`}
      <div class=${many}>${items.map(row)}</div>
      ${cursor && html`<p><button type="button" class="second" onClick=${acting(async () => setPages([...pages, await load(cursor)]))}>${t("queue.more")}</button></p>`}`;
  }}<//>`;
}

/** Large figures with their names: [[name, value, note?], …]. */
export const Facts = ({ items }) => html`<dl class="facts">${items.filter(([, value]) => value !== null && value !== undefined && value !== "")
  .map(([name, value, note]) => html`<div key=${name}><dt>${name}</dt><dd>${value}${note && html` <small>${note}</small>`}</dd></div>`)}</dl>`;

/** How something stands, in words and colour: good, bad, busy or plain. */
export const Pill = ({ kind = "", children }) => html`<span class=${`pill ${kind}`}>${children}</span>`;

export const percent = (share) => (share === null || share === undefined ? "–" : `${Math.round(share * 1000) / 10} %`);
export const dollars = (sum) => `$${sum.toFixed(sum && sum < 1 ? 4 : 2)}`;

/** Languages that are offered where a text is added, and how one is called in the reader's. */
export const OFFERED = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ar"];
export const languageName = (code) => new Intl.DisplayNames(language, { type: "language" }).of(code) || code;

// --- forms --------------------------------------------------------------------------------------

const idOf = (path) => `f-${path.replaceAll(/[^\w-]/g, "-")}`;

/** What was refused, by field. `run` wraps what a button does; `of` gives a field's fault. */
export function useForm() {
  const [faults, setFaults] = useState([]);
  const take = (error) => { if (!error.fields?.length) throw error; setFaults(error.fields); };
  const run = (work) => acting(async (...given) => {
    try {
      const done = await work(...given);
      setFaults([]);
      return done;
    } catch (error) {
      return take(error);
    }
  });
  return { faults, take, run, clear: () => setFaults([]), of: (path) => faults.find((one) => one.field === path) };
}

/** The summary above a form: it takes the focus, unless `calm`, and leads to each wrong field. */
export function Faults({ form, label = (field) => field, calm = false }) {
  const ref = useRef(null);
  useEffect(() => { if (form.faults.length && !calm) ref.current.focus(); }, [form.faults]);
  if (!form.faults.length) return null;
  const lead = (event, field) => {
    event.preventDefault();
    const parts = field.split(".");
    for (let n = parts.length; n; n -= 1) {
      const found = document.getElementById(idOf(parts.slice(0, n).join(".")));
      if (!found) continue;
      for (let up = found; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
      found.focus();
      return;
    }
  };
  return html`<div class="wrong-box" role="alert" tabindex="-1" ref=${ref}><h2>${t("form.wrong")}</h2>
    <ul>${form.faults.map((one) => html`<li key=${one.field}><a href="#" onClick=${(e) => lead(e, one.field)}>${label(one.field)}</a>: ${one.reason}</li>`)}</ul></div>`;
}

/**
 * A labelled input. `path` names it and what was refused of it; `options` [[value, text], …] makes
 * it a select, `rows` a textarea, `known` offers values that may be typed as well.
 */
export function Input({ label, path, value, onInput, form, hint, type = "text", options, rows, known, aside, ...more }) {
  const id = idOf(path);
  const fault = form?.of(path);
  const told = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ") || null;
  const common = { id, "aria-describedby": told, "aria-invalid": fault ? "true" : null, ...more };
  const take = (event) => {
    const given = event.target.value;
    onInput(type !== "number" ? given : given === "" ? null : Number(given), event);
  };
  const notes = html`${hint && html`<p class="quiet hint" id=${`${id}-hint`}>${hint}</p>`}${fault && html`<p class="fault" id=${`${id}-fault`}>${fault.reason}</p>`}`;
  if (type === "checkbox") {
    return html`<div class="field"><label class="check"><input type="checkbox" ...${common} checked=${Boolean(value)} onChange=${(e) => onInput(e.target.checked)} /> ${label}</label>${notes}</div>`;
  }
  return html`<div class="field"><label for=${id} class=${aside ? "aside" : ""}>${label}</label>${notes}
    ${options ? html`<select ...${common} onChange=${take}>${options.map(([name, text]) => html`<option key=${name} value=${name} selected=${String(name) === String(value ?? "")}>${text}</option>`)}</select>`
      : rows ? html`<textarea ...${common} rows=${rows} dir="auto" value=${value ?? ""} onInput=${take}></textarea>`
        : html`<input ...${common} type=${type} dir="auto" list=${known?.length ? `${id}-known` : null} value=${value ?? ""} onInput=${take} />`}
    ${known?.length > 0 && html`<datalist id=${`${id}-known`}>${known.map((one) => html`<option key=${one} value=${one} />`)}</datalist>`}</div>`;
}

/**
 * Text that stands for a value: it stays as it is typed while it reads as the value, so that a comma
 * at the end of a list is not taken away; a value that comes from elsewhere is written anew.
 */
export function useTyped(value, write, read) {
  const [text, setText] = useState(() => write(value));
  let same = true;
  try { same = JSON.stringify(read(text)) === JSON.stringify(value); } catch { /* half typed */ }
  return [same ? text : write(value), setText];
}
export const lines = (text) => text.split("\n").map((one) => one.trim()).filter(Boolean);
export const commas = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

/** What no row can say, as JSON; taken over when it can be read. */
export function Raw({ onChange, value, ...given }) {
  const [text, setText] = useTyped(value ?? null, (one) => JSON.stringify(one, null, 2), JSON.parse);
  const [bad, setBad] = useState(false);
  const take = (next) => { setText(next); try { onChange(JSON.parse(next)); setBad(false); } catch { setBad(true); } };
  return html`<${Input} ...${given} rows=${Math.min(14, text.split("\n").length + 1)} spellcheck="false" value=${text} onInput=${take} />${bad && html`<p class="warn-box" role="alert">${t("settings.bad_json")}</p>`}`;
}

/** While something is not saved, leaving asks first. */
export function useUnsaved(dirty) {
  useEffect(() => {
    if (!dirty) return undefined;
    const stay = (event) => event.preventDefault();
    staying.ask = () => confirm(t("form.unsaved"));
    addEventListener("beforeunload", stay);
    return () => { staying.ask = null; removeEventListener("beforeunload", stay); };
  }, [dirty]);
}

/** Asks for a reason, or for a plain yes where `label` is "", before something is done. */
export function Ask({ title, text, label, button, optional, onClose, onDone }) {
  const [why, setWhy] = useState("");
  return html`<${Dialog} title=${title} onClose=${onClose}><form onSubmit=${(e) => { e.preventDefault(); onClose(); onDone(why.trim()); }}>
    ${text && html`<p>${text}</p>`}
    ${label && html`<${Input} label=${label} path="why" rows="3" value=${why} onInput=${setWhy} required=${!optional} autofocus />`}
    <p class="actions"><button autofocus=${!label}>${button}</button><button type="button" class="second" onClick=${onClose}>${t("form.not_yet")}</button></p></form><//>`;
}

/** A moment as the input `datetime-local` has it, in the reader's zone, and back. */
export const asLocal = (moment) => {
  if (!moment) return "";
  const at = new Date(moment);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};
export const fromLocal = (text) => (text ? new Date(text).toISOString() : null);
