// Notices to customers: which there are, and one: a draft, or how far it has come.

import { get, post, query } from "./desk-api.js";
import { acting, complain, html, Loading, t, Time, useEffect, useLoaded, useState } from "./desk-ui.js";
import { go } from "./desk-state.js";
import { Ask, Faults, Filter, Head, Input, Paged, Pill, shown, useForm, Waiting } from "./desk-boards.js";
import { Parts } from "./desk-plot.js";

const LOOK = { draft: "", approved: "busy", planning: "busy", running: "busy", paused: "bad", cancelled: "", completed: "good" };
const GOING = ["approved", "planning", "running"];
const ENDED = ["cancelled", "completed"];

export default ({ id }) => (!id ? html`<${Campaigns} />` : id === "new" ? html`<${Begun} />` : html`<${Campaign} key=${id} id=${id} />`);

function Campaigns() {
  const chosen = shown("all");
  const fits = (one) => chosen === "all" || (chosen === "going" ? [...GOING, "paused"].includes(one.status) : chosen === "ended" ? ENDED.includes(one.status) : one.status === chosen);
  return html`<section><${Head} title=${t("board.campaigns")}><a class="button" href="#/campaigns/new">${t("notice.new")}</a><//>
    <${Filter} label=${t("board.campaigns")} choices=${[["all", t("filter.all")], ["draft", t("notice.draft")], ["going", t("notice.running")], ["ended", t("notice.completed")]]} />
    <${Paged} keys=${[]} empty=${t("notice.none")} load=${(cursor) => get(`campaigns${query({ limit: 24, cursor })}`)} row=${(one) => fits(one) && html`<${Card} key=${one.id} campaign=${one} />`} /></section>`;
}

/** What it is about: with a topic there is a text to start from, and those who wrote are known. */
function Begun() {
  const [given, set] = useState({ name: "", topic: "", problem_id: "" });
  const choices = useLoaded(() => Promise.all([get("topics"), get("problems?limit=50&state=accepted,being_fixed,fixed,proposed")]), []);
  const form = useForm();
  const input = (name, more) => html`<${Input} path=${name} form=${form} value=${given[name]} onInput=${(value) => set({ ...given, [name]: value })} ...${more} />`;
  const begin = form.run(async () => {
    const about = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
    const words = given.topic ? {} : { message: { email: { en: { subject: t("notice.first_subject"), text: t("notice.first_text", { name: "{{name}}" }) } } } };
    const made = await post("campaigns", { ...about, ...words });
    go(`campaigns/${made.id}`);
  });
  return html`<section class="narrow"><${Head} title=${t("notice.new")} back="campaigns" /><${Faults} form=${form} /><${Loading} state=${choices}>${([topics, problems]) => html`<form onSubmit=${begin}>
    ${input("name", { label: t("notice.name"), required: true, maxlength: 120 })}
    ${input("topic", { label: t("field.topic"), hint: t("notice.topic_hint"), options: [["", "–"], ...topics.items.map((one) => [one.label, one.name])] })}
    ${input("problem_id", { label: t("notice.problem"), hint: t("notice.problem_hint"), options: [["", "–"], ...problems.items.map((one) => [one.id, one.title])] })}
    <p class="actions"><button>${t("notice.begin")}</button></p></form>`}<//></section>`;
}

