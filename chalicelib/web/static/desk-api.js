// The API as the desk calls it: one place for the token, versions, problems and retries.

const root = document.documentElement.dataset.root || "./";
const KEPT = "custops.token";

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

let token = sessionStorage.getItem(KEPT) || "";
let whenSignedOut = () => {};

export const signedIn = () => token !== "";
export const onSignedOut = (call) => { whenSignedOut = call; };

export function keepToken(given) {
  token = given;
  if (given) sessionStorage.setItem(KEPT, given);
  else sessionStorage.removeItem(KEPT);
}

/**
 * One request. `version` becomes If-Match, `key` the Idempotency-Key, `etag` If-None-Match.
 * Resolves to {data, etag, status}; status 304 has no data. Raises Refused or Unreachable.
 */
export async function request(method, path, { body, version, key, etag, signal } = {}) {
  const headers = { Accept: "application/json" };
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
  if (answer.status === 401 && token && path !== "login") {
    keepToken("");
    whenSignedOut();
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
