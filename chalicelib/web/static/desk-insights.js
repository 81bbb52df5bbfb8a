// Insights: what was promised and kept, what articles spared, what engines cost and models learnt.

import { get, post, query } from "./desk-api.js";
import { acting, exact, html, Loading, t, tell, Time, useEffect, useLoaded, useState } from "./desk-ui.js";
import { may, teams } from "./desk-state.js";
import { Ask, dollars, Facts, Filter, Head, Input, Paged, percent, Pill, shown } from "./desk-boards.js";
import { Columns, Intervals } from "./desk-plot.js";
import { language } from "./words.js";

const PAGES = ["promises", "help", "engines", "models"];
const day = (moment) => moment.toISOString().slice(0, 10);
const before = (days) => day(new Date(Date.now() - days * 86_400_000));

export default () => {
  const chosen = shown("promises");
  const part = { promises: Promises, help: Help, engines: Engines, models: Models }[chosen] || Promises;
  if (!may("lead")) return html`<section><${Head} title=${t("board.insights")} /><p class="empty">${t("insight.leads")}</p></section>`;
  return html`<section><${Head} title=${t("board.insights")} /><${Filter} label=${t("board.insights")} choices=${PAGES.map((one) => [one, t(`insight.${one}`)])} /><${part} /></section>`;
};

// --- promises -----------------------------------------------------------------------------------

const CLOCKS = ["first_reply", "next_reply", "resolution"];

function Promises() {
  const [by, setBy] = useState("policy");
  const [days, setDays] = useState(30);
  const topics = useLoaded(() => get("topics"), []);
  const state = useLoaded(() => get(`promises/attainment${query({ by, since: before(days - 1), until: day(new Date()) })}`), [by, days]);
  const name = (value) => (!value ? t("insight.none") : by === "team" ? teams.value.find((one) => one.name === value)?.title || value
    : by === "topic" ? topics.data?.items.find((one) => one.label === value)?.name || value : value);
  return html`<div class="line controls"><${Input} label=${t("insight.by")} path="by" value=${by} onInput=${setBy} options=${["policy", "team", "topic"].map((one) => [one, t(`insight.by_${one}`)])} />
      <${Input} label=${t("insight.time")} path="days" value=${days} onInput=${(given) => setDays(Number(given))} options=${[7, 30, 90, 365].map((one) => [one, t("span.days", { count: one })])} /></div>
    <${Loading} state=${state}>${(found) => html`
      <${Facts} items=${CLOCKS.map((clock) => [t(`promise.${clock}`), percent(found.total[clock].share), found.total[clock].share === null ? "" : `${percent(found.total[clock].low)} … ${percent(found.total[clock].high)}`])} />
      ${CLOCKS.map((clock) => html`<h2 key=${clock}>${t(`promise.${clock}`)}</h2><${Kept} key=${`${clock}-plot`} title=${`${t(`promise.${clock}`)}: ${t("insight.kept")}`} rows=${found.items.map((one) => [name(one.value), one[clock]])} first=${t(`insight.by_${by}`)} />`)}
      <h2>${t("insight.months")}</h2><${Months} />
      ${Object.keys(found.total.excluded).length > 0 && html`<h2>${t("insight.excluded")}</h2><ul class="plain">${Object.entries(found.total.excluded).map(([why, count]) => html`<li key=${why}><strong>${count}</strong> ${t(`unkept.${why}`)}</li>`)}</ul>`}`}<//>`;
}

const Kept = ({ title, rows, first }) => html`<${Intervals} title=${title} words=${t("insight.kept_words")} most=${1} show=${percent} names=${[first, t("insight.decided"), t("insight.kept")]}
  rows=${rows.map(([label, one]) => ({ label, note: `${one.met}/${one.met + one.missed}`, value: one.share, low: one.low, high: one.high }))} />`;

