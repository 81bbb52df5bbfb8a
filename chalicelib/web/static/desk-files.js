// Files of a reply or note, and of what came: the draft keeps the ids of what was sent (desk-upload.js),
// what is still on its way is only known here.

import { complain, Dialog, html, signal, t, useEffect, useRef, useState } from "./desk-ui.js";
import { keep } from "./desk-drafts.js";

/** slot of a draft → files that are on their way */
const underWay = signal({});
export const pictures = new Map(); // id of an upload → data: address

export const size = (bytes) => (bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1e6).toFixed(1)} MB`);
export const going = (slot) => underWay.value[slot] || [];
export const set = (slot, list) => { underWay.value = { ...underWay.value, [slot]: list }; };
export const busy = (entry) => going(entry.slot).length > 0;

const uploads = () => import("./desk-upload.js");

let line = Promise.resolve(); // files keep the order in which they were given, also the first ones

/** Take files along, whether they were chosen, dropped or pasted. */
export function attach(entry, given) {
  const files = [...given]; // the event's own list is empty once the module has come
  line = line.then(async () => (await uploads()).attach(entry, files)).catch(complain);
}

function cancel(entry, one) {
  one.gone = true;
  one.request.abort();
  set(entry.slot, going(entry.slot).filter((other) => other !== one));
}

const without = (entry, one) => keep(entry, { attachments: entry.state.value.attachments.filter((other) => other !== one) });

/** The files of a draft, with what takes one away; `refused` says why they cannot go. */
export function Files({ entry, refused, back }) {
  const ready = entry.state.value.attachments;
  const coming = going(entry.slot);
  if (!ready.length && !coming.length) return null;
  const drop = (work) => () => { work(); back(); };
  return html`<ul class="chips" aria-label=${t("files.label")}>
    ${ready.map((one) => html`<li key=${one.id} class="chip">
      ${pictures.has(one.id) && html`<img src=${pictures.get(one.id)} alt="" />`}
      <span dir="auto" class="clip">${one.name}</span> <span class="quiet">${size(one.bytes)}</span>
      <button type="button" class="icon" aria-label=${t("files.remove", { name: one.name })} onClick=${drop(() => without(entry, one))}>×</button></li>`)}
    ${coming.map((one) => html`<li key=${one.name} class="chip"><span dir="auto" class="clip">${one.name}</span>
      <progress max="100" value=${one.percent} aria-label=${one.name}></progress>
      <button type="button" class="icon" aria-label=${t("files.cancel", { name: one.name })} onClick=${drop(() => cancel(entry, one))}>×</button></li>`)}</ul>
    ${refused && html`<p class="wrong-box" role="alert">${refused}</p>`}`;
}

/** The way in for whoever neither drags nor pastes. */
export function AttachButton({ entry, input }) {
  useEffect(() => { setTimeout(() => uploads().catch(() => {}), 1_500); }, []); // a failure shows when it is needed
  return html`<button type="button" class="second" onClick=${() => input.current.click()}>${t("files.attach")}</button>
    <input ref=${input} type="file" multiple hidden aria-label=${t("files.attach")}
      onChange=${(e) => { attach(entry, [...e.target.files]); e.target.value = ""; }} />`;
}

/** Addresses of pictures are signed anew at each look; the first one is kept while it works. */
const seen = new Map();
function lasting(name, url) {
  const old = seen.get(name);
  if (old && Date.now() - old.at < 240_000) return old.url;
  seen.set(name, { url, at: Date.now() });
  return url;
}

/** What came with a message: pictures small, and larger when asked for; all else by its name. */
export function Attachments({ message }) {
  const [large, setLarge] = useState(null);
  const [failed, setFailed] = useState({});
  const body = useRef(null);
  const files = message.attachments.map((file, n) => ({ ...file, n, shown: file.preview_url && !failed[n] && lasting(`${message.id} ${n}`, file.preview_url) }));
  if (!files.length) return null;
  return html`<ul class="files" ref=${body}>${files.map((f) => html`<li key=${f.n} class=${f.shown ? "picture" : ""}>
      ${f.shown && html`<button type="button" class="thumb" aria-label=${t("files.larger", { name: f.name })} onClick=${() => setLarge(f)}>
        <img src=${f.shown} alt="" loading="lazy" referrerpolicy="no-referrer" onError=${() => setFailed({ ...failed, [f.n]: true })} /></button>`}
      <span><a href=${f.url} download=${f.name} rel="noreferrer" dir="auto">${f.name}</a>
      <span class="quiet"> ${kind(f)} · ${size(f.bytes)}</span>
      ${f.dangerous && html`<strong class="prio urgent"> ⚠ ${t("case.dangerous")}</strong>`}</span></li>`)}</ul>
    ${large && html`<${Dialog} title=${large.name} wide onClose=${() => setLarge(null)}>
      <img class="large" src=${large.shown} alt=${large.name} referrerpolicy="no-referrer" />
      <p><a href=${large.url} download=${large.name} rel="noreferrer">${t("files.download")}</a> <span class="quiet">${size(large.bytes)}</span></p><//>`}`;
}

/** The type in a word: what stands behind the last dot, or the media type. */
const kind = ({ name, type }) => (/\.(\w{1,5})$/.exec(name)?.[1] || type.split("/").pop()).toUpperCase();
