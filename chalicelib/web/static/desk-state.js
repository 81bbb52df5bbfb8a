// What the desk knows: who is signed in, where they are, the queue, the case, and what changed.

import { get, patch, put, query, Refused, request, Unreachable } from "./desk-api.js";
import { announce, computed, signal, t, tell } from "./desk-ui.js";

export const me = signal(null);
export const place = signal(parse(location.hash));
export const views = signal([]);
export const rows = signal([]);
export const more = signal(null); // the cursor of the next page
export const listed = signal({ busy: false, error: null, of: "" });
export const waiting = signal([]); // rows that changed and are not shown yet: nothing moves by itself
export const ticked = signal(new Set());
export const at = signal(0); // the row that the keyboard is on
export const present = signal({}); // case id → who else is there
export const agents = signal([]);
export const teams = signal([]);
export const live = signal({ ok: true, at: Date.now() });
export const changed = signal({}); // case id → newest version that was heard of

export const rank = { readonly: 0, agent: 1, lead: 2, admin: 3 };
export const may = (role) =>
  (me.value?.roles || []).some((mine) => (rank[mine] ?? -1) >= rank[role]);

// --- where we are -------------------------------------------------------------------------------

function parse(hash) {
  const [path, search] = hash.replace(/^#\/?/, "").split("?");
  const [screen = "", id = ""] = path.split("/").map(decodeURIComponent);
  return { screen: screen || "q", id, search: new URLSearchParams(search || "") };
}

export const go = (path) => { location.hash = `#/${path}`; };

/** Set by a screen on which something is not saved: `ask` says whether it may be left. */
export const staying = { ask: null };
addEventListener("hashchange", (event) => {
  if (staying.ask && location.hash !== new URL(event.oldURL).hash && !staying.ask()) {
    history.replaceState(null, "", event.oldURL);
    return;
  }
  place.value = parse(location.hash);
});

export const view = computed(() =>
  (place.value.screen === "q" && place.value.id) || sessionStorage.getItem("custops.view") || "queue");

/** What is open: `dialog` names what the keyboard or a menu asked for. */
export const current = signal(null);
export const dialog = signal("");

/** How a field of a case is called. */
export const fieldName = (name) => { const text = t(`field.${name}`); return text === `field.${name}` ? name : text; };

// --- the queue ----------------------------------------------------------------------------------

const PAGE = 50;

/** Load the first page of a view, or of a search. */
export async function loadQueue(name, text = "") {
  sessionStorage.setItem("custops.view", name);
  const of = `${name}?${text}`;
  listed.value = { busy: true, error: null, of };
  try {
    const wanted = text ? { q: text, limit: PAGE } : { view: name, limit: PAGE };
    const page = await get(`cases${query(wanted)}`);
    if (listed.value.of !== of) return;
    rows.value = page.items;
    more.value = page.cursor;
    waiting.value = [];
    ticked.value = new Set();
    at.value = Math.min(at.value, Math.max(0, page.items.length - 1));
    listed.value = { busy: false, error: null, of };
  } catch (error) {
    if (listed.value.of === of) listed.value = { busy: false, error, of };
  }
}

export async function loadMore(name, text = "") {
  const wanted = text ? { q: text, limit: PAGE } : { view: name, limit: PAGE };
  const page = await get(`cases${query({ ...wanted, cursor: more.value })}`);
  const known = new Set(rows.value.map((row) => row.id));
  rows.value = [...rows.value, ...page.items.filter((row) => !known.has(row.id))];
  more.value = page.cursor;
}

/** Put a case's newest state where it is shown. */
export function refresh(row) {
  rows.value = rows.value.map((old) => (old.id === row.id ? { ...old, ...row } : old));
}

/** Go on to the case that follows in the list, or back to the list. */
export function next(id) {
  const number = rows.value.findIndex((row) => row.id === id);
  const follower = rows.value[number + 1] || rows.value[number - 1];
  if (follower && follower.id !== id) go(`case/${follower.id}`);
  else go(`q/${sessionStorage.getItem("custops.view") || "queue"}`);
}

export async function loadViews() {
  views.value = (await get("views")).items;
}

// --- changes ------------------------------------------------------------------------------------

const ACTIVE = 5_000;
const IDLE = 15_000;
const SLOWEST = 60_000;
let cursor = "";
let etag = "";
let failures = 0;
let touched = Date.now();
let timer = 0;

for (const kind of ["keydown", "pointerdown"]) {
  addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
addEventListener("online", () => poll());

export function startPolling() { poll(); }
export function stopPolling() { clearTimeout(timer); cursor = ""; etag = ""; }

async function poll() {
  clearTimeout(timer);
  if (!me.value) return;
  if (!document.hidden) await look();
  const calm = Date.now() - touched < 60_000 ? ACTIVE : IDLE;
  const wait = failures ? Math.min(SLOWEST, calm * 2 ** failures) : calm;
  timer = setTimeout(poll, wait * (0.85 + Math.random() * 0.3));
}

async function look() {
  try {
    const answer = await request("GET", `changes${query({ since: cursor })}`, { etag });
    failures = 0;
    live.value = { ok: true, at: Date.now() };
    if (answer.status === 304) return;
    const first = cursor === "";
    cursor = answer.data.cursor;
    etag = answer.etag || "";
    hear(answer.data, first);
  } catch (error) {
    if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
    failures = Math.min(failures + 1, 4);
    live.value = { ...live.value, ok: false };
  }
}

function hear(news, first) {
  const others = {};
  for (const one of news.presence || []) {
    if (one.email === me.value.email) continue;
    (others[one.case_id] ||= []).push(one);
  }
  present.value = others;
  if (first || !news.items.length) return;
  const newest = { ...changed.value };
  for (const item of news.items) newest[item.case_id] = Math.max(newest[item.case_id] || 0, item.version);
  changed.value = newest;
  const foreign = news.items.filter((item) => item.by !== me.value.email);
  if (!foreign.length) return;
  const known = new Set(waiting.value);
  for (const item of foreign) known.add(item.case_id);
  waiting.value = [...known];
  announce(t("desk.changed", { count: known.size }));
}

let said = "";
/** Say where we are; it lasts twenty seconds, so it is said again while we stay. */
export async function appear(caseId, doing) {
  const what = `${caseId} ${doing}`;
  if (doing === "away" && !said.startsWith(caseId)) return;
  said = doing === "away" ? "" : what;
  try {
    const answer = await put(`cases/${caseId}/presence`, { doing });
    present.value = { ...present.value, [caseId]: answer.others };
  } catch (error) {
    if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
    live.value = { ...live.value, ok: false };
  }
}

// --- changing a case ----------------------------------------------------------------------------

/** Change a case. A lost race shows both states and changes nothing. */
export async function change(row, fields, { quiet = false } = {}) {
  try {
    const after = await patch(`cases/${row.id}`, fields, row.version);
    refresh(after);
    if (!quiet) undoable(row, after, fields);
    return after;
  } catch (error) {
    if (error.status === 412) {
      const theirs = error.problem.current;
      if (theirs) refresh(theirs);
      const names = Object.keys(fields).map((name) => t(`field.${name}`)).join(", ");
      const mine = Object.values(fields).join(", ");
      const their = Object.keys(fields).map((name) => theirs?.[name] ?? "–").join(", ");
      tell(t("desk.conflict", { names, mine, their }), {
        kind: "wrong", seconds: 20,
        action: theirs && { label: t("desk.mine_anyway"), run: () => change(theirs, fields) },
      });
      return theirs || null;
    }
    throw error;
  }
}

function undoable(before, after, fields) {
  const back = {};
  for (const name of Object.keys(fields)) {
    const value = name === "topic" ? before.topic?.label : before[name];
    if (value === undefined || name === "note") return;
    back[name] = value;
  }
  if (back.status === "new") return;
  tell(t("desk.changed_case", { reference: after.reference }), {
    action: { label: t("desk.undo"), run: () => change(after, back, { quiet: true }) },
  });
}
