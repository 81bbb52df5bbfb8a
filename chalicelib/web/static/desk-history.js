// An entry of a case's history, in the reader's words, with a way to take it back while there is one.

import { post } from "./desk-api.js";
import { acting, exact, html, now, t, Time } from "./desk-ui.js";
import { may, fresh } from "./desk-state.js";
import { nameOf } from "./desk-queue.js";
import { fieldLabel, linked, valueOf } from "./desk-names.js";

const kinds = (word) => t(`link.${word.trim().replaceAll(" ", "_")}`);
const clocks = (word) => t(`promise.${word.trim().replaceAll(" ", "_")}`);

/** What the server wrote, and how we say it; what is in no list is shown as it is. */
const SAID = [
  [/^changed$/, () => ""],
  [/^answered$/, () => t("event.answered")],
  [/^understood( anew)?$/, () => t("event.understood")],
  [/^opened by hand$/, () => t("event.opened")],
  [/^links withdrawn$/, () => t("event.links_withdrawn")],
  [/^no longer linked to the problem$/, () => t("event.unrelated")],
  [/^may belong to a problem$/, () => t("event.may_belong")],
  [/^undone$/, () => t("event.undone")],
  [/^handed over$/, () => t("event.handed_over")],
  [/^back from its snooze$/, () => t("event.woken")],
  [/^merged into (\S+)$/, (m) => t("event.merged_into", { reference: m[1] })],
  [/^(\S+) was merged into this case$/, (m) => t("event.merged_here", { reference: m[1] })],
  [/^taken out of (\S+) again$/, (m) => t("event.taken_out", { reference: m[1] })],
  [/^(\S+) was taken out of this case again$/, (m) => t("event.left", { reference: m[1] })],
  [/^linked: ([a-z ]+) (C-\S+)$/, (m) => t("event.linked", { kind: kinds(m[1]), reference: m[2] })],
  [/^no longer linked: ([a-z ]+) (C-\S+)$/, (m) => t("event.unlinked", { kind: kinds(m[1]), reference: m[2] })],
  [/^(\d+) messages split off into (\S+)$/, (m) => t("event.split", { count: Number(m[1]), reference: m[2] })],
  [/^split off from (\S+)$/, (m) => t("event.split_from", { reference: m[1] })],
  [/^promise at risk: ([a-z ]+) is due (\S+)$/, (m) => t("event.at_risk", { clock: clocks(m[1]), at: exact(m[2]) })],
  [/^promise broken: ([a-z ]+) was due (\S+)$/, (m) => t("event.broken", { clock: clocks(m[1]), at: exact(m[2]) })],
];

export function said(text) {
  for (const [pattern, words] of SAID) {
    const match = pattern.exec(text);
    if (match) return words(match);
  }
  return text;
}

const TOLD = ["merge", "promises.first_reply", "promises.next_reply", "promises.resolution"]; // by the text

export function Event({ message, undoable, onUndone }) {
  const changes = Object.entries(message.changes).filter(([name]) => !TOLD.includes(name));
  const text = said(message.text);
  const who = message.author.type === "agent" ? nameOf(message.author.id || message.author.name)
    : message.author.name || t("case.system");
  return html`<li class="entry event quiet" id=${`m-${message.id}`}><${Time} at=${message.created_at} /><span dir="auto">${who}</span>
    ${text && html`<span dir="auto">${linked(text)}${changes.length ? ":" : ""}</span>`}
    ${changes.map(([name, [from, to]], n) => html`<span key=${name} dir="auto">${fieldLabel(name)}: ${
      from ? html`${valueOf(name, from)} → ` : ""}${valueOf(name, to)}${n < changes.length - 1 ? ";" : ""}</span>`)}
    <${Undo} message=${message} undoable=${undoable} onUndone=${onUndone} /></li>`;
}

const TEN_MINUTES = 600_000;

function Undo({ message, undoable, onUndone }) {
  if (!may("agent")) return null;
  const merge = message.changes.merge && new Date(message.created_at).getTime() + TEN_MINUTES > now.value;
  if (!merge && !(undoable && new Date(message.undo_until) > now.value)) return null;
  const changed = Object.keys(message.changes).map(fieldLabel).join(", ");
  const run = acting(async () => {
    fresh.value = merge ? await post(`cases/${message.case_id}/unmerge`, {})
      : await post(`cases/${message.case_id}/undo`, { event: message.id });
    await onUndone(Boolean(merge));
  });
  return html`<button type="button" class="link" aria-label=${t("event.undo", { what: said(message.text) || changed })} onClick=${run}>${t("desk.undo")}</button>`;
}
