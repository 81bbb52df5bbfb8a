// For admins: who may sign in, and as what.

import { get, post, query, request } from "./desk-api.js";
import { Dialog, html, t, tell, useState } from "./desk-ui.js";
import { me } from "./desk-state.js";
import { Head, Paged } from "./desk-boards.js";

const ROLES = ["readonly", "agent", "lead", "admin"];
const roles = (names) => names.map((name) => t(`role.${name}`)).join(", ") || t("people.no_role");

export default () => {
  const [round, again] = useState(0);
  const [chosen, choose] = useState(null);
  const done = () => { choose(null); again(round + 1); };
  return html`<section><${Head} title=${t("board.people")} back="settings">
      <a href="#/audit">${t("board.audit")}</a> <a href="#/settings/teams">${t("settings.teams")}</a>
      <button type="button" onClick=${() => choose({})}>${t("people.invite")}</button><//>
    <${Paged} key=${round} keys=${[round]} empty=${t("people.none")} load=${(cursor) => get(`people${query({ limit: 30, cursor })}`)}
      row=${(one) => html`<article class="card" key=${one.email}><h2 dir="auto">${one.name || one.email}</h2>
        ${one.name && html`<p class="quiet" dir="auto">${one.email}</p>`}
        <p><span class="state">${roles(one.roles)}</span>${one.teams.length > 0 && html` · <span dir="auto">${one.teams.join(", ")}</span>`}</p>
        <p class="quiet">${t(one.enabled ? `people.state_${one.state}` : "people.disabled")}${one.second_factor !== null && html` · ${t(one.second_factor ? "people.second" : "people.no_second")}`}</p>
        <p class="actions"><button type="button" class="second" aria-label=${t("people.edit_who", { who: one.email })} onClick=${() => choose(one)}>${t("people.edit")}</button></p></article>`} />
    ${chosen && (chosen.email ? html`<${Edit} person=${chosen} onDone=${done} onClose=${() => choose(null)} />`
      : html`<${Invite} onDone=${done} onClose=${() => choose(null)} />`)}</section>`;
};

function RoleBoxes({ value, onChange }) {
  const turn = (role) => (e) => onChange(e.target.checked ? [...value, role] : value.filter((one) => one !== role));
  return html`<fieldset><legend>${t("people.roles")}</legend><div class="stack">${ROLES.map((role) => html`<label class="check" key=${role}>
    <input type="checkbox" checked=${value.includes(role)} onChange=${turn(role)} /> <span>${t(`role.${role}`)} <span class="quiet">${t(`role.${role}_may`)}</span></span></label>`)}</div></fieldset>`;
}

const Wrong = ({ text }) => text && html`<p class="wrong-box" role="alert">${text}</p>`;

function Invite({ onDone, onClose }) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [given, setGiven] = useState(["agent"]);
  const [state, set] = useState({});
  const send = async (event) => {
    event.preventDefault();
    set({ busy: true });
    try {
      await post("people", { email: email.trim(), name: name.trim(), roles: given });
      tell(t("people.invited", { who: email }));
      onDone();
    } catch (error) { set({ wrong: error.message }); }
  };
  return html`<${Dialog} title=${t("people.invite")} onClose=${onClose}><form class="fieldset" onSubmit=${send}>
    <${Wrong} text=${state.wrong} />
    <label for="p-email">${t("login.email")}</label><input id="p-email" type="email" required value=${email} onInput=${(e) => setEmail(e.target.value)} />
    <label for="p-name">${t("people.name")}</label><input id="p-name" dir="auto" maxlength="120" value=${name} onInput=${(e) => setName(e.target.value)} />
    <${RoleBoxes} value=${given} onChange=${setGiven} /><p class="quiet">${t("people.invite_how")}</p>
    <p class="actions"><button disabled=${state.busy}>${t("people.send")}</button></p></form><//>`;
}

function Edit({ person, onDone, onClose }) {
  const [name, setName] = useState(person.name);
  const [given, setGiven] = useState(person.roles);
  const [enabled, setEnabled] = useState(person.enabled);
  const [state, set] = useState({});
  const path = `people/${encodeURIComponent(person.email)}`;
  const own = person.email === me.value.email;
  const work = (run) => async (event) => {
    event.preventDefault();
    set({ busy: true });
    try { set({ busy: false, ...(await run()) }); } catch (error) { set({ wrong: error.message }); }
  };
  const save = work(async () => {
    const body = { roles: given, enabled };
    if (name.trim() && name.trim() !== person.name) body.name = name.trim();
    await request("PATCH", path, { body });
    tell(t("settings.saved"));
    onDone();
  });
  const signOut = work(async () => { await post(`${path}/sign-out`); tell(t("people.signed_out", { who: person.email })); });
  const reset = work(async () => ({ password: (await post(`${path}/reset-password`)).temporary_password }));
  return html`<${Dialog} title=${person.name || person.email} onClose=${onClose}><form class="fieldset" onSubmit=${save}>
    <${Wrong} text=${state.wrong} />
    <label for="p-name">${t("people.name")}</label><input id="p-name" dir="auto" maxlength="120" value=${name} onInput=${(e) => setName(e.target.value)} />
    <${RoleBoxes} value=${given} onChange=${setGiven} />
    <label class="check"><input type="checkbox" checked=${enabled} disabled=${own} onChange=${(e) => setEnabled(e.target.checked)} /> ${t("people.enabled")}</label>
    ${own && html`<p class="quiet">${t("people.own")}</p>`}
    <p class="quiet">${t("people.soon")}</p>
    <p class="actions"><button disabled=${state.busy}>${t("desk.save")}</button>
      <button type="button" class="second" disabled=${state.busy} onClick=${signOut}>${t("people.sign_out")}</button>
      <button type="button" class="second" disabled=${state.busy} onClick=${reset}>${t("people.reset")}</button></p>
    ${state.password && html`<p class="note-box" role="status">${t("people.password")} <kbd>${state.password}</kbd></p>`}</form><//>`;
}
