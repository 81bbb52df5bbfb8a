// What the keyboard or a menu asks for in a case. What is rare is loaded when it is asked for.

import { complain, Dialog, html, lazy, signal, t, useEffect, useState } from "./desk-ui.js";
import { dialog, keeping } from "./desk-state.js";
import { picked } from "./desk-timeline.js";

const macros = () => import("./desk-macros.js");
const MacroPicker = lazy(() => macros().then((m) => m.MacroPicker));
const KeepSnippet = lazy(() => macros().then((m) => m.KeepSnippet));
MacroPicker.soon(); // so that its key opens it at once
const rare = signal(null);
const RARE = { snooze: "Snooze", handover: "HandOver", merge: "Merge", link: "Link" };
const WIDE = ["merge", "link"];

export function Dialogs({ row, alter, load }) {
  const close = () => { dialog.value = ""; };
  const name = dialog.value;
  const asked = Boolean(RARE[name] || name === "split");
  useEffect(() => {
    if (asked && !rare.value) import("./desk-casework.js").then((m) => { rare.value = m; }, complain);
  }, [asked]);
  useEffect(() => {
    if (name !== "split") return;
    picked.value = new Set();
    close();
    setTimeout(() => [...document.querySelectorAll(".pick")].at(-1)?.focus());
  }, [name]);
  if (name === "macro") return html`<${Dialog} wide title=${t("dialog.macro")} onClose=${close}><${MacroPicker} row=${row} onClose=${close} onDone=${load} /><//>`;
  if (name === "tags") return html`<${Dialog} title=${t("dialog.tags")} onClose=${close}><${Tags} row=${row} alter=${alter} close=${close} /><//>`;
  const Part = rare.value?.[RARE[name]];
  if (!Part) return keeping.value ? html`<${KeepSnippet} />` : null;
  return html`<${Dialog} title=${t(`dialog.${name}`)} wide=${WIDE.includes(name)} onClose=${close}>
    <${Part} row=${row} alter=${alter} load=${load} close=${close} /><//>`;
}

/** The bar under the timeline while messages are chosen to be split off. */
export function Splitting({ row, load }) {
  const Split = rare.value?.Split;
  return picked.value && Split ? html`<${Split} row=${row} load=${load} />` : null;
}

function Tags({ row, alter, close }) {
  const [text, setText] = useState(row.tags.join(", "));
  return html`<form onSubmit=${(e) => { e.preventDefault(); alter({ tags: text.split(",").map((x) => x.trim()).filter(Boolean) }); close(); }}>
    <label for="tags">${t("field.tags")}</label><input id="tags" autofocus value=${text} onInput=${(e) => setText(e.target.value)} />
    <p class="quiet">${t("dialog.tags_hint")}</p><button>${t("desk.save")}</button></form>`;
}
