// What one prefers of the desk: its language, its appearance, its keys. It is kept with the account
// and, so that the first screen is right at once, in the browser.

import { get, request } from "./desk-api.js";
import { signal } from "./desk-ui.js";
import { switchKeys } from "./desk-keys.js";
import { language, speak } from "./words.js";

const LANGUAGE = "custops.language";
const THEME = "custops.theme";
const root = document.documentElement;
const pageLanguage = root.lang;
const here = new URL(".", import.meta.url).href.replace(/\/$/, "");

/** The language that is shown; who shows texts is drawn anew when it changes. */
export const spoken = signal("");

/** Before anybody is known: as it was in this browser. */
export async function begin() {
  dress(localStorage.getItem(THEME) || "system");
  await say(localStorage.getItem(LANGUAGE) || "");
}

async function say(wanted) {
  const next = wanted || pageLanguage;
  if (wanted) localStorage.setItem(LANGUAGE, wanted);
  else localStorage.removeItem(LANGUAGE);
  if (next !== language || !spoken.value) await speak(next, here, "desk:");
  root.lang = next;
  spoken.value = next;
}

function dress(theme) {
  if (theme === "system") {
    delete root.dataset.theme;
    localStorage.removeItem(THEME);
  } else {
    root.dataset.theme = theme;
    localStorage.setItem(THEME, theme);
  }
}

/** Make the desk as somebody prefers it. */
export async function apply(preferences) {
  dress(preferences.theme);
  switchKeys(!preferences.keys);
  await say(preferences.language);
}

export const loadOwn = async () => apply(await get("me/preferences"));

/** Choose something outside of the form: it is done at once, and kept with the account. */
export async function prefer(fields) {
  const { data, etag } = await request("GET", "me/preferences");
  const { data: kept } = await request("PUT", "me/preferences", { body: { ...data, ...fields }, version: Number(etag.replace(/\D/g, "")) });
  await apply(kept);
}

export const dark = () =>
  (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
