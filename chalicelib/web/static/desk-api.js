// The API as the desk calls it: one place for the token, versions, problems and retries.

const root = document.documentElement.dataset.root || "./";
const KEPT = "custops.token";
const UNTIL = "custops.until";
const SOON = 60_000; // a token that ends within a minute is renewed before it is used

/** What the API refused: `status`, `type` (the problem's slug), `fields`, `request` and `problem`. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `error ${status}`);
    this.status = status;
    this.type = String(problem.type || "").replace("urn:custops:problem:", "");
    this.fields = problem.fields || [];
    this.request = problem.request_id || "";
    this.problem = problem;
  }
}

/** No answer at all: the network is gone, or the service is. */
export class Unreachable extends Error {}

// The token holds an hour and lies in this tab; what renews it is a cookie that no script reads, so
// that a new tab or a reload needs no new sign-in.
let token = sessionStorage.getItem(KEPT) || "";
let until = Number(sessionStorage.getItem(UNTIL)) || Infinity; // when it ends, as far as is known
let whenSignedOut = () => {};
const tabs = new BroadcastChannel("custops");
tabs.onmessage = () => { keepToken(""); whenSignedOut(); };

export const signedIn = () => token !== "";
export const onSignedOut = (call) => { whenSignedOut = call; };

export function keepToken(given, seconds = 0) {
  token = given;
  until = seconds ? Date.now() + seconds * 1000 : Infinity;
  if (given) {
    sessionStorage.setItem(KEPT, given);
    sessionStorage.setItem(UNTIL, String(until));
  } else {
    sessionStorage.removeItem(KEPT);
    sessionStorage.removeItem(UNTIL);
  }
}

let renewing = null;
/** A new token by the cookie, one request for all who wait; false where nobody is signed in. */
export function renew() {
  renewing ||= send("POST", "session/refresh", {}).then(({ data }) => {
    const other = token && data.token && whose(data.token) !== whose(token);
    keepToken(data.token, data.seconds);
    // Somebody else signed in with this browser, in another tab: nothing of the one before stays.
    if (other) location.reload();
    return data.token !== "";
  }).finally(() => { renewing = null; });
  return renewing;
}

/** Whose a token is, as the user pool numbers people; "" where it does not say. */
function whose(given) {
  try {
    return JSON.parse(atob(given.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub || "";
  } catch {
    return "";
  }
}

/** Sign out of this browser, in all its tabs; `everywhere` of all others as well. */
export async function signOut({ everywhere = false } = {}) {
  await request("POST", everywhere ? "session/logout-everywhere" : "session/logout");
  forget();
}

/** Every tab goes back to the sign-in. */
export function forget() {
  keepToken("");
  tabs.postMessage("out");
  whenSignedOut();
}

/**
 * One request. `version` becomes If-Match, `key` the Idempotency-Key, `etag` If-None-Match.
 * Resolves to {data, etag, status}; status 304 has no data. Raises Refused or Unreachable.
 */
export async function request(method, path, options = {}) {
  const session = /^(session|login)\b/.test(path) && path !== "session/logout-everywhere";
  if (!session && token && until - Date.now() < SOON) await renew();
  try {
    return await send(method, path, options);
  } catch (error) {
    if (error.status !== 401 || !token || session) throw error;
    if (await renew()) return send(method, path, options);
    whenSignedOut();
    throw error;
  }
}

async function send(method, path, { body, version, key, etag, signal }) {
  const headers = { Accept: "application/json" };
  if (path.startsWith("session/")) headers["X-Requested-With"] = "desk"; // no other site can say so
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version !== undefined) headers["If-Match"] = `"${version}"`;
  if (key) headers["Idempotency-Key"] = key;
  if (etag) headers["If-None-Match"] = etag;
  let answer;
  try {
    answer = await fetch(`${root}v1/${path}`, {
      method, headers, signal, cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable(error.message);
  }
  if (answer.status === 304) return { status: 304, etag };
  const data = await read(answer);
  if (answer.ok) {
    const event = answer.headers.get("Change-Event"); // of a change that can be undone
    return { status: answer.status, data, etag: answer.headers.get("ETag"), event };
  }
  throw new Refused(answer.status, data || {});
}

async function read(answer) {
  const text = await answer.text();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return { detail: text.slice(0, 200) };
  }
}

export const get = async (path, options) => (await request("GET", path, options)).data;
export const post = async (path, body, options) =>
  (await request("POST", path, { ...options, body })).data;
export const put = async (path, body, options) =>
  (await request("PUT", path, { ...options, body })).data;
export const patch = async (path, body, version) =>
  (await request("PATCH", path, { body, version })).data;
export const remove = async (path) => (await request("DELETE", path)).data;

/** A query string of what is set. */
export function query(values) {
  const given = Object.entries(values).filter(([, v]) => v !== undefined && v !== null && v !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** A key that makes a second try of the same request harmless. */
export const once = () => crypto.randomUUID();