function Months() {
  const state = useLoaded(() => {
    const now = new Date();
    return Promise.all([5, 4, 3, 2, 1, 0].map(async (ago) => {
      const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago, 1));
      const until = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 0));
      const found = await get(`promises/attainment${query({ since: day(from), until: day(until < now ? until : now) })}`);
      return [new Intl.DateTimeFormat(language, { month: "short", year: "numeric", timeZone: "UTC" }).format(from), found.total.first_reply];
    }));
  }, []);
  return html`<${Loading} state=${state}>${(rows) => html`<${Kept} title=${t("insight.months")} rows=${rows} first=${t("insight.month")} />`}<//>`;
}

// --- the help centre ----------------------------------------------------------------------------

const BECAME = ["asked", "answered", "confirmed", "not_helped", "unknown", "handed_over", "unanswered", "followed", "open"];

function Help() {
  const [days, setDays] = useState(30);
  const state = useLoaded(() => get(`help/figures${query({ since: before(days - 1), until: day(new Date()) })}`), [days]);
  return html`<div class="line controls"><${Input} label=${t("insight.time")} path="days" value=${days} onInput=${(given) => setDays(Number(given))} options=${[7, 30, 90, 365].map((one) => [one, t("span.days", { count: one })])} /></div>
    <${Loading} state=${state}>${(found) => html`<${Facts} items=${[[t("help.deflection"), percent(found.deflection.value), found.deflection.of ? `${percent(found.deflection.low)} … ${percent(found.deflection.high)}` : t("help.nobody_asked")], ...BECAME.map((name) => [t(`help.${name}`), found[name]])]} />
      <${Intervals} title=${t("help.deflection")} words=${t("help.deflection_words")} most=${1} show=${percent} names=${["", t("help.asked"), t("help.share")]}
        rows=${[["deflection", found.deflection], ["at_most", found.at_most]].map(([name, rate]) => ({ label: t(`help.${name}`), note: rate.of, value: rate.value, low: rate.low, high: rate.high }))} />
      <ul class="quiet">${found.not_counted.map((line) => html`<li key=${line}>${line}</li>`)}</ul>
      ${found.articles.length > 0 && html`<h2>${t("board.articles")}</h2><div class="scroll" tabindex="0" role="region" aria-label=${t("board.articles")}><table><thead><tr><th scope="col">${t("board.articles")}</th>${["shown", "helped", "not_helped", "sent", "credited"].map((name) => html`<th key=${name} scope="col" class="number">${t(`help.by_${name}`)}</th>`)}</tr></thead>
        <tbody>${found.articles.map((one) => html`<tr key=${one.slug}><th scope="row"><a href=${`#/articles/${one.slug}`}>${one.slug}</a></th>${["shown", "helped", "not_helped", "sent", "credited"].map((name) => html`<td key=${name} class="number">${one[name]}</td>`)}</tr>`)}</tbody></table></div>`}
      ${found.wording.dollars > 0 && html`<p class="quiet">${t("help.wording", { dollars: dollars(found.wording.dollars) })}</p>`}`}<//>`;
}

// --- engines and what they cost -----------------------------------------------------------------

function Engines() {
  const [month, setMonth] = useState(new Date().toISOString().slice(0, 7));
  const costs = useLoaded(() => get(`costs${query({ month })}`), [month]);
  const report = useLoaded(() => get("engines"), []);
  return html`<${Loading} state=${report}>${(found) => html`<h2>${t("engine.decides")}</h2><p><strong>${t(`engine.${found.engines.topic}`)}</strong> ${found.engines.shadow && html`<${Pill}>${t("engine.shadow")}<//>`}</p>
      ${found.comparison.cases ? html`<${Versus} comparison=${found.comparison} />` : html`<p class="quiet">${t("engine.nothing_compared")}</p>`}`}<//>
    <h2>${t("engine.costs")}</h2><div class="line controls"><${Input} type="month" label=${t("insight.month")} path="month" value=${month} onInput=${(given) => given && setMonth(given)} /></div>
    <${Loading} state=${costs}>${(found) => {
      const kinds = [...new Set(found.lines.map((line) => line.kind))];
      const byDay = [...new Set(found.lines.map((line) => line.date))].map((date) => [date.slice(5), found.lines.filter((line) => line.date === date).reduce((sum, line) => sum + line.dollars, 0)]);
      return html`<${Facts} items=${[[t("engine.month"), dollars(found.dollars)], [t("engine.endpoint"), found.endpoint_dollars_a_day ? dollars(found.endpoint_dollars_a_day) : null, t("engine.a_day")],
          ...kinds.map((kind) => { const mine = found.lines.filter((line) => line.kind === kind); return [t(`paid.${kind}`), dollars(mine.reduce((sum, line) => sum + line.dollars, 0)), t("engine.calls", { count: mine.reduce((sum, line) => sum + line.calls, 0) })]; })]} />
        <${Columns} title=${t("engine.costs")} words=${t("engine.costs_words", { dollars: dollars(found.dollars) })} first=${t("insight.day")} rows=${byDay} kinds=${[["seen", t("engine.dollars")]]} show=${dollars} />`;
    }}<//>`;
}

