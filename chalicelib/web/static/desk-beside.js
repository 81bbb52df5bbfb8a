// Beside a case: whose it is, what the machine understood, the company's own fields, other cases
// that it has to do with, and what may solve it.

import { get, post, query } from "./desk-api.js";
import { acting, complain, html, Loading, signal, t, useLoaded } from "./desk-ui.js";
import { composer, current, dialog, fieldName, may, took } from "./desk-state.js";
import { Customer } from "./desk-customer.js";
import { wanted } from "./desk-snippets.js";
import { choiceName, inWords, ownFields, Problem, topics } from "./desk-names.js";

export function Aside({ row, alter }) {
  return html`<aside class="beside" aria-label=${t("case.beside")}>
    <${Customer} row=${row} />
    <${OwnFields} row=${row} alter=${alter} />
    <${Understood} row=${row} alter=${alter} />
    <${Links} row=${row} />
    <${Suggestions} row=${row} />
    ${may("agent") && ["resolved", "closed"].includes(row.status) && html`<p><a href=${`#/articles/new?case=${row.reference}`}>${t("case.to_article")}</a></p>`}
  </aside>`;
}

// --- the company's own fields --------------------------------------------------------------------

const belongs = (field, row) => (!field.topics.length || field.topics.includes(row.topic?.label))
  && (!field.teams.length || field.teams.includes(row.team));

function OwnFields({ row, alter }) {
  const fields = (ownFields.value || []).filter((field) => field.name in row.fields || belongs(field, row));
  const known = new Set((ownFields.value || []).map((field) => field.name));
  const strays = ownFields.value ? Object.keys(row.fields).filter((name) => !known.has(name)) : [];
  if (!fields.length && !strays.length) return null;
  const set = (name, value) => alter({ fields: { [name]: value === "" ? null : value } });
  return html`<section><h2>${t("case.fields")}</h2><div class="own-fields">
    ${fields.map((field) => html`<${OwnField} key=${`${row.id} ${field.name}`} field=${field} value=${row.fields[field.name]} set=${set} />`)}
    ${strays.map((name) => html`<p key=${name}><span class="quiet">${name}</span> <span dir="auto">${String(row.fields[name])}</span>
      ${may("agent") && html` <button type="button" class="link" onClick=${() => set(name, "")}>${t("case.take_away")}</button>`}</p>`)}</div></section>`;
}

const INPUTS = { number: "number", date: "date", email: "email", phone: "tel" };

function OwnField({ field, value, set }) {
  const id = `own-${field.name}`;
  const off = !may("agent");
  const label = html`${inWords(field.label)}${field.to_resolve && value === undefined ? html` <span class="tag">${t("case.to_resolve")}</span>` : ""}`;
  if (field.type === "bool" || field.type === "choice") {
    const choices = field.type === "bool" ? [["true", t("yes")], ["false", t("no")]]
      : field.choices.map((one) => [one.value, choiceName(field, one.value)]);
    const now = value === undefined ? "" : String(value);
    return html`<label for=${id}>${label}</label><select id=${id} disabled=${off} onChange=${(e) => set(field.name, e.target.value)}>
      <option value="" selected=${now === ""}>–</option>
      ${choices.map(([one, name]) => html`<option key=${one} value=${one} selected=${one === now}>${name}</option>`)}</select>`;
  }
  const keep = (event) => {
    const given = event.target.value.trim();
    if (event.target.validity.valid && given !== String(value ?? "")) set(field.name, given);
  };
  return html`<label for=${id}>${label}</label><input id=${id} dir="auto" disabled=${off} type=${INPUTS[field.type] || "text"} step="any"
    maxlength=${field.max_length} defaultValue=${value ?? ""} key=${`${value}`} onBlur=${keep}
    onKeyDown=${(e) => { if (e.key === "Enter") e.target.blur(); }} />`;
}

// --- other cases ---------------------------------------------------------------------------------

