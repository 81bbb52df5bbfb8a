// The same texts as on the server, by the same rules: {name} and ICU plurals, # is the number.

let texts = {};
let plural = new Intl.PluralRules("en");
export let language = "en";

/**
 * Load the texts of a language; `base` is the address of the static files. Where agents read
 * another text than customers, it stands under `own` and the key.
 */
export async function speak(wanted, base, own = "") {
  const answer = await fetch(`${base}/words-${wanted}.json`);
  if (!answer.ok) throw new Error(`no texts for ${wanted}`);
  texts = await answer.json();
  for (const key of Object.keys(texts)) if (own && key.startsWith(own)) texts[key.slice(own.length)] = texts[key];
  plural = new Intl.PluralRules(wanted);
  language = wanted;
}

/** Take the texts that came with the page. */
export function texted(root = document.documentElement) {
  texts = JSON.parse(root.dataset.texts || "{}");
  plural = new Intl.PluralRules(root.lang);
  language = root.lang;
}

/** The text of a key; a key without a text is shown as it is, so that it is noticed. */
export function t(key, fields = {}) {
  return key in texts ? render(texts[key], fields) : key;
}

/** Whether there is a text of that key. */
export const known = (key) => key in texts;

export function render(text, fields) {
  let out = "";
  let at = 0;
  for (let start = text.indexOf("{"); start >= 0; start = text.indexOf("{", at)) {
    const end = closing(text, start);
    out += text.slice(at, start) + filled(text.slice(start + 1, end).trim(), fields);
    at = end + 1;
  }
  return out + text.slice(at);
}

function closing(text, start) {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error(`a brace is not closed: ${text}`);
}

function filled(inside, fields) {
  const match = /^(\w+)\s*,\s*plural\s*,\s*([^]*)$/.exec(inside);
  if (!match) return String(fields[inside] ?? "");
  const number = Number(fields[match[1]]);
  const choices = {};
  const pattern = /\s*(=\d+|\w+)\s*\{/y;
  for (let found = pattern.exec(match[2]); found; found = pattern.exec(match[2])) {
    const end = closing(match[2], pattern.lastIndex - 1);
    choices[found[1]] = match[2].slice(pattern.lastIndex, end);
    pattern.lastIndex = end + 1;
  }
  const chosen = choices[`=${number}`] ?? choices[plural.select(number)] ?? choices.other;
  return render(chosen.replaceAll("#", String(number)), fields);
}