function Card({ campaign: one }) {
  const state = useLoaded(async () => (one.frozen ? get(`campaigns/${one.id}`) : null), [one.id, one.version]);
  const p = state.data?.progress;
  return html`<article class="card tall"><p class="line"><${Pill} kind=${LOOK[one.status]}>${t(`notice.${one.status}`)}<//>
      ${one.kind !== "notice" && html`<${Pill}>${t(`notice.${one.kind}`)}<//>`}${one.purpose !== "service" && html`<${Pill}>${t(`purpose.${one.purpose}`)}<//>`}<span class="quiet"><${Time} at=${one.created_at} /></span></p>
    <h2><a href=${`#/campaigns/${one.id}`} dir="auto">${one.name}</a></h2>
    ${p && html`<${Bar} progress=${p} /><p><strong>${t("notice.sent_to", { count: p.sent })}</strong> <span class="quiet">${t("notice.held_count", { count: p.held_out })}</span></p>`}
    ${state.data?.effect?.difference && html`<p class="quiet">${t("notice.difference", { per: signed(state.data.effect.difference.per_1000) })}</p>`}</article>`;
}

export const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(Math.round(value * 10) / 10)}`;
const fresh = (p) => Math.max(0, p.sent - p.delivered - p.bounced);

export const Bar = ({ progress: p }) => html`<${Parts} title=${t("notice.so_far")} total=${p.total} parts=${[["good", t("progress.delivered"), p.delivered], ["seen", t("progress.sent"), fresh(p)],
  ["bad", t("progress.bounced"), p.bounced + p.failed], ["doubt", t("progress.in_doubt"), p.in_doubt], ["usual", t("progress.suppressed"), p.suppressed]]} />`;

/** What is written and what is sent are modules of their own: nobody needs both at once. */
function Lazy({ from, ...given }) {
  const [part, setPart] = useState({});
  useEffect(() => { from().then((module) => setPart({ Shown: module.default }), complain); }, []);
  return part.Shown ? html`<${part.Shown} ...${given} />` : html`<${Waiting} />`;
}
const draft = () => import("./desk-notice.js");
const sent = () => import("./desk-progress.js");

function Campaign({ id }) {
  const state = useLoaded(() => get(`campaigns/${id}`), [id]);
  const [news, setNews] = useState(null); // what a look while it goes out has brought
  const [late, setLate] = useState(false);
  const fresh = news && news.version >= (state.data?.version || 0) ? news : state.data;
  const status = fresh?.status;
  const running = GOING.includes(status);
  const [asking, setAsking] = useState("");
  useEffect(() => {
    if (!running) return undefined;
    const look = () => get(`campaigns/${id}`).then((found) => { setNews(found); setLate(false); }, () => setLate(true));
    const timer = setInterval(() => { if (!document.hidden) look(); }, 2_500);
    return () => clearInterval(timer);
  }, [running]);
  const act = acting(async (what, reason) => { await post(`campaigns/${id}/${what}`, what === "resume" ? undefined : { reason }); state.reload(); });
  return html`<section><${Loading} state=${{ ...state, data: fresh }}>${(one) => html`
    <${Head} title=${one.name} back="campaigns">
      ${running && html`<button type="button" onClick=${() => setAsking("pause")}>${t("notice.pause")}</button>`}
      ${status === "paused" && html`<button type="button" onClick=${() => act("resume")}>${t("notice.resume")}</button>`}
      ${!ENDED.includes(status) && html`<button type="button" class="second" onClick=${() => setAsking("cancel")}>${t(status === "draft" ? "notice.discard" : "notice.cancel")}</button>`}<//>
    <p class="line"><${Pill} kind=${LOOK[status]}>${t(`notice.${status}`)}<//> ${one.kind !== "notice" && html`<${Pill}>${t(`notice.${one.kind}`)}<//>`}<span>${t(`purpose.${one.purpose}`)}</span>
      ${one.reason && html`<span dir="auto">${one.reason}</span>`}
      ${one.root && html`<a href=${`#/campaigns/${one.root}`}>${t("notice.first")}</a>`}
      ${one.problem_id && html`<a href=${`#/problems/${one.problem_id}`}>${t("case.problem")}</a>`}${one.trend_id && html`<a href=${`#/trends/${one.trend_id}`}>${t("problem.its_trend")}</a>`}</p>
    ${late && html`<p class="warn-box" role="status">${t("notice.late")}</p>`}
    ${status === "draft" ? html`<${Lazy} key="draft" from=${draft} campaign=${one} done=${state.reload} />` : html`<${Lazy} key="sent" from=${sent} campaign=${one} done=${state.reload} />`}
    ${asking && html`<${Ask} title=${t(`notice.${asking}`)} text=${t(`notice.${asking}_means`)} label=${t("problem.reason")} optional button=${t(`notice.${asking}`)} onClose=${() => setAsking("")} onDone=${(why) => act(asking, why)} />`}`}<//></section>`;
}
