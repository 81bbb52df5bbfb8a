// Texts that are kept ready: macros, which also change a case and may ask for something first, and
// snippets, which are only text behind a word.

import { get, post, put } from "./desk-api.js";
import { acting, complain, Dialog, html, signal, t, tell, useEffect, useRef, useState } from "./desk-ui.js";
import { composer, keeping } from "./desk-state.js";
import { keepAsSnippet, loadSnippets, snippets, wanted, words } from "./desk-snippets.js";

const macros = signal(null);

const inLanguage = (macro, language) => macro.texts[language] || macro.text || macro.texts.en || Object.values(macro.texts)[0] || "";

/** Choose a macro or a snippet. Its text goes to the cursor, its actions are shown before they are done. */
export function MacroPicker({ row, onClose, onDone }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [chosen, setChosen] = useState(null);
  const early = useRef(false); // Enter was pressed before the macros had come
  const loaded = macros.value && snippets.value;
  useEffect(() => {
    Promise.all([get("macros").then((found) => { macros.value = found.items; }), loadSnippets()]).catch(complain);
    return () => { wanted.value = ""; };
  }, []);
  const has = (one) => `${one.title || ""} ${one.name || one.word}`.toLowerCase().includes(text.trim().toLowerCase());
  const fit = loaded ? [...macros.value, ...words(row.language).map((one) => ({ ...one, snippet: true }))].filter(has) : [];
  const now = fit[Math.min(at, fit.length - 1)];
  const write = (what, block) => { onClose(); composer.insert(what, block); };
  const pick = (one) => (one.snippet ? write(one.text) : setChosen(one));
  useEffect(() => {
    if (!loaded) return;
    const named = macros.value.find((one) => one.name === wanted.value);
    if (named) setChosen(named);
    else if (early.current && now) pick(now);
  }, [loaded]);
  if (chosen) return html`<${Use} key=${chosen.name} macro=${chosen} row=${row} write=${write} close=${onClose} onDone=${onDone} other=${() => setChosen(null)} />`;

  const onKey = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setAt((Math.min(at, fit.length - 1) + (event.key === "ArrowDown" ? 1 : fit.length - 1)) % (fit.length || 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (now) pick(now);
      else early.current = !loaded;
    } else if (event.key === "/" && !text) {
      event.preventDefault();
      write("/");
    }
  };
  return html`<div class="picker"><div><label for="macro">${t("macro.find")}</label>
    <input id="macro" type="search" role="combobox" autofocus autocomplete="off" value=${text} aria-expanded="true" aria-controls="macros" aria-autocomplete="list"
      aria-activedescendant=${now ? `macro-${fit.indexOf(now)}` : null} onInput=${(e) => { setText(e.target.value); setAt(0); }} onKeyDown=${onKey} />
    ${loaded && !fit.length && html`<p class="quiet">${t("macro.none")}</p>`}
    <ul class="plain" role="listbox" id="macros" aria-label=${t("dialog.macro")}>${fit.map((one, n) => html`<li key=${one.name || `;${one.word}`} id=${`macro-${n}`} role="option" aria-selected=${one === now}
      onClick=${() => pick(one)} onMouseMove=${() => setAt(n)}>${one.snippet ? html`<kbd>;${one.word}</kbd>` : one.title}</li>`)}</ul>
    ${composer.chosen() && html`<button type="button" class="link" onClick=${() => { onClose(); keepAsSnippet(); }}>${t("snippet.keep")}</button>`}</div>
    ${now && html`<div class="shown"><p class="said" dir="auto">${now.snippet ? now.text : inLanguage(now, row.language)}</p>
      ${!now.snippet && html`<${Does} macro=${now} />`}</div>`}</div>`;
}

const KINDS = { status: "state", priority: "priority" };
const valueName = (name, value) => (!value ? "–" : KINDS[name] ? t(`${KINDS[name]}.${value}`) : value);

/** What a macro does beside its text, as it is defined. */
function Does({ macro }) {
  const does = ["status", "priority", "team", "assignee"].filter((name) => macro[name]).map((name) => [name, macro[name]]);
  if (macro.tags.length) does.push(["tags", macro.tags.join(", ")]);
  return does.length ? html`<ul class="quiet">${does.map(([name, value]) => html`<li key=${name}>${t(`field.${name}`)}: ${valueName(name, value)}</li>`)}</ul>` : null;
}

