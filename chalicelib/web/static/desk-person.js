// What is done to a customer's record now and then: edit, merge, export, erase.

import { get, post, request } from "./desk-api.js";
import { acting, html, t, tell, useState } from "./desk-ui.js";
import { go } from "./desk-state.js";

export function Edit({ person, alter, close }) {
  const [given, setGiven] = useState({ name: person.name, tier: person.tier });
  return html`<form class="fieldset" onSubmit=${async (e) => { e.preventDefault(); await alter(given); close(); }}>
    ${["name", "tier"].map((name, n) => html`<label key=${name} for=${`person-${name}`}>${t(`customer.${name}`)}</label>
      <input id=${`person-${name}`} dir="auto" autofocus=${n === 0} maxlength=${name === "tier" ? 64 : 200} value=${given[name]} onInput=${(e) => setGiven({ ...given, [name]: e.target.value })} />`)}
    <p class="actions"><button>${t("desk.save")}</button><button type="button" class="second" onClick=${close}>${t("customer.leave")}</button></p></form>`;
}

export function Merge({ person, reload, close }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const find = acting(async (event) => {
    event.preventDefault();
    const page = await get(`customers?q=${encodeURIComponent(text.trim())}`);
    setFound(page.items.filter((one) => one.id !== person.id));
  });
  const merge = (into) => acting(async () => {
    await post(`customers/${person.id}/merge`, { into: into.id });
    close();
    tell(t("customer.merged_done"), { seconds: 30, action: { label: t("desk.undo"), run: async () => { await post(`customers/${person.id}/unmerge`, {}); reload(); } } });
    reload();
  })();
  return html`<form onSubmit=${find}><label for="into">${t("customer.whom")}</label>
    <div class="actions"><input id="into" type="search" class="short" required autofocus value=${text} onInput=${(e) => setText(e.target.value)} />
    <button class="second">${t("merge.look")}</button></div></form>
    ${found && found.length === 0 && html`<p class="quiet">${t("customer.nobody")}</p>`}
    ${(found || []).map((one) => html`<div class="card" key=${one.id}><p><strong dir="auto">${one.name || t("case.unnamed")}</strong></p>
      <p class="quiet" dir="auto">${one.identities.map((i) => i.value).join(", ")}</p>
      <button type="button" onClick=${() => merge(one)}>${t("customer.merge_do")}</button></div>`)}`;
}

/** Until the API has it, and for whom it is not: said, not hidden. */
const absent = (error) => [404, 405, 403].includes(error.status);

export async function fetchAll(person) {
  let answer;
  try {
    answer = await get(`customers/${person.id}/export`);
  } catch (error) {
    if (!absent(error)) throw error;
    tell(t("customer.cannot"), { kind: "wrong" });
    return;
  }
  const address = URL.createObjectURL(new Blob([JSON.stringify(answer, null, 2)], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: `customer-${person.id}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function Erase({ person, close }) {
  const [text, setText] = useState("");
  const word = person.name || person.identities[0]?.value || person.id;
  const erase = acting(async (event) => {
    event.preventDefault();
    try {
      await request("DELETE", `customers/${person.id}`, { version: person.version });
    } catch (error) {
      if (!absent(error)) throw error;
      tell(t("customer.cannot"), { kind: "wrong" });
      return;
    }
    close();
    tell(t("customer.erased"));
    go("q/queue");
  });
  return html`<form class="fieldset" onSubmit=${erase}><p>${t("customer.erase_what")}</p>
    <label for="word">${t("customer.type", { word })}</label><input id="word" autofocus dir="auto" autocomplete="off" value=${text} onInput=${(e) => setText(e.target.value)} />
    <p class="actions"><button disabled=${text.trim() !== word}>${t("customer.erase")}</button></p></form>`;
}
