// What one should know: the bell with its count in the bar, and the list behind it.

import { post } from "./desk-api.js";
import { acting, announce, effect, html, lazy, t } from "./desk-ui.js";
import { bell, current, dialog } from "./desk-state.js";
import { nameOf } from "./desk-queue.js";

export const words = (one) => t(`news.${one.kind}${one.by ? "_by" : ""}`, { by: one.by ? nameOf(one.by) : "" });

export const ring = (unread, latest) => { bell.value = { unread, latest, first: false }; };

/** Those of a case are seen once it is open. */
export async function seen(id) {
  if (!bell.value.unread) return;
  const { unread } = await post("notifications/read", { case: id });
  ring(unread, bell.value.latest.filter((one) => one.case_id !== id));
}

let heard = ""; // the time of the newest that was said
effect(() => {
  const { unread, latest, first } = bell.value;
  const open = document.hidden ? undefined : current.peek()?.id;
  const [newest] = latest;
  if (unread && open && (first || latest.some((one) => one.case_id === open))) acting(() => seen(open))();
  if (!newest || newest.at <= heard) return;
  heard = newest.at;
  if (!first && newest.case_id !== open) announce(`${words(newest)}: ${newest.reference}`);
});

const List = lazy(() => import("./desk-news.js").then((m) => m.List));

export function Bell() {
  const { unread } = bell.value;
  return html`<button type="button" class="bell" aria-haspopup="dialog" title=${t("news.title")}
    aria-label=${t("news.bell", { count: unread })} onClick=${() => { dialog.value = "news"; }}>
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"
      d="M4.5 14.5c1.2-1.3 1.2-2.7 1.2-5a4.3 4.3 0 0 1 8.6 0c0 2.3 0 3.7 1.2 5zM8.2 17h3.6" /></svg>
    ${unread > 0 && html`<span class="badge" aria-hidden="true">${unread > 99 ? "99+" : unread}</span>`}</button>`;
}

/** The list; every line leads to its case and what is meant there. */
export function News() {
  if (dialog.value !== "news") return null;
  return html`<${List} close=${() => { dialog.value = ""; }} />`;
}
