// Signing in, step by step: password, a password of one's own, the second factor; by single sign-on;
// and the way back in for who forgot the password.

import { get, keepToken, post, signOut } from "./desk-api.js";
import { html, styled, t, useEffect, useRef, useState } from "./desk-ui.js";

await styled("entry.css");

const START = "custops.sso.start"; // what a sign-in elsewhere began with; in this tab only
const BY = "custops.sso"; // by whom this browser is signed in
const here = () => location.origin + location.pathname;

// --- single sign-on (RFC 6749 with 7636) ----------------------------------------------------------

const word = (bytes) => btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const random = (size) => word(crypto.getRandomValues(new Uint8Array(size)));

/** Go to the company's sign-in. The state and the verifier stay here: only this tab can end it. */
async function begin(sso, provider) {
  const started = { state: random(24), verifier: random(48), hash: location.hash, sso };
  sessionStorage.setItem(START, JSON.stringify(started));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(started.verifier));
  const asked = new URLSearchParams({
    response_type: "code", client_id: sso.client_id, redirect_uri: here(), state: started.state,
    scope: "openid email aws.cognito.signin.user.admin",
    code_challenge: word(new Uint8Array(digest)), code_challenge_method: "S256", identity_provider: provider,
  });
  location.assign(`https://${sso.domain}/oauth2/authorize?${asked}`);
}

let refused = "";

/** Back from there: check that we began it, and have the code exchanged. The address is cleaned. */
export async function comeBack() {
  const told = new URLSearchParams(location.search);
  const started = JSON.parse(sessionStorage.getItem(START) || "{}");
  sessionStorage.removeItem(START);
  history.replaceState(null, "", here() + (started.hash || location.hash));
  dispatchEvent(new HashChangeEvent("hashchange")); // the screen that was asked for before
  if (!told.get("code") || !started.state || told.get("state") !== started.state) {
    refused = t("login.sso_refused");
    return;
  }
  try {
    const body = { code: told.get("code"), verifier: started.verifier, redirect_uri: here() };
    const answer = await post("session/sso", body);
    keepToken(answer.token, answer.seconds);
    localStorage.setItem(BY, JSON.stringify(started.sso));
  } catch (error) {
    refused = error.status === 401 ? t("login.sso_refused") : error.message;
  }
}

/** Sign out; where single sign-on signed in, its pages forget the session as well. */
export async function leave(options) {
  await signOut(options);
  const sso = JSON.parse(localStorage.getItem(BY) || "null");
  localStorage.removeItem(BY);
  if (sso) location.assign(`https://${sso.domain}/logout?${new URLSearchParams({ client_id: sso.client_id, logout_uri: here() })}`);
}

// --- fields that other screens use too ------------------------------------------------------------

/** A field with its label, a hint below, and what is wrong with it in the same words for all. */
export function Field({ name, label, hint = "", wrong = "", ...more }) {
  const ref = useRef(null);
  useEffect(() => { if (wrong) ref.current.focus(); }, [wrong]);
  const said = [hint && `${name}-hint`, wrong && `${name}-wrong`].filter(Boolean).join(" ");
  return html`<div class="field"><label for=${name}>${label}</label>
    ${hint && html`<p class="quiet" id=${`${name}-hint`}>${hint}</p>`}
    ${wrong && html`<p class="wrong" id=${`${name}-wrong`} role="alert">${wrong}</p>`}
    <input id=${name} name=${name} ref=${ref} required aria-invalid=${wrong ? "true" : null} aria-describedby=${said || null} ...${more} /></div>`;
}

/** A new password; it may be looked at. */
export function NewPassword({ wrong, name = "new_password" }) {
  const [shown, show] = useState(false);
  return html`<${Field} name=${name} label=${t("login.new_password")} hint=${t("login.rules")} wrong=${wrong}
      type=${shown ? "text" : "password"} minlength="8" maxlength="256" autocomplete="new-password" autocapitalize="none" spellcheck="false" />
    <label class="check"><input type="checkbox" checked=${shown} onChange=${() => show(!shown)} /> ${t("login.show")}</label>`;
}

const SIX = { maxlength: 7, pattern: " *[0-9]{3} ?[0-9]{3} *" };

/** A code: the six digits of an app, or what was mailed. */
export const Code = ({ wrong, hint, mailed = false }) => html`<${Field} name="code" label=${t("login.code")} hint=${hint} wrong=${wrong}
  type="text" inputmode="numeric" autocomplete="one-time-code" ...${mailed ? { maxlength: 20 } : { ...SIX, title: t("login.six") }} />`;

/** A second factor to set up: the secret to type in, and the link that an app on this device opens. */
export const SetUp = ({ setup }) => html`<p>${t("factor.how")}</p>
  <p class="secret" translate="no"><code>${setup.secret.match(/.{1,4}/g).join(" ")}</code></p>
  <p><a href=${setup.link}>${t("factor.open")}</a></p>`;

const LACKS = [["long|length", "short"], ["uppercase", "capital"], ["lowercase", "small"], ["numeric", "digit"], ["symbol", "symbol"], ["history|previously", "used"]];

/** What a password lacks, in the reader's language; the user pool says it in English only. */
function lacks(reason) {
  const known = LACKS.filter(([pattern]) => new RegExp(pattern, "i").test(reason)).map(([, name]) => t(`login.lacks_${name}`));
  return known.join(", ") || reason;
}

