// The customer beside a case: who they are and how sure we are, what they own and agreed to, what
// touches them, and their other cases.

import { get, post, request } from "./desk-api.js";
import {
  acting, Dialog, exact, html, lazy, Loading, now, relative, t, tell, useEffect, useLoaded, useState,
} from "./desk-ui.js";
import { fresh, may } from "./desk-state.js";

const part = (name) => () => import("./desk-person.js").then((m) => m[name]);
const Edit = lazy(part("Edit"));
const Merge = lazy(part("Merge"));
const Erase = lazy(part("Erase"));

export function Customer({ row }) {
  const state = useLoaded(() => final(row.customer_id), [row.customer_id]);
  return html`<section><h2>${t("case.customer")}</h2><${Loading} state=${state}>${(person) => html`
    <${Person} key=${person.id} row=${row} person=${person} reload=${state.reload} />`}<//></section>`;
}

/** The record on which somebody goes on who was merged. */
async function final(id) {
  const person = await get(`customers/${id}`);
  return person.merged_into ? final(person.merged_into) : person;
}

function Person({ row, person: first, reload }) {
  const [person, setPerson] = useState(first);
  const [doing, setDoing] = useState("");
  useEffect(() => { setPerson(first); }, [first]);
  const alter = acting(async (fields) => {
    try {
      setPerson((await request("PATCH", `customers/${person.id}`, { body: fields, version: person.version })).data);
    } catch (error) {
      if (error.status !== 412) throw error;
      setPerson(error.problem.current);
      tell(t("customer.changed"), { kind: "wrong" });
    }
  });
  const close = () => setDoing("");
  const agent = may("agent");
  return html`<p><strong dir="auto">${person.name || t("case.unnamed")}</strong>
      ${person.tier && html` <span class="tag">${person.tier}</span>`}
      ${person.provisional && html` <span class="tag">${t("case.provisional")}</span>`}
      ${agent && html` <button type="button" class="link" aria-expanded=${doing === "edit"} onClick=${() => setDoing(doing === "edit" ? "" : "edit")}>${t("customer.edit")}</button>`}</p>
    ${doing === "edit" && html`<${Edit} person=${person} alter=${alter} close=${close} />`}
    <${Match} row=${row} person=${person} reload=${reload} />
    <ul class="plain quiet">${person.identities.map((i) => html`<li key=${i.channel + i.value}><span dir="auto">${i.value}</span> <span class="tag">${t(i.verified ? "case.proven" : "case.unproven")}</span>
      ${person.suppressed?.[i.value] && html` <span class="prio high">⚠ ${t("customer.suppressed", { why: person.suppressed[i.value] })}</span>`}</li>`)}
      ${(person.claimed || []).map((i) => html`<li key=${i.channel + i.value}><span dir="auto">${i.value}</span> <span class="tag">${t("customer.claimed")}</span></li>`)}</ul>
    <${Touching} person=${person} />
    ${person.assets.length > 0 && html`<h3>${t("case.assets")}</h3><ul class="plain">${person.assets.map((a, n) => html`
      <li key=${n} dir="auto">${a.name} <span class="quiet">${Object.entries(a.attributes).map(([name, value]) => `${name} ${value}`).join(", ")}</span></li>`)}</ul>`}
    <${Consent} person=${person} alter=${alter} />
    <${Past} row=${row} person=${person} />
    ${agent && html`<p class="actions"><button type="button" class="link" onClick=${() => setDoing("merge")}>${t("customer.merge")}</button>
      ${may("lead") && html`<button type="button" class="link" onClick=${acting(async () => (await part("fetchAll")())(person))}>${t("customer.export")}</button> <button type="button" class="link" onClick=${() => setDoing("erase")}>${t("customer.erase")}</button>`}</p>`}
    ${doing === "merge" && html`<${Dialog} title=${t("customer.merge")} onClose=${close}><${Merge} person=${person} reload=${reload} close=${close} /><//>`}
    ${doing === "erase" && html`<${Dialog} title=${t("customer.erase")} onClose=${close}><${Erase} person=${person} close=${close} /><//>`}`;
}

/** Whose a contact may be that proved nothing: a person decides. */
function Match({ row, person, reload }) {
  const match = person.likely_match;
  const state = useLoaded(async () => (match ? get(`customers/${match.customer_id}`) : null), [match?.customer_id]);
  if (!match) return null;
  const name = state.data?.name || state.data?.identities?.[0]?.value || "…";
  const decide = (word) => acting(async () => {
    await post(`customers/${person.id}/${word}`, {});
    fresh.value = await get(`cases/${row.id}`);
    tell(t(`customer.${word}ed`));
    reload();
  })();
  return html`<div class="warn-box"><p>${t("customer.match", { name })}</p><p class="quiet" dir="auto">${match.reason}</p>
    ${may("agent") && html`<p class="actions"><button type="button" class="second" onClick=${() => decide("confirm")}>${t("customer.confirm")}</button>
      <button type="button" class="second" onClick=${() => decide("reject")}>${t("customer.reject")}</button></p>`}</div>`;
}

function Touching({ person }) {
  const state = useLoaded(() => get(`customers/${person.id}/touching`), [person.id]);
  const found = state.data;
  if (state.error) return html`<${Loading} state=${state} />`;
  if (!found || !(found.problems.length + found.notices.length)) return null;
  return html`<h3>${t("customer.touching")}</h3><ul class="plain">
    ${found.problems.map((one) => html`<li key=${one.id}>⚠ <a href=${`#/problems/${one.id}`} dir="auto">${one.title}</a> <span class="quiet">${t(`customer.why.${one.why}`)}</span>${one.workaround && html`<span class="four quiet" dir="auto">${one.workaround}</span>`}</li>`)}
    ${found.notices.map((one) => html`<li key=${one.campaign_id + one.at}><span dir="auto">${one.subject || one.name}</span> <span class="quiet">${t("customer.noticed", { channel: t(`channel.${one.channel}`), at: relative(one.at, now.value) })}</span></li>`)}</ul>`;
}

const CHANNELS = ["email", "sms"];

function Consent({ person, alter }) {
  return html`<h3>${t("case.consent")}</h3><table class="consent"><thead><tr><td></td>${["consent", "marketing"].map((kind) => html`<th scope="col" key=${kind}>${t(`customer.${kind}`)}</th>`)}</tr></thead>
    <tbody>${CHANNELS.map((channel) => html`<tr key=${channel}><th scope="row">${t(`channel.${channel}`)}</th>
      ${["consent", "marketing"].map((kind) => {
        const now = person[kind]?.[channel];
        const title = now ? `${now.source} ${exact(now.at)}` : t("customer.unasked");
        return html`<td key=${kind}><select aria-label=${`${t(`customer.${kind}`)}: ${t(`channel.${channel}`)}`} title=${title} disabled=${!may("agent")}
          onChange=${(e) => alter({ [kind]: { [channel]: e.target.value } })}>
          ${!now && html`<option value="" selected>–</option>`}
          ${["opted_in", "opted_out"].map((one) => html`<option key=${one} value=${one} selected=${one === now?.status}>${t(one === "opted_in" ? "yes" : "no")}</option>`)}</select></td>`;
      })}</tr>`)}</tbody></table>`;
}

const FEW = 5;

function Past({ row, person }) {
  const [more, setMore] = useState([]);
  const [cursor, setCursor] = useState(undefined);
  const path = `cases?customer=${person.id}&limit=${FEW}`;
  const state = useLoaded(() => get(path), [person.id]);
  useEffect(() => { setMore([]); setCursor(undefined); }, [person.id]);
  const next = cursor === undefined ? state.data?.cursor : cursor;
  const load = acting(async () => {
    const page = await get(`${path}&cursor=${encodeURIComponent(next)}`);
    setMore([...more, ...page.items]);
    setCursor(page.cursor);
  });
  return html`<h3>${t("case.past")}</h3><${Loading} state=${state}>${(page) => {
    const cases = [...page.items, ...more].filter((one) => one.id !== row.id);
    return html`<ul class="plain">${cases.map((one) => html`<li key=${one.id}><a href=${`#/case/${one.id}`} dir="auto">${one.reference} ${one.subject}</a> <span class="quiet">${t(`state.${one.status}`)} · ${relative(one.created_at, now.value)}</span></li>`)}
      ${cases.length === 0 && html`<li class="quiet">${t("case.no_past")}</li>`}</ul>
      ${next && html`<button type="button" class="second" onClick=${load}>${t("queue.more")}</button>`}`;
  }}<//>`;
}
