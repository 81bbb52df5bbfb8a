// What the desk knows: who is signed in, where they are, the queue, the case, and what changed.

import { get, post, put, query, Refused, remove, request, Unreachable } from "./desk-api.js";
import { announce, clock, computed, setClock, signal, t, tell } from "./desk-ui.js";

export const me = signal(null);
export const place = signal(parse(location.hash));
export const views = signal([]);
export const rows = signal([]);
export const more = signal(null); // the cursor of the next page
export const listed = signal({ busy: false, error: null, of: "" });
export const waiting = signal([]); // cases that came into the list and are not shown yet
export const moved = signal(false); // rows that are shown changed: their order may be another
export const ticked = signal(new Set());
export const at = signal(0); // the row that the keyboard is on
export const present = signal({}); // case id → who else is there
export const agents = signal([]);
export const teams = signal([]);
export const setup = signal(null); // how far a new installation is; for admins
export const live = signal({ ok: true, at: clock() });
export const changed = signal({}); // case id → newest version that was heard of
export const bell = signal({ unread: 0, latest: [], first: true }); // cases with news for me

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
  keepList();
});

const LIST = "custops.list";
/** By what a list can be filtered; "any", of `q` "*", takes away what its view has. */
const FILTERS = ["status", "priority", "team", "assignee", "topic", "tag", "channel", "language", "problem", "customer", "q", "order"];

/** The list that is shown, or was last: its view, and the filters of its address. */
export const list = signal(listAt(place.value) || listAt(parse(sessionStorage.getItem(LIST) || "#/q/queue")));
export const view = computed(() => list.value.name);

function listAt({ screen, id, search }) {
  if (screen !== "q" || !id) return null;
  const filters = {};
  for (const name of FILTERS) if (search.get(name)) filters[name] = search.get(name);
  return { name: id, filters, path: pathOf(id, filters) };
}

function keepList() {
  const { screen, id } = place.value;
  const found = listAt(screen === "q" && !id ? parse("#/q/queue") : place.value);
  if (!found) return;
  sessionStorage.setItem(LIST, `#/${found.path}`);
  if (found.path !== list.value.path) list.value = found;
}

/** The address of a list with filters. */
export function pathOf(name, filters) {
  return `q/${encodeURIComponent(name)}${query(filters)}`;
}

/** What is open: `dialog` names what the keyboard or a menu asked for. */
export const current = signal(null);
/** The newest state of a case that we changed ourselves: whoever shows it takes it. */
export const fresh = signal(null);
export const dialog = signal("");

/** What the keyboard and other panes may ask of the open composer, and of what stands beside it. */
export const composer = { open: () => {}, insert: () => {}, cite: () => {}, attach: () => {}, chosen: () => "", suggestion: () => null };
export const keeping = signal(""); // the text that is to become a snippet

/** How a field of a case is called. */
export const fieldName = (name) => { const text = t(`field.${name}`); return text === `field.${name}` ? name : text; };

// --- the queue ----------------------------------------------------------------------------------

const PAGE = 50;

const asked = (more) => query({ view: list.value.name, ...list.value.filters, ...more });

/** Load the first page of the list. */
export async function loadQueue() {
  const of = list.value.path;
  listed.value = { busy: true, error: null, of };
  try {
    const page = await get(`cases${asked({ limit: PAGE })}`);
    if (listed.value.of !== of) return;
    rows.value = page.items;
    more.value = page.cursor;
    waiting.value = [];
    moved.value = false;
    ticked.value = new Set();
    at.value = Math.min(at.value, Math.max(0, page.items.length - 1));
    listed.value = { busy: false, error: null, of, looked: page.looked_at };
  } catch (error) {
    if (listed.value.of === of) listed.value = { busy: false, error, of };
  }
}

