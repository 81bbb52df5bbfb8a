// Trends: too many customers with the same trouble, as cards with their plots, and each by itself.

import { get, patch, post, query } from "./desk-api.js";
import { acting, html, Loading, t, tell, Time, useLoaded, useState } from "./desk-ui.js";
import { go, may } from "./desk-state.js";
import { Ask, Facts, Filter, Head, Paged, percent, Pill, shown } from "./desk-boards.js";
import { HourPlot, Sparkline } from "./desk-plot.js";

const WEEK = 24 * 7;
export const LOOK = { active: "bad", ended: "good", dismissed: "" };
export const points = (trend) => trend.hours.map((hour) => ({ ...hour, seen: hour.cases }));
const name = (trend) => trend.title || trend.series;

export default ({ id }) => (id ? html`<${Trend} key=${id} id=${id} />` : html`<${Trends} />`);

function Trends() {
  const states = ["active", "ended", "dismissed"];
  const chosen = shown("all");
  return html`<section><${Head} title=${t("board.trends")} />
    <p class="quiet">${t("trend.what")}</p>
    <${Filter} label=${t("board.trends")} choices=${[["all", t("filter.all")], ...states.map((one) => [one, t(`trend.${one}`)])]} />
    <${Paged} keys=${[chosen]} empty=${t(chosen === "all" ? "trend.none" : "trend.none_such")} row=${(one) => html`<${Card} key=${one.id} trend=${one} />`}
      load=${(cursor) => get(`trends${query({ limit: 12, cursor, state: chosen === "all" ? "" : chosen })}`)} /></section>`;
}

