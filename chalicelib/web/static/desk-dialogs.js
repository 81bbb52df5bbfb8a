// What the keyboard or a menu asks for in a case: tags, a macro, a merge.

import { get, post } from "./desk-api.js";
import { acting, Dialog, exact, html, now, relative, t, tell, useState } from "./desk-ui.js";
import { dialog, go } from "./desk-state.js";
import { KeepSnippet, MacroPicker } from "./desk-macros.js";

export function Dialogs({ row, alter, load }) {
  const close = () => { dialog.value = ""; };
  const body = {
    macro: () => html`<${MacroPicker} row=${row} onClose=${close} onDone=${load} />`,
    tags: () => html`<${Tags} row=${row} alter=${alter} close=${close} />`,
    merge: () => html`<${Merge} row=${row} load=${load} close=${close} />`,
  }[dialog.value];
  if (!body) return html`<${KeepSnippet} />`;
  return html`<${Dialog} wide=${dialog.value === "macro"} title=${t(`dialog.${dialog.value}`)} onClose=${close}>${body()}<//>`;
}

function Tags({ row, alter, close }) {
  const [text, setText] = useState(row.tags.join(", "));
  return html`<form onSubmit=${(e) => { e.preventDefault(); alter({ tags: text.split(",").map((x) => x.trim()).filter(Boolean) }); close(); }}>
    <label for="tags">${t("field.tags")}</label><input id="tags" autofocus value=${text} onInput=${(e) => setText(e.target.value)} />
    <p class="quiet">${t("dialog.tags_hint")}</p><button>${t("desk.save")}</button></form>`;
}

function Merge({ row, load, close }) {
  const [text, setText] = useState("");
  const [other, setOther] = useState(null);
  const find = acting(async (e) => { e.preventDefault(); setOther(await get(`cases/${encodeURIComponent(text.trim())}`)); });
  const merge = acting(async () => {
    await post(`cases/${row.id}/merge`, { into: other.id });
    close();
    tell(t("case.merged_done", { reference: other.reference }), {
      seconds: 20,
      action: { label: t("desk.undo"), run: async () => { await post(`cases/${row.id}/unmerge`, {}); await load(); } },
    });
    go(`case/${other.id}`);
  });
  return html`<form onSubmit=${find}><label for="into">${t("merge.into")}</label>
    <input id="into" autofocus value=${text} onInput=${(e) => setText(e.target.value)} placeholder="C-7K2M9Q" />
    <button class="second">${t("merge.look")}</button></form>
    ${other && html`<div class="two"><div><h3>${row.reference}</h3><p dir="auto">${row.subject}</p><p class="clip quiet" dir="auto">${row.last_message}</p></div>
      <div><h3>→ ${other.reference}</h3><p dir="auto">${other.subject}</p><p class="clip quiet" dir="auto">${other.last_message}</p>
      <p class="quiet">${exact(other.created_at)} · ${relative(other.last_message_at, now.value)}</p></div></div>
      <p class="actions"><button type="button" onClick=${merge}>${t("merge.do")}</button></p>`}`;
}
