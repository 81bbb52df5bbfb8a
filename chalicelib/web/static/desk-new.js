// A case that an agent opens: a call that was taken, or the first word of ours to a customer.

import { get, once, post, query } from "./desk-api.js";
import { acting, html, t, tell, useRef, useState } from "./desk-ui.js";
import { go } from "./desk-state.js";

export function NewCase() {
  const [given, set] = useState({ channel: "voice", direction: "inbound", name: "", address: "", subject: "", text: "" });
  const [near, setNear] = useState([]);
  const key = useRef(once());
  const alter = (name) => (event) => set({ ...given, [name]: event.target.value });
  const look = acting(async () => {
    if (given.address.trim().length < 3) return;
    setNear((await get(`cases${query({ customer: given.address.trim(), limit: 5 })}`)).items);
  });
  const open = acting(async (event) => {
    event.preventDefault();
    const address = given.address.trim();
    const customer = { name: given.name, ...(address.includes("@") ? { email: address } : { phone: address }) };
    const body = { channel: given.channel, direction: given.direction, subject: given.subject, text: given.text, customer };
    const made = await post("cases", body, { key: key.current });
    tell(t("new_case.done", { reference: made.reference }));
    go(`case/${made.id}`);
  });
  const field = (name, type = "text", required = false) => html`<label for=${`new-${name}`}>${t(`new_case.${name}`)}</label>
    <input id=${`new-${name}`} type=${type} dir="auto" required=${required} value=${given[name]} onInput=${alter(name)} onBlur=${name === "address" ? look : null} />`;
  return html`<section class="form-pane"><h1 tabindex="-1">${t("key.create")}</h1><form onSubmit=${open}>
    <label for="new-direction">${t("new_case.direction")}</label>
    <select id="new-direction" onChange=${(e) => set({ ...given, direction: e.target.value, channel: e.target.value === "outbound" ? "email" : "voice" })}>
      <option value="inbound">${t("new_case.inbound")}</option><option value="outbound">${t("new_case.outbound")}</option></select>
    <label for="new-channel">${t("new_case.channel")}</label>
    <select id="new-channel" onChange=${alter("channel")}>${(given.direction === "outbound" ? ["email", "sms"] : ["voice", "email", "web", "sms", "social"]).map((c) => html`
      <option value=${c} selected=${c === given.channel}>${t(`channel.${c}`)}</option>`)}</select>
    ${field("address", "text", true)}
    ${near.length > 0 && html`<div class="note-box"><p>${t("new_case.near")}</p><ul class="plain">${near.map((c) => html`<li key=${c.id}><a href=${`#/case/${c.id}`} dir="auto">${c.reference} ${c.subject}</a> ${t(`state.${c.status}`)}</li>`)}</ul></div>`}
    ${field("name")}${field("subject")}
    <label for="new-text">${t("new_case.text")}</label>
    <textarea id="new-text" rows="7" required dir="auto" value=${given.text} onInput=${alter("text")}></textarea>
    <p class="actions"><button>${t(given.direction === "outbound" ? "composer.send" : "desk.save")}</button></p></form></section>`;
}
