// Beside a case: whose it is, what the machine understood, and what may solve it.

import { get, query } from "./desk-api.js";
import { complain, html, Loading, signal, t, useLoaded } from "./desk-ui.js";
import { current, dialog, fieldName, may } from "./desk-state.js";
import { composer } from "./desk-composer.js";
import { wanted } from "./desk-macros.js";

export function Aside({ row, alter }) {
  return html`<aside class="beside" aria-label=${t("case.beside")}>
    <${Customer} row=${row} />
    <${Understood} row=${row} alter=${alter} />
    <${Suggestions} row=${row} />
  </aside>`;
}

function Customer({ row }) {
  const state = useLoaded(() => Promise.all([
    get(`customers/${row.customer_id}`), get(`cases?customer=${row.customer_id}&limit=10`),
  ]), [row.customer_id]);
  return html`<section><h2>${t("case.customer")}</h2><${Loading} state=${state}>${([person, cases]) => html`
    <p><strong dir="auto">${person.name || t("case.unnamed")}</strong>
      ${person.attributes?.tier && html` <span class="tag">${person.attributes.tier}</span>`}
      ${person.provisional && html` <span class="tag">${t("case.provisional")}</span>`}</p>
    <ul class="plain quiet">${(person.identities || []).map((i) => html`<li key=${i.value} dir="auto">${i.value}
      ${i.verified ? "" : html`<span class="tag">${t("case.unproven")}</span>`}</li>`)}</ul>
    ${person.assets?.length > 0 && html`<h3>${t("case.assets")}</h3><ul class="plain">${person.assets.map((a) => html`
      <li key=${a.id || a.name} dir="auto">${[a.product || a.name || a.type, a.version, a.id].filter(Boolean).join(" · ")}</li>`)}</ul>`}
    <${Consent} person=${person} />
    <h3>${t("case.past")}</h3>
    <ul class="plain">${cases.items.filter((c) => c.id !== row.id).map((c) => html`<li key=${c.id}>
      <a href=${`#/case/${c.id}`} dir="auto">${c.reference} ${c.subject}</a> <span class="quiet">${t(`state.${c.status}`)}</span></li>`)}
      ${cases.items.length < 2 && html`<li class="quiet">${t("case.no_past")}</li>`}</ul>`}<//></section>`;
}

function Consent({ person }) {
  const given = Object.entries(person.consent || {}).filter(([, value]) => typeof value === "boolean");
  if (!given.length) return null;
  return html`<h3>${t("case.consent")}</h3><ul class="plain quiet">${given.map(([name, yes]) => html`<li key=${name}>${name}: ${t(yes ? "yes" : "no")}</li>`)}</ul>`;
}

function Understood({ row, alter }) {
  const topics = useLoaded(() => get("topics"), []);
  const reasons = Object.entries(row.reasons || {});
  return html`<section><h2>${t("case.understood")}</h2>
    ${may("agent") && topics.data && html`<label>${t("field.topic")} <select onChange=${(e) => alter({ topic: e.target.value || null })}>
      <option value="" selected=${!row.topic?.label}>–</option>
      ${topics.data.items.map((one) => html`<option value=${one.label} selected=${one.label === row.topic?.label}>${one.name}</option>`)}</select></label>`}
    ${row.topic?.label && html`<p class="quiet">${t("case.sure", { percent: Math.round((row.topic.confidence || 0) * 100) })}</p>`}
    <ul class="plain quiet">${reasons.map(([name, why]) => html`<li key=${name}><strong>${fieldName(name)}</strong> ${why}</li>`)}</ul>
    ${row.problem_id && html`<p><a href=${`#/problems/${row.problem_id}`}>${t("case.problem")}</a></p>`}
    ${row.sentiment && html`<p class="quiet">${t("case.sentiment")}: ${row.sentiment}</p>`}</section>`;
}

export const suggested = signal(null);

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
export const suggestion = (n) => suggested.value && offered(suggested.value).filter((one) => one.use)[n];

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
