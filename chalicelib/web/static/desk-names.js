// How what a case refers to is called: topics, problems, the company's own fields, values.

import { get, Refused } from "./desk-api.js";
import { complain, exact, html, signal, t } from "./desk-ui.js";
import { nameOf, teamTitle } from "./desk-queue.js";
import { language } from "./words.js";

export const topics = signal(null);
export const ownFields = signal(null);
const problems = signal({}); // id → title, "" while it is asked for
let asked = false;

/** Load what names need, once. */
export async function loadNames() {
  if (asked) return;
  asked = true;
  try {
    const [about, fields] = await Promise.all([get("topics"), get("fields")]);
    topics.value = about.items;
    ownFields.value = fields.items;
  } catch (error) {
    asked = false;
    complain(error);
  }
}

/** A label by language: the reader's, else English, else any. */
export const inWords = (labels) => labels?.[language] || labels?.en || Object.values(labels || {})[0];
const own = (name) => ownFields.value?.find((field) => field.name === name);
export const choiceName = (field, value) =>
  inWords(field.choices.find((choice) => choice.value === value)?.label) || value;

/** How a field is called: one of ours, or fields.<name> of the company's own. */
export function fieldLabel(name) {
  if (name.startsWith("fields.")) {
    const field = own(name.slice(7));
    return field ? inWords(field.label) : name.slice(7);
  }
  if (name.startsWith("promises.")) return t(`promise.${name.slice(9)}`);
  const text = t(`field.${name}`);
  return text === `field.${name}` ? name : text;
}

/** A value of a field as it stands in the history, in words; a problem as a link. */
export function valueOf(name, value) {
  if (!value) return "–";
  switch (name) {
    case "status": return t(`state.${value}`);
    case "priority": return t(`priority.${value}`);
    case "assignee": return nameOf(value);
    case "team": return teamTitle(value);
    case "topic": return topics.value?.find((one) => one.label === value)?.name || value;
    case "spam": return t(value === "yes" ? "yes" : "no");
    case "snoozed_until": return exact(value);
    case "problem_id": return html`<${Problem} id=${value} />`;
    case "article": return html`<a href=${`./a/${value}`} target="_blank" rel="noopener">${value}</a>`;
  }
  if (name.startsWith("promises.")) return t(`promise_state.${value}`);
  if (name.startsWith("fields.")) {
    const field = own(name.slice(7));
    if (field?.type === "choice") return choiceName(field, value);
    if (field?.type === "bool") return t(value === "yes" ? "yes" : "no");
  }
  return value;
}

/** A problem by its title. */
export function Problem({ id }) {
  const title = problems.value[id];
  if (title === undefined) {
    problems.value = { ...problems.value, [id]: "" };
    get(`problems/${id}`).then(
      (found) => { problems.value = { ...problems.value, [id]: found.title }; },
      (error) => { if (!(error instanceof Refused)) complain(error); },
    );
  }
  return html`<a href=${`#/problems/${id}`} dir="auto">${title || t("case.problem_short")}</a>`;
}

/** A text in which the references of cases are links. */
export const linked = (text) => text.split(/(C-[0-9A-Z]{6})\b/).map((part, n) =>
  (n % 2 ? html`<a key=${n} href=${`#/case/${part}`}>${part}</a>` : part));