function Versus({ comparison: one }) {
  const rows = ["coverage", "right", "right_when_uttered", "right_on_corrections"];
  return html`<p>${t("engine.compared", { cases: one.cases, known: one.known, percent: percent(one.agreement) })}</p><table><thead><tr><th scope="col"></th><th scope="col" class="number">${t("engine.own")}</th><th scope="col" class="number">Comprehend</th></tr></thead>
    <tbody>${rows.map((name) => html`<tr key=${name}><th scope="row">${t(`engine.${name}`)}</th><td class="number">${percent(one.own?.[name])}</td><td class="number">${percent(one.comprehend?.[name])}</td></tr>`)}
      <tr><th scope="row">${t("engine.per_1000")}</th><td class="number">${one.own ? dollars(one.own.dollars_per_1000) : "–"}</td><td class="number">${one.comprehend ? dollars(one.comprehend.dollars_per_1000) : "–"}</td></tr></tbody></table>
    ${one.difference && html`<${Gap} title=${t("engine.difference")} rows=${[[t("engine.difference"), one.difference]]} />`}`;
}

const points = (value) => (value === null || value === undefined ? "–" : `${value > 0 ? "+" : ""}${Math.round(value * 1000) / 10}`);
function Gap({ title, rows }) {
  const most = Math.max(0.05, ...rows.flatMap(([, one]) => [Math.abs(one.low), Math.abs(one.high)]));
  return html`<${Intervals} title=${title} words=${t("model.gap_words")} least=${-most} most=${most} mark=${0} show=${points} names=${["", t("model.texts"), t("model.gap")]}
    rows=${rows.map(([label, one]) => ({ label, note: one.texts, value: one.difference, low: one.low, high: one.high }))} />`;
}

// --- models -------------------------------------------------------------------------------------

const LOOK = { requested: "busy", training: "busy", in_use: "good", refused: "bad", retired: "", failed: "bad" };

function Models() {
  const [kind, setKind] = useState("topic");
  const [round, setRound] = useState(0);
  const [seen, setSeen] = useState([]);
  const again = () => setRound((n) => n + 1);
  const busy = seen.some((one) => ["requested", "training"].includes(one.state));
  useEffect(() => {
    if (!busy) return undefined;
    const timer = setTimeout(again, 4_000);
    return () => clearTimeout(timer);
  }, [busy, round]);
  const train = acting(async () => { await post("models", { kind }); tell(t("model.asked")); again(); });
  const load = async (cursor) => { const page = await get(`models${query({ kind, limit: 10, cursor })}`); if (!cursor) setSeen(page.items); return page; };
  const compared = seen.filter((one) => one.comparison).slice(0, 8);
  return html`<p class="quiet">${t("model.what")}</p><div class="line controls"><${Input} label=${t("model.kind")} path="kind" value=${kind} onInput=${setKind} options=${["topic", "comprehend"].map((one) => [one, t(`model.kind_${one}`)])} />
      <button type="button" disabled=${busy} onClick=${train}>${t("model.train")}</button></div>
    ${compared.length > 0 && html`<h2>${t("model.gains")}</h2><${Gap} title=${t("model.gains")} rows=${compared.map((one) => [exact(one.created_at), one.comparison])} />`}
    <${Paged} keys=${[kind, round]} many="stack" empty=${t("model.none")} load=${load} row=${(one) => html`<${Model} key=${one.id} model=${one} done=${again} />`} />`;
}

