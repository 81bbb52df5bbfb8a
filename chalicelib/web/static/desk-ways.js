// Whom a reply reaches, seen before it is sent: the channel, its address, who else gets a copy, and
// what fits through the channel.

import { html, t, useState } from "./desk-ui.js";

const ADDRESS = /^[^@\s<>,;"]+@[^@\s<>,;"]+\.[^@\s<>,;".]+$/;
const GSM = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const TWICE = new Set("^{}\\[~]|€\f");

/** Into how many text messages a text goes (3GPP TS 23.038), as channels/parts.py counts them. */
export function smsParts(text) {
  const letters = [...text];
  const plain = letters.every((c) => GSM.has(c) || TWICE.has(c));
  const sizes = letters.map((c) => (plain ? (TWICE.has(c) ? 2 : 1) : c.length));
  const [single, joined] = plain ? [160, 153] : [70, 67];
  const units = sizes.reduce((sum, one) => sum + one, 0);
  let [parts, used] = [1, 0];
  for (const one of units > single ? sizes : []) {
    if (used + one > joined) { parts += 1; used = 0; }
    used += one;
  }
  return { parts, units, encoding: plain ? "GSM-7" : "UCS-2" };
}

/** What is said of the length, and whether it is too much. */
export function fits(way, text) {
  if (way?.parts) {
    const { parts, encoding } = smsParts(text);
    return { text: t("ways.parts", { count: parts, most: way.parts, letters: [...text].length, encoding }), over: parts > way.parts };
  }
  if (way?.characters) {
    const letters = [...text].length;
    return { text: t("ways.letters", { letters, most: way.characters }), over: letters > way.characters };
  }
  return { text: "", over: false };
}

/** The way that is taken: the one that was picked, else the one that is chosen for this customer. */
export const wayOf = (ways, draft) => ways?.items.find((one) => one.channel === (draft.channel || ways.chosen));

export function Recipients({ ways, draft, change }) {
  const way = wayOf(ways, draft);
  const cc = draft.cc ?? ways.cc;
  return html`<div class="to">
    <span class="line"><label for="way">${t("ways.by")}</label> <select id="way" value=${way?.channel} onChange=${(e) => change({ channel: e.target.value })}>
      ${!way && html`<option value="" selected>–</option>`}
      ${ways.items.map((one) => html`<option key=${one.channel} value=${one.channel} disabled=${!!one.why} selected=${one === way}>
        ${t(`channel.${one.channel}`)}${one.why ? ` (${t(`ways.${one.why}`)})` : ""}</option>`)}</select></span>
    <span>${t("ways.to")} <strong dir="auto">${way && !way.why ? way.to.replace(/^chat:.*/, t("ways.session")) : "–"}</strong></span>
    ${way?.why && html`<span class="prio urgent">${t(`ways.${way.why}`)}</span>`}
    ${way?.copies && html`<${Copies} cc=${cc} to=${way.to} change=${(list) => change({ cc: list })} />`}</div>`;
}

function Copies({ cc, to, change }) {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const add = (given = text) => {
    const wanted = given.split(/[\s,;]+/).filter(Boolean).map((one) => one.toLowerCase());
    const bad = wanted.find((one) => !ADDRESS.test(one));
    setWrong(bad ? t("ways.wrong", { address: bad }) : "");
    const fresh = wanted.filter((one) => ADDRESS.test(one) && one !== to && !cc.includes(one));
    if (fresh.length) change([...cc, ...fresh].slice(0, 49));
    setText(bad || "");
  };
  const onKey = (e) => {
    if (["Enter", ",", ";"].includes(e.key) && text.trim()) { e.preventDefault(); add(); }
    if (e.key === "Enter") e.preventDefault();
    if (e.key === "Backspace" && !text && cc.length) change(cc.slice(0, -1));
  };
  return html`<div class="cc"><span id="cc-label">${t("ways.cc")}</span>
    <ul class="chips" aria-labelledby="cc-label">${cc.map((one) => html`<li key=${one} class="chip"><span dir="auto">${one}</span>
      <button type="button" class="icon" aria-label=${t("ways.drop", { address: one })} onClick=${() => change(cc.filter((other) => other !== one))}>×</button></li>`)}</ul>
    <input type="text" inputmode="email" autocomplete="off" spellcheck=${false} aria-label=${t("ways.add")} placeholder=${t("ways.add")} value=${text}
      aria-invalid=${wrong ? "true" : null} aria-describedby=${wrong ? "cc-wrong" : null}
      onInput=${(e) => { setText(e.target.value); setWrong(""); }} onKeyDown=${onKey} onBlur=${() => text.trim() && add()} />
    ${wrong && html`<span id="cc-wrong" class="prio urgent" role="alert">${wrong}</span>`}</div>`;
}
