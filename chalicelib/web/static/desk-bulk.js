// Several cases at once: those that are ticked.

import { post } from "./desk-api.js";
import { acting, html, t, tell } from "./desk-ui.js";
import { loadQueue, may, me, teams, ticked } from "./desk-state.js";

export function Bulk() {
  const ids = [...ticked.value];
  const apply = (patch) => acting(async () => {
    const done = await post("cases/bulk", { ids, patch });
    const failed = done.items.filter((item) => !item.ok);
    tell(t("queue.bulk_done", { count: ids.length - failed.length }), {
      action: done.undo && {
        label: t("desk.undo"),
        run: async () => { await post("cases/undo", { undo: done.undo }); await again(); },
      },
    });
    for (const item of failed.slice(0, 3)) tell(`${item.reference || item.id}: ${item.problem}`, { kind: "wrong" });
    await again();
  })();
  const again = () => loadQueue();
  return html`<div class="bulk" role="group" aria-label=${t("queue.bulk", { count: ids.length })}>
    <strong>${t("queue.bulk", { count: ids.length })}</strong>
    <button type="button" class="second" onClick=${() => apply({ assignee: me.value.email })}>${t("case.take")}</button>
    <label>${t("field.status")} <select onChange=${(e) => e.target.value && apply({ status: e.target.value })}>
      <option value=""></option>${["open", "pending", "on_hold", "resolved"].map((s) => html`<option value=${s}>${t(`state.${s}`)}</option>`)}</select></label>
    <label>${t("field.priority")} <select onChange=${(e) => e.target.value && apply({ priority: e.target.value })}>
      <option value=""></option>${["low", "normal", "high", "urgent"].map((p) => html`<option value=${p}>${t(`priority.${p}`)}</option>`)}</select></label>
    ${may("agent") && html`<label>${t("field.team")} <select onChange=${(e) => e.target.value && apply({ team: e.target.value })}>
      <option value=""></option>${teams.value.map((team) => html`<option value=${team.name}>${team.title}</option>`)}</select></label>`}
    <button type="button" class="link" onClick=${() => { ticked.value = new Set(); }}>${t("queue.none")}</button>
  </div>`;
}
