// Beside a case: whose it is, what the machine understood, and what may solve it.

import { get } from "./desk-api.js";
import { complain, html, Loading, signal, t, useLoaded } from "./desk-ui.js";
import { fieldName, may } from "./desk-state.js";
import { composer } from "./desk-composer.js";

export function Aside({ row, alter }) {
  return html`<aside class="beside" aria-label=${t("case.beside")}>
    <${Customer} row=${row} />
    <${Understood} row=${row} alter=${alter} />
    <${Suggestions} row=${row} />
    ${may("agent") && ["resolved", "closed"].includes(row.status) && html`<p><a href=${`#/articles/new?case=${row.reference}`}>${t("case.to_article")}</a></p>`}
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
    ${found.articles.map((a, n) => html`<div class="card" key=${a.slug}><p><a href=${`./a/${a.slug}`} target="_blank" rel="noopener" dir="auto">${a.title}</a></p>
      <p class="quiet" dir="auto">${a.why || ""}</p>
      <button type="button" class="second" onClick=${() => cite(a)}>${t("case.use")}${n === 0 ? html` <kbd>I</kbd>` : ""}</button></div>`)}
    ${found.cases.map((c) => html`<div class="card" key=${c.case_id || c.id}><p><a href=${`#/case/${c.case_id || c.id}`} dir="auto">${c.reference} ${c.subject}</a></p>
      ${c.solution && html`<p class="clip" dir="auto">${c.solution}</p>`}<p class="quiet" dir="auto">${c.why || ""}</p>
      ${c.solution && html`<button type="button" class="second" onClick=${() => composer.insert(c.solution)}>${t("case.use")}</button>`}</div>`)}
    ${(found.macros || []).map((m) => html`<div class="card" key=${m.name}><p dir="auto">${m.title}</p>
      <p class="quiet">${m.why || ""}</p></div>`)}
    ${!found.articles.length && !found.cases.length && html`<p class="quiet">${t("case.no_suggestions")}</p>`}`}<//></section>`;
}

/** Put an article's answer at the cursor, with its address, and remember that it was cited. */
export async function cite(article) {
  try {
    const whole = await get(`help/articles/${article.slug}`);
    const steps = whole.steps.map((step, n) => `${n + 1}. ${step}`).join("\n");
    const address = new URL(`./a/${article.slug}`, location.href).href;
    composer.insert([whole.answer, steps, address].filter(Boolean).join("\n\n"), article.slug);
  } catch (error) {
    complain(error);
  }
}
