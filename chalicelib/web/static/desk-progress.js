// A notice that was approved: how far it has come, what it brought, and what its readers hear next.

import { once, post } from "./desk-api.js";
import { html, t, Time, useRef, useState } from "./desk-ui.js";
import { go } from "./desk-state.js";
import { Ask, Facts, Faults, Input, percent, useForm } from "./desk-boards.js";
import { Bar, signed } from "./desk-campaigns.js";
import { ceiling, Columns, Intervals } from "./desk-plot.js";

export default ({ campaign, done }) => html`<${Progress} campaign=${campaign} /><${Effect} effect=${campaign.effect} /><${Later} campaign=${campaign} done=${done} /><${Steps} campaign=${campaign} />`;

function Progress({ campaign }) {
  const p = campaign.progress;
  const done = p.total - p.remaining;
  const skipped = Object.entries(p.skipped);
  const left = Object.entries(campaign.frozen?.excluded || {});
  return html`<div class="card big" aria-live="polite"><p class="line"><strong class="figure">${p.total ? Math.floor((100 * done) / p.total) : 0} %</strong> <label for="progress">${t("notice.progress", { done, total: p.total })}</label>
      ${p.ends_at && html`<span class="quiet">${t("notice.ends")} <${Time} at=${p.ends_at} /></span>`}${p.rate > 0 && html`<span class="quiet">${t("notice.rate", { rate: Math.round(p.rate) })}</span>`}</p>
    <progress id="progress" class="aside" max=${p.total || 1} value=${done}></progress><${Bar} progress=${p} />
    <${Facts} items=${["sent", "delivered", "bounced", "complained", "failed", "in_doubt", "suppressed", "remaining", "held_out", "in_case"].map((name) => [html`<span class=${`dot ${name}`}></span> ${t(`progress.${name}`)}`, p[name]])} />
    ${p.in_doubt > 0 && html`<p class="quiet">${t("notice.doubt_means")}</p>`}
    <p class="quiet">${t("notice.cost", { dollars: p.cost.total.toFixed(2) })}${campaign.frozen?.deferred > 0 && ` · ${t("notice.deferred_count", { count: campaign.frozen.deferred })}`}</p>
    ${(skipped.length > 0 || left.length > 0) && html`<${Reasons} title=${t("notice.excluded")} counts=${Object.fromEntries([...left, ...skipped])} />`}</div>`;
}

/** Why people were left out, most first. */
function Reasons({ title, counts }) {
  const some = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  if (!some.length) return null;
  return html`<h2>${title}</h2><ul class="plain">${some.map(([why, n]) => html`<li key=${why}><strong>${n}</strong> ${reason(why)}</li>`)}</ul>`;
}
const reason = (why) => { const text = t(`excluded.${why}`); return text === `excluded.${why}` ? why.replaceAll("_", " ") : text; };

function Effect({ effect }) {
  if (!effect) return null;
  const { told, held_out: held, difference: gap, targeting, times } = effect;
  const rows = [["told", told], ["held", held]].map(([name, arm]) => ({ label: t(`notice.${name}`), note: `${arm.contacted}/${arm.customers}`, value: arm.per_1000, low: arm.low, high: arm.high }));
  const show = (value) => (value === null || value === undefined ? "–" : String(Math.round(value * 10) / 10));
  const most = ceiling(Math.max(10, ...rows.map((row) => row.high || 0).filter((high) => high < 1000)));
  const hours = effect.plot.slice(-48).map((one) => [new Date(one.hour).toISOString().slice(5, 13).replace("T", " "), one.told, one.held_out]);
  return html`<h2>${t("notice.effect")}</h2><p dir="auto">${effect.conclusion}</p>
    ${gap && html`<${Facts} items=${[[t("notice.gap"), signed(gap.per_1000), t("notice.gap_note", { low: signed(gap.low), high: signed(gap.high) })], [t("notice.spared"), Math.round(gap.spared)],
      [t("notice.told_first"), effect.told_first === null ? null : percent(effect.told_first)], [t("notice.right"), targeting.right === null ? null : percent(targeting.right), t("notice.answered", { count: targeting.answered })],
      [t("pace.first_notice"), times.seconds_to_first_notice === null ? null : t("span.hours", { count: Math.round(times.seconds_to_first_notice / 360) / 10 })]]} />`}
    <h3>${t("notice.contacts")}</h3><${Intervals} title=${t("notice.contacts")} words=${effect.conclusion} rows=${rows} most=${most} show=${show} names=${["", t("notice.people"), t("notice.per_1000")]} />
    ${hours.length > 1 && html`<h3>${t("notice.by_hour")}</h3><${Columns} title=${t("notice.by_hour")} words=${effect.conclusion} first=${t("plot.hour")} rows=${hours} kinds=${[["seen", t("notice.told")], ["usual", t("notice.held")]]} />`}`;
}

/** What those who were told hear next: it goes out at once, so it is asked for twice. */
function Later({ campaign: one, done }) {
  const [kind, setKind] = useState(one.proposed?.kind || "update");
  const [own, setOwn] = useState({ subject: "", text: "" });
  const [asking, setAsking] = useState(false);
  const key = useRef(once());
  const form = useForm();
  const { default: language } = one.message;
  const send = form.run(async () => {
    const proposed = one.proposed?.kind === kind ? one.proposed : { kind };
    const made = await post(`campaigns/${one.id}/followups`, own.text ? { kind, message: { email: { [language]: own }, default: language } } : proposed, { key: key.current });
    done();
    go(`campaigns/${made.id}`);
  });
  if (one.root || !one.frozen) return null;
  return html`<h2>${t("notice.later")}</h2><${Faults} form=${form} />
    ${one.steps.length > 0 && html`<ul class="plain">${one.steps.map((step) => html`<li key=${step.id}><a href=${`#/campaigns/${step.id}`}>${t(`notice.${step.kind}`)}</a> <span class="quiet">${t(`notice.${step.status}`)} · ${step.sent}/${step.total} · <${Time} at=${step.created_at} /></span></li>`)}</ul>`}
    ${one.proposed && html`<p class="note-box">${t("notice.closure_proposed")}</p>`}
    <details><summary>${t("notice.next")}</summary><form onSubmit=${(e) => { e.preventDefault(); setAsking(true); }}>
      <${Input} label=${t("notice.next")} path="kind" form=${form} value=${kind} onInput=${setKind} options=${["update", "closure", "retraction"].map((name) => [name, t(`notice.${name}`)])} hint=${t("notice.later_means")} />
      <${Input} label=${t("field.subject")} path="subject" value=${own.subject} onInput=${(subject) => setOwn({ ...own, subject })} required=${Boolean(own.text)} />
      <${Input} label=${t("notice.text")} path="text" rows="4" value=${own.text} onInput=${(text) => setOwn({ ...own, text })} hint=${t("notice.own_words", { language })} />
      <p><button class="second">${t("notice.send_later")}</button></p></form></details>
    ${asking && html`<${Ask} title=${t(`notice.${kind}`)} text=${t("notice.later_at_once", { count: one.progress.sent })} button=${t("notice.send")} onClose=${() => setAsking(false)} onDone=${send} />`}`;
}

const Steps = ({ campaign }) => html`<details><summary>${t("problem.history")}</summary><ul class="plain">${campaign.history.map((step) => html`<li key=${step.at}><${Time} at=${step.at} /> ${t(`notice.${step.status}`)} <strong>${step.by || t("case.system")}</strong> <span dir="auto">${step.reason}</span></li>`)}</ul></details>`;