function Links({ row }) {
  const linked = row.links.map((link) => ({ ...link, own: true }));
  const about = new Set(linked.map((link) => link.case_id));
  const all = [...linked, ...row.related.filter((id) => !about.has(id)).map((id) => ({ case_id: id, kind: "related" }))];
  const state = useLoaded(async () => {
    const found = await Promise.all(all.slice(0, 30).map((link) => get(`cases/${link.case_id}`).catch(() => null)));
    return all.map((link, n) => ({ ...link, other: found[n] })).filter((link) => link.other);
  }, [all.map((link) => link.kind + link.case_id).join(" ")]);
  const remove = (link) => acting(async () => {
    const given = { to: link.case_id, kind: link.kind };
    took(await post(`cases/${row.id}/link`, { ...given, remove: true }));
    document.getElementById("case-title")?.focus();
  })();
  if (!all.length) return null;
  return html`<section><h2>${t("case.links")}</h2><${Loading} state=${state}>${(found) => html`<ul class="plain">${found.map((link) => html`
    <li key=${link.kind + link.case_id}><span class="quiet">${t(`link.${link.kind}`)}</span> <a href=${`#/case/${link.case_id}`} dir="auto">${link.other.reference} ${link.other.subject}</a> <span class=${`state ${link.other.status}`}>${t(`state.${link.other.status}`)}</span>
    ${link.own && may("agent") && html` <button type="button" class="link" aria-label=${t("link.remove", { reference: link.other.reference })} onClick=${() => remove(link)}>${t("case.take_away")}</button>`}</li>`)}</ul>`}<//>
    ${may("agent") && !row.merged_into && html`<button type="button" class="second" onClick=${() => { dialog.value = "link"; }}>${t("key.link")}</button>`}</section>`;
}

function Understood({ row, alter }) {
  const reasons = Object.entries(row.reasons || {});
  return html`<section><h2>${t("case.understood")}</h2>
    ${may("agent") && topics.value && html`<label>${t("field.topic")} <select onChange=${(e) => alter({ topic: e.target.value || null })}>
      <option value="" selected=${!row.topic?.label}>–</option>
      ${topics.value.map((one) => html`<option value=${one.label} selected=${one.label === row.topic?.label}>${one.name}</option>`)}</select></label>`}
    ${row.topic?.label && html`<p class="quiet">${t("case.sure", { percent: Math.round((row.topic.confidence || 0) * 100) })}</p>`}
    <ul class="plain quiet">${reasons.map(([name, why]) => html`<li key=${name}><strong>${fieldName(name)}</strong> ${why}</li>`)}</ul>
    ${row.problem_id && html`<p>${t("case.problem")}: <${Problem} id=${row.problem_id} /></p>`}
    ${row.sentiment && html`<p class="quiet">${t("case.sentiment")}: ${row.sentiment}</p>`}</section>`;
}

const suggested = signal(null);

function Suggestions({ row }) {
  const state = useLoaded(async () => {
    suggested.value = null;
    suggested.value = await get(`cases/${row.id}/suggestions`);
    return suggested.value;
  }, [row.id]);
  return html`<section><h2>${t("case.suggestions")}</h2><${Loading} state=${state}>${(found) => html`
    ${offered(found).map((one, n) => html`<div class="card" key=${one.key}><p>${one.href
        ? html`<a href=${one.href} target=${one.kind === "article" ? "_blank" : null} rel="noopener" dir="auto">${one.title}</a>` : html`<strong dir="auto">${one.title}</strong>`}
        ${one.kind === "macro" && html` <span class="tag">${t("composer.macro")}</span>`}${one.duplicate && html` <span class="tag">${t("case.duplicate")}</span>`}</p>
      ${one.text && html`<p class="clip" dir="auto">${one.text}</p>`}
      <p class="quiet" dir="auto">${one.score.toFixed(2)} · ${one.why}</p>
      ${one.use && may("agent") && html`<button type="button" class="second" onClick=${one.use}>${t(one.kind === "article" ? "case.cite" : "case.use")}${n < 3 && html` <kbd>${n + 1}</kbd>`}</button>`}</div>`)}
    ${!offered(found).length && html`<p class="quiet">${t("case.no_suggestions")}</p>`}`}<//></section>`;
}

/** What may help, best kind first: what can be used comes before what can only be looked at. */
function offered(found) {
  const articles = found.articles.map((a) => ({ ...a, kind: "article", key: a.slug, href: `./a/${a.slug}`, use: () => cite(a) }));
  const cases = found.cases.map((c) => ({ ...c, kind: "case", key: c.id, href: `#/case/${c.id}`, title: `${c.reference} ${c.subject}`, text: c.solved_with,
    use: c.solved_with ? () => composer.insert(c.solved_with, true) : null }));
  const macros = found.macros.map((m) => ({ ...m, kind: "macro", key: `/${m.name}`, use: () => { wanted.value = m.name; dialog.value = "macro"; } }));
  const all = [...articles, ...macros, ...cases];
  return [...all.filter((one) => one.use), ...all.filter((one) => !one.use)];
}

/** What stands behind the keys 1 to 3. */
composer.suggestion = (n) => suggested.value && offered(suggested.value).filter((one) => one.use)[n];

/** Put an article's answer at the cursor in the customer's language, with its address, as cited. */
async function cite(article) {
  try {
    const whole = await get(`help/articles/${article.slug}${query({ language: current.value?.language })}`);
    const steps = whole.steps.map((step, n) => `${n + 1}. ${step}`).join("\n");
    const address = new URL(`./a/${article.slug}`, location.href).href;
    composer.insert([whole.answer, steps, address].filter(Boolean).join("\n\n"), true);
    composer.cite({ slug: article.slug, title: whole.title });
  } catch (error) {
    complain(error);
  }
}
