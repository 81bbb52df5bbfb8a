// What was begun: in this browser at once, on the server soon after, by version, so that nothing
// that was written elsewhere is overwritten unseen. Nothing remote clears a draft.

import { get, once, put, Refused, remove, Unreachable } from "./desk-api.js";
import { complain, signal } from "./desk-ui.js";
import { me } from "./desk-state.js";

const SAVE = 1_500; // milliseconds without a change before a draft goes to the server
const NEVER_SENT = ["version", "dirty", "pending"]; // what only this browser keeps
const known = new Map();

/** `cc` is null while nobody changed who gets a copy; `pending` is a request without an answer. */
const empty = () => ({ text: "", cc: null, channel: "", attachments: [], articles: [], key: once(), version: 0, dirty: false, pending: null });
const isEmpty = (draft) => !draft.text.trim() && !draft.attachments.length && !draft.articles.length && !draft.pending;
const content = ({ text, attachments, articles, cc, channel }) => JSON.stringify([text, attachments.map((f) => f.id), articles.map((a) => a.slug), cc, channel]);

/** The draft of a case and mode: `state` is what it is now, `other` one that was written elsewhere. */
export function draftOf(id, mode) {
  const slot = `custops.draft.${me.value.email}.${id}.${mode}`;
  if (!known.has(slot)) {
    const entry = { id, mode, slot, state: signal({ ...empty(), ...read(slot) }), other: signal(null), timer: 0, tried: "", saved: Promise.resolve() };
    known.set(slot, entry);
    look(entry);
  }
  return known.get(slot);
}

function read(slot) {
  try {
    return JSON.parse(localStorage.getItem(slot)) || {};
  } catch {
    return {};
  }
}

/** Change a draft. Its files are kept too: a draft that is only a file is a draft. */
export function keep(entry, changes, dirty = true) {
  const draft = { ...entry.state.value, ...changes, dirty: dirty || entry.state.value.dirty };
  entry.state.value = draft;
  if (isEmpty(draft) && !draft.version) localStorage.removeItem(entry.slot);
  else localStorage.setItem(entry.slot, JSON.stringify(draft));
  clearTimeout(entry.timer);
  if (dirty) entry.timer = setTimeout(() => soon(entry), SAVE);
}

/** One save after the other: each goes on from the version that the one before made. */
function soon(entry) {
  entry.saved = entry.saved.then(() => save(entry));
}

/** It was sent, or is not wanted: here and on the server. */
export function drop(entry) {
  clearTimeout(entry.timer);
  entry.state.value = empty();
  entry.other.value = null;
  localStorage.removeItem(entry.slot);
  entry.saved = entry.saved.then(() => quiet(remove(`cases/${entry.id}/drafts/${entry.mode}`))); // behind what is still being saved
}

/** Between what is here and what was written elsewhere. */
export function decide(entry, theirs) {
  const other = entry.other.value;
  entry.other.value = null;
  if (theirs) take(entry, other);
  else keep(entry, { version: other.version });
}

function take(entry, other) {
  const { text, cc, channel, attachments, articles, key, version } = other;
  entry.state.value = { ...empty(), text, cc, channel, attachments, articles, key: key || once(), version };
  localStorage.setItem(entry.slot, JSON.stringify(entry.state.value));
}

async function look(entry) {
  const found = await quiet(get(`cases/${entry.id}/drafts/${entry.mode}`));
  const mine = entry.state.value;
  if (!found?.version || found.version === mine.version || mine.pending) return;
  if (isEmpty(mine) || !mine.dirty) take(entry, found);
  else meet(entry, found);
}

function meet(entry, other) {
  const mine = entry.state.value;
  if (content(mine) === content(other)) settle(entry, mine, other.version);
  else if (content(other) === entry.tried) { // ours, though its answer was lost
    keep(entry, { version: other.version });
  }
  else entry.other.value = other;
}

async function save(entry) {
  const draft = entry.state.value;
  if (entry.other.value) return; // somebody decides first
  const path = `cases/${entry.id}/drafts/${entry.mode}`;
  try {
    if (isEmpty(draft)) {
      if (draft.version) await remove(path);
      settle(entry, draft, 0);
      return;
    }
    const sent = Object.fromEntries(Object.entries(draft).filter(([name]) => !NEVER_SENT.includes(name)));
    entry.tried = content(draft);
    settle(entry, draft, (await put(path, { ...sent, version: draft.version })).version);
  } catch (error) {
    if (error.status === 412 && error.problem.current?.version) meet(entry, error.problem.current);
    else if (!(error instanceof Refused || error instanceof Unreachable)) complain(error);
  }
}

/** What was typed while it was being saved is still to be saved. */
function settle(entry, sent, version) {
  const now = entry.state.value;
  if (now.key !== sent.key) return; // sent or taken over meanwhile
  const same = content(now) === content(sent);
  entry.state.value = { ...now, version, dirty: !same };
  if (version) localStorage.setItem(entry.slot, JSON.stringify(entry.state.value));
  else if (same) localStorage.removeItem(entry.slot);
}

addEventListener("online", () => { for (const entry of known.values()) if (entry.state.value.dirty) soon(entry); });

/** The copy in the browser is enough for a while: without an answer nothing is lost. */
async function quiet(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) return null;
    throw error;
  }
}