export async function loadMore() {
  const { of, looked = 0 } = listed.value;
  const page = await get(`cases${asked({ limit: PAGE, cursor: more.value })}`);
  if (listed.value.of !== of) return;
  const known = new Set(rows.value.map((row) => row.id));
  rows.value = [...rows.value, ...page.items.filter((row) => !known.has(row.id))];
  more.value = page.cursor;
  listed.value = { ...listed.value, looked: looked + page.looked_at };
}

/** Put a case's newest state where it is shown. */
export function refresh(row) {
  const seen = place.value.screen === "case" && place.value.id === row.id ? { unread: false } : {};
  rows.value = rows.value.map((old) => (old.id === row.id ? { ...old, ...row, ...seen } : old));
}

/** Go on to the case that follows in the list, or back to the list. */
export function next(id) {
  const number = rows.value.findIndex((row) => row.id === id);
  const follower = rows.value[number + 1] || rows.value[number - 1];
  if (follower && follower.id !== id) go(`case/${follower.id}`);
  else go(list.value.path);
}

const COUNTS = 15_000; // between two looks at how many cases the lists have
let counted = 0;
let recount = 0;

export async function loadViews() {
  counted = Date.now();
  views.value = (await get("views")).items;
}

/** Something changed: the counts are looked at again, though not all the time. */
function countAgain() {
  if (recount) return;
  recount = setTimeout(() => {
    recount = 0;
    loadViews().catch(gone);
  }, Math.max(1_000, counted + COUNTS - Date.now()));
}

/** A look that failed shows in the bar; the next one comes by itself. */
function gone(error) {
  if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
  live.value = { ...live.value, ok: false };
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
    const sent = Date.now();
    const answer = await request("GET", `changes${query({ since: cursor })}`, { etag });
    failures = 0;
    if (answer.status !== 304) setClock(answer.data.now, sent);
    live.value = { ok: true, at: clock() };
    if (answer.status === 304) return;
    const first = cursor === "";
    await hear(answer.data, first);
    cursor = answer.data.cursor;
    etag = answer.etag || "";
  } catch (error) {
    failures = Math.min(failures + 1, 4);
    gone(error);
  }
}

async function hear(news, first) {
  const others = {};
  for (const one of news.presence || []) {
    if (one.email === me.value.email) continue;
    (others[one.case_id] ||= []).push(one);
  }
  present.value = others;
  bell.value = { unread: news.unread, latest: news.latest, first };
  if (first || !news.items.length) return;
  const newest = { ...changed.value };
  for (const item of news.items) newest[item.case_id] = Math.max(newest[item.case_id] || 0, item.version);
  changed.value = newest;
  countAgain();
  await bring(news.items);
}

/** What a row's place in the list depends on: its promises, and that it belongs there. */
const standing = (row) => [Boolean(row.gone), ...Object.values(row.promises || {}).map((one) => one?.due_at || "")].join(" ");

const MOST = 50; // cases that one request can ask for by their ids

/** Rows that changed are shown anew where they stand; what came into the list waits for a press. */
async function bring(items) {
  const { of } = listed.value;
  if (of !== list.value.path) return;
  const shown = new Map(rows.value.map((row) => [row.id, row.version]));
  const newer = items.filter((item) => (shown.get(item.case_id) || 0) < item.version)
    .map((item) => item.case_id);
  const ids = [...new Set(newer)].filter((id) => !waiting.value.includes(id)).slice(-MOST);
  if (!ids.length) return;
  const page = await get(`cases${asked({ ids: ids.join(",") })}`);
  if (list.value.path !== of) return;
  const here = new Map(page.items.map((row) => [row.id, row]));
  const stays = (row) => (here.has(row.id) ? { ...row, ...here.get(row.id), gone: false } : { ...row, gone: true });
  const changing = ids.filter((id) => shown.has(id));
  if (changing.length) {
    const before = new Map(rows.value.map((row) => [row.id, standing(row)]));
    rows.value = rows.value.map((row) => (ids.includes(row.id) ? stays(row) : row));
    moved.value ||= rows.value.some((row) => before.get(row.id) !== standing(row));
  }
  const fresh = page.items.filter((row) => !shown.has(row.id)).map((row) => row.id);
  if (fresh.length) waiting.value = [...new Set([...waiting.value, ...fresh])];
  if (fresh.length || changing.length) announce(t("desk.changed", { count: fresh.length + changing.length }));
}

