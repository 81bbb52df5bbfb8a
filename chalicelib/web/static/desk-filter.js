// By what a list is narrowed: the filters as chips. Their dialogs are in desk-filters.js.

import { get, patch } from "./desk-api.js";
import { acting, html, lazy, signal, t, useEffect } from "./desk-ui.js";
import { agents, fieldName, go, list, loadViews, may, me, pathOf, rows, teams } from "./desk-state.js";

const SEVERAL = ["status", "priority"];
const CHIPS = ["status", "priority", "team", "assignee", "topic", "tag", "channel", "language", "problem", "customer", "q"];

/** Which of the dialogs is open: filter, save, organise. */
export const open = signal("");
const part = (name) => () => import("./desk-filters.js").then((m) => m[name]);
const Choose = lazy(part("Choose"));
const Save = lazy(part("Save"));
export const Organise = lazy(part("Organise"));
export const organise = () => { open.value = "organise"; };

export const topics = signal([]);
export const problems = signal([]);
let asked = false;
/** Names of topics and problems, asked for when a filter needs them. */
export async function names() {
  if (asked) return;
  asked = true;
  try {
    const [known, troubles] = await Promise.all([get("topics"), get("problems?limit=50")]);
    topics.value = known.items;
    problems.value = troubles.items;
  } catch {
    asked = false; // names are shown as they are; the next filter asks again
  }
}

const none = (value) => value === "any" || value === "*" || !value;
export const chosen = (name, value) => (SEVERAL.includes(name) ? value.split(",").filter(Boolean) : [value]);

/** What the view of that name lists by itself, named as in an address. */
function base(known) {
  const found = {};
  for (const [name, value] of Object.entries(known?.filter || {})) {
    const text = Array.isArray(value) ? value.join(",") : value;
    if (text) found[name === "text" ? "q" : name] = text;
  }
  return found;
}

/** The address's part for these wishes: what the view has already is left out. */
export function beside(known, wishes) {
  const own = base(known);
  const filters = {};
  for (const name of [...CHIPS, "order"]) {
    const value = (wishes[name] || "").trim();
    if (value === (own[name] || "")) continue;
    if (value) filters[name] = value;
    else if (name !== "order") filters[name] = name === "q" ? "*" : "any";
  }
  return filters;
}

const wished = (known) => {
  const all = { ...base(known), ...list.value.filters };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => !none(value)));
};

/** How a value of a filter is called. */
export function called(name, value) {
  if (name === "status") return t(`state.${value}`);
  if (name === "priority" || name === "channel") return t(`${name}.${value}`);
  if (value === "none") return t("filter.none");
  if (name === "team") return teams.value.find((one) => one.name === value)?.title || value;
  if (name === "assignee") return value === "me" || value === me.value.email ? t("desk.me") : agents.value.find((one) => one.email === value)?.name || value;
  if (name === "topic") return topics.value.find((one) => one.label === value)?.name || value;
  if (name === "problem") return problems.value.find((one) => one.id === value)?.title || value;
  if (name === "customer") return rows.value[0]?.customer_name || rows.value[0]?.reply_to || "…";
  if (name === "language") return languageName(value);
  return name === "q" ? `“${value}”` : value;
}

function languageName(code) {
  try { return new Intl.DisplayNames(document.documentElement.lang, { type: "language" }).of(code); } catch { return code; }
}

export const label = (name) => (name === "problem" ? fieldName("problem_id") : ["q", "tag", "channel", "customer", "order"].includes(name) ? t(`filter.${name}`) : fieldName(name));

export function FilterBar({ known }) {
  const wishes = wished(known);
  const shown = CHIPS.filter((name) => wishes[name] && !(known?.owner === "all" && !list.value.filters[name]));
  useEffect(() => { if (shown.some((name) => ["topic", "problem"].includes(name))) names(); }, [list.value.path]);
  const without = (name) => pathOf(list.value.name, beside(known, { ...wishes, [name]: "" }));
  const changed = Object.keys(list.value.filters).length > 0;
  const mine = known && ["me", "team"].includes(known.owner) && may("agent");
  return html`<div class="filters" role="group" aria-label=${t("filter.title")}>
    ${shown.map((name) => html`<a key=${name} class="chip" href=${`#/${without(name)}`} title=${t("filter.remove")}>
      <span class="aside">${t("filter.remove")} </span><span>${label(name)}: <b dir="auto">${chosen(name, wishes[name]).map((value) => called(name, value)).join(", ")}</b></span>
      <span aria-hidden="true">×</span></a>`)}
    <button type="button" class="second" onClick=${() => { open.value = "filter"; }}>${t("filter.open")} <kbd>F</kbd></button>
    ${changed && may("agent") && html`
      ${mine && html`<button type="button" class="second" onClick=${acting(async () => {
        await patch(`views/${known.name}`, { filter: filterOf(wishes) });
        await loadViews();
        go(pathOf(known.name, {}));
      })}>${t("views.update")}</button>`}
      <button type="button" class="second" onClick=${() => { open.value = "save"; }}>${t("views.save")}</button>
      <a href=${`#/${pathOf(list.value.name, {})}`}>${t("filter.clear")}</a>`}
    ${open.value === "filter" && html`<${Choose} known=${known} wishes=${wishes} />`}
    ${open.value === "save" && html`<${Save} wishes=${wishes} />`}
  </div>`;
}


/** The wishes as the API keeps them. */
export function filterOf(wishes) {
  const { q = "", status = "", priority = "", customer, ...rest } = wishes;
  return { ...rest, text: q, status: chosen("status", status), priority: chosen("priority", priority) };
}
