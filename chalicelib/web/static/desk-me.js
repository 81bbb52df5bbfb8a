// About oneself: who one is, the password, the second factor, and where one is signed in.

import { forget, get, post, put } from "./desk-api.js";
import { acting, html, Loading, t, tell, useEffect, useLoaded, useState } from "./desk-ui.js";
import { me, rank } from "./desk-state.js";
import { Preferences } from "./desk-preferences.js";
import { Code, Field, leave, mistakes, NewPassword, SetUp } from "./desk-login.js";

/** The screen, section by section; each is given how one signs in, and may show nothing. */
const SECTIONS = [Myself, Preferences, Password, SecondFactor, Everywhere];

export function Board() {
  const factor = useLoaded(() => get("me/second-factor"), []);
  useEffect(() => { document.getElementById("board-title")?.focus(); }, []);
  return html`<section class="mine"><header><h1 id="board-title" tabindex="-1">${t("board.me")}</h1></header>
    ${SECTIONS.map((Section) => html`<${Section} key=${Section.name} factor=${factor} />`)}</section>`;
}

const Section = ({ name, children }) => html`<section class="card" aria-labelledby=${`me-${name}`}><h2 id=${`me-${name}`}>${t(`me.${name}`)}</h2>${children}</section>`;

/** A form that shows beside its fields what was wrong with them, and keeps what was typed. */
function Form({ send, button, second, children }) {
  const [wrong, setWrong] = useState({});
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setWrong({});
    try {
      await send(Object.fromEntries(new FormData(event.target)));
    } catch (error) {
      setWrong(mistakes(error));
    } finally {
      setBusy(false);
    }
  };
  return html`<form onSubmit=${submit}>${wrong[""] && html`<p class="wrong-box" role="alert">${wrong[""]}</p>`}
    ${children(wrong)}<p class="actions"><button disabled=${busy}>${t(button)}</button>${second}</p></form>`;
}

const Present = ({ wrong, id, hint }) => html`<${Field} name=${id} label=${t("me.present")} hint=${hint} wrong=${wrong} type="password" autocomplete="current-password" />`;

function Myself() {
  const mine = [...me.value.roles].sort((a, b) => (rank[b] ?? -1) - (rank[a] ?? -1));
  return html`<${Section} name="who"><dl class="facts"><div><dt>${t("login.email")}</dt><dd dir="auto">${me.value.email}</dd></div>
    <div><dt>${t("me.roles")}</dt><dd>${mine.map((role) => (role in rank ? t(`role.${role}`) : role)).join(", ") || t("me.no_role")}</dd></div></dl><//>`;
}

function Password({ factor }) {
  if (factor.data && !factor.data.offered) return null; // the next section says why
  return html`<${Section} name="password"><${Form} button="me.change" send=${async ({ present, new_password }) => {
    await put("me/password", { password: present, new_password });
    forget();
    tell(t("me.changed"), { seconds: 20 });
  }}>${(wrong) => html`<p>${t("me.change_text")}</p>
    <input type="email" name="email" autocomplete="username" value=${me.value.email} hidden readonly />
    <${Present} id="present" wrong=${wrong.password} /><${NewPassword} wrong=${wrong.new_password} />`}<//><//>`;
}

function SecondFactor({ factor }) {
  const [doing, setDoing] = useState(""); // "begin", "off", or what there is to set up
  useEffect(() => { if (doing) document.querySelector("#code, #proof")?.focus(); }, [doing]);
  const end = (words) => { setDoing(""); factor.reload(); tell(words); };
  return html`<${Section} name="factor"><${Loading} state=${factor}>${({ on, offered, required }) => {
    if (!offered) return html`<p>${t("me.elsewhere")}</p>`;
    const cancel = html`<button type="button" class="second" onClick=${() => setDoing("")}>${t("me.cancel")}</button>`;
    if (doing.secret) {
      return html`<${Form} key="confirm" button="factor.confirm" second=${cancel} send=${async ({ code }) => { await put("me/second-factor", { code }); end(t("factor.is_on")); }}>
        ${(wrong) => html`<${SetUp} setup=${doing} /><${Code} wrong=${wrong.code} hint=${t("factor.first")} />`}<//>`;
    }
    if (doing) {
      const off = doing === "off";
      return html`<${Form} key=${doing} button=${off ? "factor.off" : "factor.next"} second=${cancel} send=${async ({ proof }) => {
        const made = await post(off ? "me/second-factor/off" : "me/second-factor", { password: proof });
        if (off) end(t("factor.is_off")); else setDoing(made);
      }}>${(wrong) => html`<${Present} id="proof" hint=${t("factor.why")} wrong=${wrong.password} />`}<//>`;
    }
    return html`<p><strong>${t(on ? "factor.on" : "factor.none")}</strong> ${t("factor.text")}</p>
      ${required && html`<p class="quiet">${t("factor.required")}</p>`}
      <p class="actions"><button type="button" class=${on ? "second" : ""} onClick=${() => setDoing("begin")}>${t(on ? "factor.renew" : "factor.set_up")}</button>
      ${on && !required && html`<button type="button" class="second" onClick=${() => setDoing("off")}>${t("factor.off")}</button>`}</p>`;
  }}<//><//>`;
}

function Everywhere() {
  return html`<${Section} name="everywhere"><p>${t("me.everywhere_text")}</p>
    <p class="actions"><button type="button" class="second" onClick=${acting(() => leave({ everywhere: true }))}>${t("me.everywhere_do")}</button></p><//>`;
}
