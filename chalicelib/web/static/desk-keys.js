// The keyboard: single keys outside of inputs, which can be switched off (WCAG 2.2, 2.1.4), and
// the palette, which has every action and finds everything.

import { acting, Dialog, html, lazy, signal, t } from "./desk-ui.js";
import {
  at, change, composer, current, dialog, follow, go, keeping, list, may, me, next, place, rows, ticked,
} from "./desk-state.js";
import { open as filters } from "./desk-filter.js";
import { Finder, openHit } from "./desk-search.js";

const OFF = "custops.keys.off";
export const keysOff = signal(localStorage.getItem(OFF) === "yes");
export const palette = signal("");

export function switchKeys(off) {
  keysOff.value = off;
  localStorage.setItem(OFF, off ? "yes" : "no");
}

const focusRow = () => document.querySelector(`[data-row="${at.value}"]`)?.focus();
const move = (by) => {
  at.value = Math.max(0, Math.min(rows.value.length - 1, at.value + by));
  focusRow();
};
const field = (name) => document.getElementById(`field-${name}`)?.focus();
const here = () => current.value !== null;
const working = () => here() && may("agent") && !current.value.merged_into;

/** Every action: its key, whether it can be done now, and what it does. */
export const ACTIONS = [
  ["next", "j", () => true, () => (here() ? step(1) : move(1))],
  ["previous", "k", () => true, () => (here() ? step(-1) : move(-1))],
  ["open", "Enter", () => !here() && rows.value[at.value], () => go(`case/${rows.value[at.value].id}`)],
  ["back", "u", here, () => go(list.value.path)],
  ["select", "x", () => !here() && rows.value[at.value], toggle],
  ["search", "/", () => true, () => document.getElementById("search")?.focus()],
  ["filter", "f", () => place.value.screen === "q", () => { filters.value = "filter"; }],
  ["reply", "r", here, () => composer.open("reply")],
  ["note", "n", here, () => composer.open("note")],
  ["assign", "a", here, () => field("assignee")],
  ["take", "", here, () => change(current.value, { assignee: me.value.email })],
  ["follow", "f", here, () => acting(() => follow(current.value))()],
  ["status", "s", here, () => field("status")],
  ["priority", "p", here, () => field("priority")],
  ["tags", "l", here, () => { dialog.value = "tags"; }],
  ["resolve", "e", here, async () => { const row = current.value; if (await change(row, { status: "resolved" })) next(row.id); }],
  ["macro", "m", here, () => { dialog.value = "macro"; }],
  ...[0, 1, 2].map((n) => [`use_${n + 1}`, String(n + 1), () => here() && composer.suggestion(n), () => composer.suggestion(n).use()]),
  ["attach", "", here, () => composer.attach()],
  ["snippet", "", () => here() && composer.chosen(), () => { keeping.value = composer.chosen(); }],
  ["snooze", "z", working, () => { dialog.value = "snooze"; }],
  ["handover", "h", working, () => { dialog.value = "handover"; }],
  ["merge", "", working, () => { dialog.value = "merge"; }],
  ["split", "", working, () => { dialog.value = "split"; }],
  ["link", "", working, () => { dialog.value = "link"; }],
  ["drafts", "g d", () => true, () => { palette.value = "drafts"; }],
  ["create", "c", () => true, () => go("new")],
  ["go_queue", "g q", () => true, () => go("q/queue")],
  ["go_mine", "", () => true, () => go("q/mine")],
  ["go_news", "g n", () => true, () => { dialog.value = "news"; }],
  ["go_trends", "g t", () => true, () => go("trends")],
  ["go_problems", "g p", () => true, () => go("problems")],
  ["go_campaigns", "g c", () => true, () => go("campaigns")],
  ["go_articles", "g a", () => true, () => go("articles")],
  ["go_insights", "g i", () => may("lead"), () => go("insights")],
  ["go_quarantine", "", () => may("agent"), () => go("quarantine")],
  ["go_settings", "g s", () => true, () => go("settings")],
  ["go_me", "", () => true, () => go("me")],
  ["keys", "?", () => true, () => { palette.value = "keys"; }],
];

function step(by) {
  const number = rows.value.findIndex((row) => row.id === current.value.id);
  const row = rows.value[number + by];
  if (row) { at.value = number + by; go(`case/${row.id}`); }
}

function toggle() {
  const id = rows.value[at.value].id;
  const set = new Set(ticked.value);
  if (!set.delete(id)) set.add(id);
  ticked.value = set;
}

const typing = (target) => target.matches?.("input, textarea, select, [contenteditable]") || target.closest?.("dialog");
let pending = "";
let forget = 0;

export function listen() {
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      palette.value = "actions";
      return;
    }
    if (keysOff.value || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const pressed = pending ? `${pending} ${event.key.toLowerCase()}` : event.key;
    clearTimeout(forget);
    pending = "";
    if (event.key === "g") {
      pending = "g";
      forget = setTimeout(() => { pending = ""; }, 1_500);
      return;
    }
    if (event.key === "Enter" && event.target.matches("a, button")) return;
    const found = ACTIONS.find(([, key, can]) => key && key === (key.length === 1 ? pressed.toLowerCase() : pressed) && can());
    if (found) {
      event.preventDefault();
      acting(found[3])();
    }
  });
}

const Drafts = lazy(() => import("./desk-lists.js").then((m) => m.Drafts));
const Keys = lazy(() => import("./desk-lists.js").then((m) => m.Keys));

export function Palette() {
  const close = () => { palette.value = ""; };
  if (palette.value === "drafts") return html`<${Drafts} close=${close} />`;
  if (palette.value === "keys") return html`<${Keys} close=${close} />`;
  if (!palette.value) return null;
  const actions = (text) => ACTIONS.filter(([name, , can]) => can() && t(`key.${name}`).toLowerCase().includes(text.toLowerCase()))
    .map((action) => ({ kind: "action", id: action[0], title: t(`key.${action[0]}`), key: action[1], run: action[3] }));
  const pick = (hit) => { close(); setTimeout(acting(() => (hit.run ? hit.run() : openHit(hit)))); };
  return html`<${Dialog} title=${t("palette.title")} onClose=${close}>
    <${Finder} id="palette" label=${t("palette.find")} actions=${actions} onPick=${pick} focused always
      onAll=${(text) => { close(); go(`search?q=${encodeURIComponent(text)}`); }} /><//>`;
}