/** What was wrong, by field: {code: "…"}; of a refusal that names none, under "". */
export function mistakes(error) {
  const told = Object.fromEntries((error.fields || []).map((one) => [one.field, one.reason]));
  if (told.code) return { code: t("login.code_wrong") };
  if (told.new_password) return { new_password: t("login.weak", { reason: lacks(told.new_password) }) };
  if (told.password) return { password: t("me.password_wrong") };
  return { "": error.status === 429 ? t("login.busy") : error.message };
}

// --- the screen -----------------------------------------------------------------------------------

const asks = (error) => (error.status === 403 ? error.fields?.[0]?.field : "");

export function Login({ enter }) {
  const [at, go] = useState({ step: "password", email: "", session: null, setup: null });
  const [wrong, setWrong] = useState(refused ? { "": refused } : {});
  const [done, setDone] = useState("");
  const [busy, setBusy] = useState(false);
  const title = useRef(null);
  useEffect(() => {
    refused = "";
    document.title = `${t("login.title")} – ${document.documentElement.dataset.brand}`;
    const first = document.querySelector(".login input:not([readonly]):not([type=checkbox])");
    (at.step === "setup" ? title.current : first)?.focus();
  }, [at.step]);

  const move = (step, more = {}) => { setWrong({}); setDone(""); go({ ...at, session: null, setup: null, ...more, step }); };
  const failed = (error, email) => {
    const field = asks(error);
    if (field === "password") move("forgotten", { email });
    else if (field) move(error.problem.setup ? "setup" : field, { email, session: error.problem.session, setup: error.problem.setup });
    else if (error.status === 401 && at.step !== "password") { move("password", { email }); setWrong({ "": t("login.too_long") }); }
    else setWrong(error.status === 401 ? { "": t("login.wrong") } : mistakes(error));
  };
  const submit = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    const email = (given.email || at.email).trim();
    setBusy(true);
    setWrong({});
    try {
      await STEPS[at.step].send({ ...given, email, ...(at.session ? { session: at.session } : {}) }, { enter, move, setDone });
    } catch (error) {
      failed(error, email);
    } finally {
      setBusy(false);
    }
  };
  const { Fields, button, back } = STEPS[at.step];
  return html`<main class="login"><h1 tabindex="-1" ref=${title}>${t(at.step === "password" ? "login.title" : `login.title_${at.step}`)}</h1>
    ${done && html`<p class="note-box" role="status">${done}</p>`}
    ${wrong[""] && html`<p class="wrong-box" role="alert">${wrong[""]}</p>`}
    <form key=${at.step} onSubmit=${submit}><${Fields} at=${at} wrong=${wrong} /><button disabled=${busy}>${t(button)}</button></form>
    ${at.step === "password" && html`<p><button type="button" class="link" onClick=${() => move("forgotten", { email: document.getElementById("email").value })}>${t("login.forgot")}</button></p>
      <${Sso} />`}
    ${back && html`<p><button type="button" class="link" onClick=${() => move("password")}>${t("login.back")}</button></p>`}</main>`;
}

/** Ways in by the company's own identity provider, where there are any. */
function Sso() {
  const [sso, set] = useState(null);
  useEffect(() => { get("session/sso").then(set, () => set(null)); }, []);
  if (!sso?.domain || !sso.providers.length) return null;
  return html`<p class="or"><span>${t("login.or")}</span></p>
    ${sso.providers.map((name) => html`<p key=${name}><button type="button" class="second wide" onClick=${() => begin(sso, name)}>${t("login.sso", { name })}</button></p>`)}`;
}

const Who = ({ at }) => html`<${Field} name="email" label=${t("login.email")} type="email" autocomplete="username" readonly value=${at.email} />`;

async function signIn(given, { enter }) {
  const answer = await post("session/login", given);
  localStorage.removeItem(BY);
  keepToken(answer.token, answer.seconds);
  await enter();
}

const STEPS = {
  password: {
    button: "login.enter", send: signIn,
    Fields: ({ at }) => html`<${Field} name="email" label=${t("login.email")} type="email" autocomplete="username" defaultValue=${at.email} />
      <${Field} name="password" label=${t("login.password")} type="password" autocomplete="current-password" />`,
  },
  new_password: {
    button: "login.enter", back: true, send: signIn,
    Fields: ({ at, wrong }) => html`<p>${t("login.choose")}</p><${Who} at=${at} /><${NewPassword} wrong=${wrong.new_password} />`,
  },
  code: {
    button: "login.enter", back: true, send: signIn,
    Fields: ({ wrong }) => html`<${Code} wrong=${wrong.code} hint=${t("login.code_hint")} />`,
  },
  setup: {
    button: "login.enter", back: true, send: signIn,
    Fields: ({ at, wrong }) => html`<p>${t("login.setup")}</p><${SetUp} setup=${at.setup} /><${Code} wrong=${wrong.code} hint=${t("factor.first")} />`,
  },
  forgotten: {
    button: "login.send_code", back: true,
    send: async ({ email }, { move }) => { await post("login/forgotten", { email }); move("reset", { email }); },
    Fields: ({ at }) => html`<${Field} name="email" label=${t("login.email")} hint=${t("login.forgot_hint")} type="email" autocomplete="username" defaultValue=${at.email} />`,
  },
  reset: {
    button: "login.set", back: true,
    send: async (given, { move, setDone }) => {
      await post("login/reset", given);
      move("password", { email: given.email });
      setDone(t("login.was_set"));
    },
    Fields: ({ at, wrong }) => html`<p>${t("login.sent", { email: at.email })}</p><${Who} at=${at} />
      <${Code} mailed wrong=${wrong.code} /><${NewPassword} wrong=${wrong.new_password} />`,
  },
};
