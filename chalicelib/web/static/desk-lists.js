// Two lists that are asked for by a key: what one has begun to write, and the keys themselves.

import { get } from "./desk-api.js";
import { acting, Dialog, html, Loading, t, Time, useLoaded } from "./desk-ui.js";
import { ACTIONS, keysOff, switchKeys } from "./desk-keys.js";
import { prefer } from "./desk-own.js";

/** All that one has begun, in whatever case. */
export function Drafts({ close }) {
  const state = useLoaded(() => get("me/drafts"), []);
  return html`<${Dialog} title=${t("drafts.title")} onClose=${close}><${Loading} state=${state}>${({ items }) => html`
    ${!items.length && html`<p class="quiet">${t("drafts.none")}</p>`}
    <ul class="plain">${items.map((d) => html`<li key=${d.case_id + d.mode} class="card"><a href=${`#/case/${d.case_id}?write=${d.mode}`} onClick=${close} dir="auto">${d.reference} ${d.case_subject}</a>
      <span class="line quiet"><span>${t(`composer.${d.mode}`)}</span> <${Time} at=${d.saved_at} />
      ${d.files > 0 && html`<span>${t("drafts.files", { count: d.files })}</span>`}</span>
      <span class="clip quiet" dir="auto">${d.text}</span></li>`)}</ul>`}<//><//>`;
}

export function Keys({ close }) {
  return html`<${Dialog} title=${t("key.keys")} onClose=${close}>
    <label class="check"><input type="checkbox" checked=${!keysOff.value} onChange=${(e) => { switchKeys(!e.target.checked); acting(() => prefer({ keys: !keysOff.value }))(); }} /> ${t("palette.enabled")}</label>
    <table><tbody>${ACTIONS.filter(([, key]) => key).map(([name, key]) => html`<tr key=${name}><th scope="row">${t(`key.${name}`)}</th><td><kbd>${key}</kbd></td></tr>`)}
    ${[["composer.send", "Ctrl+Enter"], ["composer.send_resolve", "Ctrl+Shift+Enter"], ["composer.macro", "/"], ["key.leave", "Esc"], ["spam.key", "h"], ["palette.title", "Ctrl+K"]].map(([name, key]) => html`<tr key=${name}><th scope="row">${t(name)}</th><td><kbd>${key}</kbd></td></tr>`)}</tbody></table><//>`;
}