const SAY_AGAIN = 10_000; // milliseconds: what was said lasts twenty seconds
const WRITING = 60_000; // after the last change somebody only looks
let said = { what: "", at: 0, doing: "", changed: 0 };
let seen = ""; // of which case, until when we said that we saw it

/** We are still there: what was said last is said again while we stay. */
export function remain(caseId) {
  const writing = said.what.startsWith(caseId) && Date.now() - said.changed < WRITING;
  appear(caseId, writing ? said.doing : "looking", false);
}

/** Say where we are. Each key that is pressed comes here: the same is said once in ten seconds. */
export async function appear(caseId, doing, changed = true) {
  const what = `${caseId} ${doing}`;
  if (doing === "away" && !said.what.startsWith(caseId)) return;
  const row = current.value?.id === caseId ? current.value : null;
  const newest = row && `${row.id} ${row.last_message_at}`;
  const news = Boolean(newest) && newest !== seen;
  const now = Date.now();
  const since = changed ? now : said.changed;
  if (what === said.what && !news && now - said.at < SAY_AGAIN) { said.changed = since; return; }
  said = doing === "away" ? { what: "", at: 0, doing: "", changed: 0 } : { what, at: now, doing, changed: since };
  const body = news ? { doing, seen: row.last_message_at } : { doing };
  if (news) seen = newest; // each key comes here before the answer does
  try {
    const answer = await put(`cases/${caseId}/presence`, body);
    present.value = { ...present.value, [caseId]: answer.others };
    if (body.seen) {
      rows.value = rows.value.map((one) => (one.id === caseId ? { ...one, unread: false } : one));
    }
  } catch (error) {
    if (news) seen = "";
    gone(error);
  }
}

/** Hear of what is new in a case, or no longer. */
export async function follow(row) {
  const ends = row.followers.includes(me.value.email);
  const after = await (ends ? remove : put)(`cases/${row.id}/followers/me`);
  took(after);
  tell(t(ends ? "follow.ended" : "follow.done", { reference: after.reference }));
}

// --- changing a case ----------------------------------------------------------------------------

const plain = (value) => (!value && value !== 0 && value !== false ? "–"
  : value.label !== undefined ? value.label || "–"
    : typeof value === "object" ? Object.values(value).join(", ") : String(value));

/** Change a case. A lost race shows both states and changes nothing. */
export async function change(row, fields, { quiet = false } = {}) {
  try {
    const { data: after, event } = await request("PATCH", `cases/${row.id}`, { body: fields, version: row.version });
    took(after);
    if (!quiet && event) undoable(after, event);
    return after;
  } catch (error) {
    if (error.status === 412) {
      const theirs = error.problem.current;
      if (theirs) refresh(theirs);
      const names = Object.keys(fields).map((name) => t(`field.${name}`)).join(", ");
      const mine = Object.values(fields).map(plain).join(", ");
      const their = Object.keys(fields).map((name) => plain(theirs?.[name])).join(", ");
      tell(t("desk.conflict", { names, mine, their }), {
        kind: "wrong", seconds: 20,
        action: theirs && { label: t("desk.mine_anyway"), run: () => change(theirs, fields) },
      });
      return theirs || null;
    }
    throw error;
  }
}

/** Put a case's newest state wherever it is shown. */
export function took(after) {
  refresh(after);
  fresh.value = after;
}

function undoable(after, event) {
  tell(t("desk.changed_case", { reference: after.reference }), {
    action: { label: t("desk.undo"), run: async () => took(await post(`cases/${after.id}/undo`, { event })) },
  });
}
