// @name in a note: a list of colleagues at the cursor, chosen by arrows and Enter.
//
// The text field stays a text field (a field of several lines is no combobox, ARIA 1.2): it names the
// list and the entry that is chosen, and how many there are is said aloud.

import { announce, html, t, useEffect, useState } from "./desk-ui.js";
import { agents, me } from "./desk-state.js";

const MOST = 6;
const BEGUN = /(?:^|[\s([{,;])@([\w.+-]*)$/;

/** How a colleague is called in a text: the whole address where two have the same name. */
function handle(agent) {
  const [name] = agent.email.split("@");
  return agents.value.some((one) => one !== agent && one.email.startsWith(`${name}@`)) ? agent.email : name;
}

function fitting(part) {
  const wanted = part.toLowerCase();
  const others = agents.value.filter((one) => one.email !== me.value.email);
  const begins = (one) => one.email.startsWith(wanted) || one.name.toLowerCase().split(" ").some((word) => word.startsWith(wanted));
  return others.filter(begins).slice(0, MOST);
}

/**
 * Mentions for a text field. `on` says whether there are any in it at present, `put(text, cursor)`
 * changes it. Gives `props` for the field, `look` after input, `onKey`, which is true for a key that
 * was meant for the list, and the `list` to be shown beside it.
 */
export function useMentions({ on, put }) {
  const [begun, setBegun] = useState(null); // what stands behind the @, and where it begins
  const [at, setAt] = useState(0);
  const found = on && begun ? fitting(begun.part) : [];
  const open = found.length > 0;
  useEffect(() => { if (on && begun) announce(t("mention.found", { count: found.length })); }, [on && begun?.part, found.length]);

  const look = (field) => {
    const match = on && field.selectionStart === field.selectionEnd && BEGUN.exec(field.value.slice(0, field.selectionStart));
    setBegun(match ? { part: match[1], start: field.selectionStart - match[1].length } : null);
    if (match?.[1] !== begun?.part) setAt(0);
  };
  const take = (agent, field) => {
    const name = `${handle(agent)} `;
    const end = begun.start + begun.part.length;
    setBegun(null);
    put(field.value.slice(0, begun.start) + name + field.value.slice(end).replace(/^ /, ""), begun.start + name.length);
  };
  const onKey = (event) => {
    if (!open || event.isComposing || event.ctrlKey || event.metaKey) return false;
    if (event.key === "ArrowDown") setAt((at + 1) % found.length);
    else if (event.key === "ArrowUp") setAt((at + found.length - 1) % found.length);
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") take(found[at], event.target);
    else if (event.key === "Escape") setBegun(null);
    else return false;
    event.preventDefault();
    return true;
  };
  const props = !on ? {} : {
    "aria-autocomplete": "list",
    "aria-controls": open ? "mentions" : null,
    "aria-activedescendant": open ? `mention-${at}` : null,
  };
  const list = open && html`<ul class="mentions" id="mentions" role="listbox" aria-label=${t("mention.list")}>${found.map((agent, number) => html`
    <li key=${agent.email} id=${`mention-${number}`} role="option" aria-selected=${number === at ? "true" : "false"}
      onMouseDown=${(e) => e.preventDefault()} onClick=${() => take(agent, document.querySelector('[aria-controls="mentions"]'))}>
      <strong dir="auto">${agent.name}</strong> <span class="quiet">${agent.email}</span></li>`)}</ul>`;
  return { props, look, onKey, list, close: () => setBegun(null) };
}