/** Asks for what the macro wants to know, shows what it would do, and does it. */
function Use({ macro, row, write, close, onDone, other }) {
  const [asked, setAsked] = useState(() => Object.fromEntries(macro.asks.map((one) => [one.name, one.default])));
  const [wrong, setWrong] = useState({});
  const [shown, setShown] = useState(null);
  const first = useRef(null);
  const call = (preview) => post(`cases/${row.id}/macros/${macro.name}`, { preview, asked });
  const look = async () => {
    try {
      setShown(await call(true));
      setWrong({});
    } catch (error) {
      const fields = Object.fromEntries((error.fields || []).map(({ field, reason }) => [field.replace("asked.", ""), reason]));
      setWrong(fields);
      const bad = macro.asks.find((one) => fields[one.name]);
      if (bad) document.getElementById(`ask-${bad.name}`)?.focus();
      else { complain(error); other(); }
    }
  };
  useEffect(() => { if (!macro.asks.length) look(); }, []);
  useEffect(() => { first.current?.focus(); }, [shown]);
  const use = acting(async () => {
    const changes = Object.keys(shown.changes).length > 0;
    const { text } = changes ? await call(false) : shown;
    if (text) write(text, true);
    else close();
    if (changes) onDone();
  });
  if (shown) {
    return html`<div><p class="said" dir="auto">${shown.text}</p>
      <ul>${Object.entries(shown.changes).map(([name, [from, to]]) => html`<li key=${name}>${t("case.change", { name: t(`field.${name}`), from: valueName(name, from), to: valueName(name, to) })}</li>`)}</ul>
      <p class="actions"><button type="button" ref=${first} onClick=${use}>${t("macro.use")}</button>
      <button type="button" class="second" onClick=${macro.asks.length ? () => setShown(null) : other}>${t(macro.asks.length ? "macro.back" : "macro.other")}</button></p></div>`;
  }
  if (!macro.asks.length) return html`<div class="skeleton" aria-busy="true"><i/></div>`;
  return html`<form onSubmit=${(e) => { e.preventDefault(); look(); }} noValidate><h3>${macro.title}</h3>
    ${macro.asks.map((one, n) => html`<p key=${one.name}><label for=${`ask-${one.name}`}>${one.label}${one.required ? "" : ` (${t("macro.optional")})`}</label>
      ${field(one, n === 0 ? first : null, asked[one.name], (value) => setAsked({ ...asked, [one.name]: value }), wrong[one.name])}
      ${wrong[one.name] && html`<span class="prio urgent" id=${`wrong-${one.name}`} role="alert">${said(wrong[one.name])}</span>`}</p>`)}
    <p class="actions"><button>${t("macro.look")}</button> <button type="button" class="second" onClick=${other}>${t("macro.other")}</button></p></form>`;
}

const REASONS = { "is required": "required", "is not a number": "number", "is not a date such as 2026-11-23": "date", "is none of the choices": "choice" };
const said = (reason) => (REASONS[reason] ? t(`macro.wrong_${REASONS[reason]}`) : reason);

function field(one, ref, value, set, wrong) {
  const shared = { id: `ask-${one.name}`, ref, required: one.required, "aria-invalid": wrong ? "true" : null, "aria-describedby": wrong ? `wrong-${one.name}` : null, onInput: (e) => set(e.target.value) };
  if (one.type === "choice") {
    return html`<select ...${shared}><option value="" selected=${!value}>–</option>${one.choices.map((c) => html`<option key=${c} value=${c} selected=${c === value}>${c}</option>`)}</select>`;
  }
  return html`<input ...${shared} type=${one.type === "date" ? "date" : "text"} inputmode=${one.type === "number" ? "decimal" : null} dir="auto" value=${value} />`;
}

// --- one's own snippets -------------------------------------------------------------------------

/** Give a text a word; or see, change and remove one's own. */
export function KeepSnippet() {
  const text = keeping.value;
  if (!text) return null;
  return html`<${SnippetForm} text=${text} close=${() => { keeping.value = ""; }} />`;
}

function SnippetForm({ text, close }) {
  const [word, setWord] = useState("");
  const [body, setBody] = useState(text.slice(0, 4_000));
  const own = snippets.value?.items || [];
  const store = acting(async (items) => {
    snippets.value = await put("me/snippets", { items, version: snippets.value.version });
  });
  const save = async (event) => {
    event.preventDefault();
    const items = [...own.filter((one) => one.word.toLowerCase() !== word.toLowerCase()), { word, text: body }];
    await store(items);
    if (snippets.value.items.some((one) => one.word === word)) { tell(t("snippet.kept", { word })); close(); }
  };
  return html`<${Dialog} title=${t("snippet.keep")} onClose=${close}><form onSubmit=${save}>
    <label for="word">${t("snippet.word")}</label>
    <input id="word" autofocus required pattern="[\\p{L}\\p{N}_\\-]{1,30}" maxlength="30" value=${word} onInput=${(e) => setWord(e.target.value.replace(/^;/, ""))} aria-describedby="word-hint" />
    <p class="quiet" id="word-hint">${t("snippet.hint", { word: word || "…" })}</p>
    <label for="snippet">${t("snippet.text")}</label><textarea id="snippet" rows="5" required maxlength="4000" dir="auto" value=${body} onInput=${(e) => setBody(e.target.value)}></textarea>
    <p class="actions"><button>${t("desk.save")}</button></p></form>
    ${own.length > 0 && html`<h3>${t("snippet.own")}</h3><ul class="plain">${own.map((one) => html`<li key=${one.word} class="line"><kbd>;${one.word}</kbd>
      <span class="clip" dir="auto">${one.text}</span><button type="button" class="link" onClick=${() => store(own.filter((other) => other !== one))}>${t("files.drop")}</button></li>`)}</ul>`}<//>`;
}
