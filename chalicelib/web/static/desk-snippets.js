// Texts behind a word: snippets, one's own and everybody's, and what is asked of the macros
// (desk-macros.js), which few have open.

import { get } from "./desk-api.js";
import { signal } from "./desk-ui.js";
import { composer, keeping } from "./desk-state.js";

export const snippets = signal(null);
export const wanted = signal(""); // the macro that a suggestion names

export async function loadSnippets(again = false) {
  if (!snippets.value || again) snippets.value = await get("me/snippets");
}

/** Own ones go before those of all; {word, text} in the language. */
export function words(language) {
  const { items, shared } = snippets.value || { items: [], shared: [] };
  const own = new Set(items.map((one) => one.word.toLowerCase()));
  return [...items, ...shared.filter((one) => !own.has(one.word.toLowerCase())).map((one) => ({ ...one, text: one.texts[language] || one.text }))];
}

/** What stands for the ;word before the cursor: {from, text}, or null. */
export function expanded(value, at, language) {
  const match = /(?:^|\s)(;([\p{L}\p{N}_-]{1,30}))$/u.exec(value.slice(0, at));
  const found = match && words(language).find((one) => one.word.toLowerCase() === match[2].toLowerCase());
  return found ? { from: at - match[1].length, text: found.text } : null;
}

export const keepAsSnippet = () => { keeping.value = composer.chosen(); };