function Model({ model: one, done }) {
  const [asking, setAsking] = useState(false);
  const promote = acting(async () => { await post(`models/${one.id}/promote`, undefined); tell(t("model.promoted")); done(); });
  const f = one.figures;
  return html`<article class="card"><p class="line"><${Pill} kind=${LOOK[one.state]}>${t(`model.${one.state}`)}<//><strong><${Time} at=${one.created_at} /></strong><span class="quiet">${one.requested_by || t("case.system")}</span></p>
    <p dir="auto">${one.reason || one.progress}</p>
    <${Facts} items=${[...(f ? [[t("model.accuracy"), percent(f.accuracy), t("model.of_texts", { count: f.texts })], [t("model.coverage"), percent(f.coverage)], [t("model.uttered"), percent(f.right_when_uttered)], [t("model.calibration"), percent(f.calibration_error)]] : []),
      ...(one.classifier ? [[t("model.accuracy"), percent(one.classifier.accuracy)], ["F1", percent(one.classifier.f1)]] : []), ...Object.entries(one.examples).map(([origin, count]) => [t(`origin.${origin}`), count])]} />
    ${f && html`<details><summary>${t("model.more")}</summary>
      ${f.bins.length > 0 && html`<h3>${t("model.bins")}</h3><${Columns} title=${t("model.bins")} words=${t("model.bins_words")} first=${t("model.confidence")} rows=${f.bins.map((bin) => [percent(bin.confidence), bin.confidence, bin.right])} show=${percent} kinds=${[["usual", t("model.confidence")], ["seen", t("model.right")]]} />`}
      ${f.confusion.length > 0 && html`<h3>${t("model.confusion")}</h3><ul class="plain">${f.confusion.slice(0, 12).map((pair) => html`<li key=${pair.label + pair.guess}><strong>${pair.texts}</strong> ${pair.label} → ${pair.guess}</li>`)}</ul>`}
      <${Doubts} model=${one} /></details>`}
    ${["refused", "retired"].includes(one.state) && html`<p class="actions"><button type="button" class="second" onClick=${() => setAsking(true)}>${t("model.promote")}</button></p>`}
    ${asking && html`<${Ask} title=${t("model.promote")} text=${t("model.promote_means")} label="" button=${t("model.promote")} onClose=${() => setAsking(false)} onDone=${promote} />`}</article>`;
}

/** What speaks against an example, or against whoever gave it. */
const Doubts = ({ model: one }) => html`${one.suspicious.map((who) => html`<p class="warn-box" key=${who.by}>${t("model.suspicious", { by: who.by, doubtful: who.doubtful, labels: who.labels })}</p>`)}
  ${one.bursts.map((burst) => html`<p class="warn-box" key=${burst.by + burst.since}>${t("model.burst", { by: burst.by, labels: burst.labels, label: burst.most_frequent })} <${Time} at=${burst.since} /></p>`)}
  ${one.doubts.length > 0 && html`<h3>${t("model.doubts")}</h3><ul class="plain">${one.doubts.slice(0, 10).map((doubt) => html`<li key=${doubt.id}>${doubt.by}: ${doubt.label} (${t("model.rather", { label: doubt.guess })})</li>`)}</ul>`}
  ${one.contradictions.length > 0 && html`<h3>${t("model.contradictions")}</h3><ul class="plain">${one.contradictions.slice(0, 10).map((pair) => html`<li key=${pair.text} dir="auto">${pair.labels.join(" / ")}: <span class="quiet">${pair.text.slice(0, 120)}</span></li>`)}</ul>`}`;