function Card({ trend }) {
  return html`<article class="card tall"><p class="line"><${Pill} kind=${LOOK[trend.state]}>${t(`trend.${trend.state}`)}<//>
      ${trend.kind === "emerging" && html`<${Pill}>${t("trend.emerging")}<//>`}<span class="quiet"><${Time} at=${trend.started_at} /></span></p>
    <h2><a href=${`#/trends/${trend.id}`} dir="auto">${name(trend)}</a></h2>
    <${Sparkline} title=${name(trend)} points=${points(trend).slice(-WEEK)} />
    <p><strong>${t("trend.people", { customers: trend.customers, cases: trend.cases })}</strong></p>
    <p class="quiet">${t("trend.expected", { seen: trend.seen, expected: trend.expected.toFixed(1), hours: trend.window_hours })}</p>
    <${Terms} trend=${trend} />
    ${trend.problem_id && html`<p><a href=${`#/problems/${trend.problem_id}`}>${t("trend.to_problem")}</a></p>`}</article>`;
}

const Terms = ({ trend }) => trend.terms.length > 0 && html`<p class="line">${trend.terms.slice(0, 8).map((word) => html`<span key=${word} class="tag" dir="auto">${word}</span>`)}</p>`;

function Trend({ id }) {
  const state = useLoaded(() => get(`trends/${id}`), [id]);
  const [asking, setAsking] = useState(false);
  const move = acting(async (fields, version) => { await patch(`trends/${id}`, fields, version); state.reload(); });
  const back = (version) => move({ state: "active" }, version);
  const dismiss = acting(async (reason) => {
    const after = await patch(`trends/${id}`, { state: "dismissed", reason }, state.data.version);
    state.reload();
    tell(t("trend.dismissed_done"), { seconds: 20, action: { label: t("desk.undo"), run: async () => { await patch(`trends/${id}`, { state: "active" }, after.version); state.reload(); } } });
  });
  const open = acting(async () => { const made = await post("problems", { trend_id: id }); go(`problems/${made.id}`); });
  return html`<section><${Loading} state=${state}>${(trend) => html`
    <${Head} title=${name(trend)} back="trends">
      ${trend.problem_id ? html`<a class="button" href=${`#/problems/${trend.problem_id}`}>${t("trend.to_problem")}</a>`
        : may("agent") && html`<button type="button" onClick=${open}>${t("trend.open_problem")}</button>`}
      ${may("lead") && trend.state === "active" && html`<button type="button" class="second" onClick=${() => setAsking(true)}>${t("trend.dismiss")}</button>`}
      ${may("lead") && trend.state === "dismissed" && html`<button type="button" class="second" onClick=${() => back(trend.version)}>${t("trend.take_back")}</button>`}<//>
    <p class="line"><${Pill} kind=${LOOK[trend.state]}>${t(`trend.${trend.state}`)}<//> <span>${t("trend.since")} <${Time} at=${trend.started_at} /></span>
      ${trend.ended_at && html`<span>${t("trend.ended")} <${Time} at=${trend.ended_at} /></span>`}
      ${trend.calm_since && trend.state === "active" && html`<span>${t("trend.calm")} <${Time} at=${trend.calm_since} /></span>`}</p>
    ${trend.dismissed_reason && html`<p class="note-box" dir="auto">${trend.dismissed_reason}</p>`}
    ${trend.rule === "cautious" && html`<p class="warn-box">${t("trend.cautious")}</p>`}
    <${Facts} items=${[[t("figure.customers"), trend.customers], [t("figure.cases"), trend.cases],
      [t("plot.seen"), trend.seen, t("trend.in_hours", { hours: trend.window_hours })], [t("plot.expected"), trend.expected.toFixed(1)],
      [t("trend.times"), trend.lift ? `×${trend.lift >= 10 ? Math.round(trend.lift) : trend.lift.toFixed(1)}` : null],
      [t("trend.real"), trend.confidence === null ? null : trend.confidence > 0.999 ? "> 99.9 %" : percent(trend.confidence), t("trend.real_note")]]} />
    <${HourPlot} title=${name(trend)} points=${points(trend)} />
    <${Terms} trend=${trend} />
    <div class="two"><div>${trend.lifts.length > 0 && html`<h2>${t("trend.lifts")}</h2><${Lifts} lifts=${trend.lifts} />`}</div>
      <div><h2>${t("trend.examples")}</h2><ul class="plain">${trend.example_case_ids.map((one) => html`<li key=${one}><${Example} id=${one} /></li>`)}</ul></div></div>
    ${asking && html`<${Ask} title=${t("trend.dismiss")} text=${t("trend.dismiss_means")} label=${t("trend.why")} button=${t("trend.dismiss")} onClose=${() => setAsking(false)} onDone=${dismiss} />`}`}<//></section>`;
}

/** What those affected have, beside how many of all have it: two bars a row. */
function Lifts({ lifts }) {
  return html`<table class="lifts"><thead><tr><th scope="col">${t("trend.attribute")}</th><th scope="col" class="number">${t("trend.affected")}</th><th scope="col" class="number">${t("trend.usual")}</th><th scope="col"><span class="aside">${t("trend.compared")}</span></th></tr></thead>
    <tbody>${lifts.map((one) => html`<tr key=${one.attribute + one.value}><th scope="row" dir="auto"><span class="quiet">${one.attribute}</span> ${one.value}</th>
      <td class="number">${percent(one.share)} <small class="quiet">${one.seen}/${one.of}</small></td><td class="number">${percent(one.base_share)}</td>
      <td class="bars"><svg viewBox="0 0 100 18" preserveAspectRatio="none" aria-hidden="true"><rect class="seen" width=${100 * one.share} height="8" /><rect class="usual" y="10" width=${100 * (one.base_share || 0)} height="8" /></svg></td></tr>`)}</tbody></table>
    ${lifts[0].base && html`<p class="quiet">${t("trend.usual_of", { base: lifts[0].base, count: lifts[0].base_customers })}</p>`}`;
}

export function Example({ id }) {
  const state = useLoaded(() => get(`cases/${id}`), [id]);
  if (!state.data) return html`<a href=${`#/case/${id}`}>${id}</a>`;
  return html`<a href=${`#/case/${id}`} dir="auto">${state.data.reference} ${state.data.subject}</a> <span class="quiet clip" dir="auto">${state.data.last_message}</span>`;
}
