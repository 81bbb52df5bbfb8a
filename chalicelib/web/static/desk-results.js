// The page of all that a search found.

import { get, query } from "./desk-api.js";
import { acting, html, Loading, styled, t, Time, useEffect, useLoaded, useState } from "./desk-ui.js";
import { place } from "./desk-state.js";
import { Hit, LEAST, target } from "./desk-search.js";

await styled("entry.css");

const KINDS = ["case", "customer", "solved", "article", "problem", "trend", "campaign", "macro"];

/** All that was found, kind by kind; further open cases are looked through when asked for. */
export function Results() {
  const text = place.value.search.get("q") || "";
  const [further, setFurther] = useState(null);
  const state = useLoaded(async () => {
    setFurther(null);
    return text.trim().length < LEAST ? { hits: [], looked_at: 0, cursor: null } : get(`search${query({ q: text })}`);
  }, [text]);
  useEffect(() => { document.getElementById("board-title")?.focus(); }, [text]);
  return html`<section class="results"><header><h1 id="board-title" tabindex="-1" dir="auto">${t("found.title", { text })}</h1>
    <a href=${`#/q/all?q=${encodeURIComponent(text)}`}>${t("found.as_list")}</a></header>
    <${Loading} state=${state}>${(first) => {
      const hits = [...first.hits, ...(further?.hits || [])];
      const looked = first.looked_at + (further?.looked_at || 0);
      const cursor = further ? further.cursor : first.cursor;
      const on = acting(async () => {
        const next = await get(`search${query({ q: text, cursor })}`);
        setFurther({ hits: [...(further?.hits || []), ...next.hits], looked_at: (further?.looked_at || 0) + next.looked_at, cursor: next.cursor });
      });
      return html`${!hits.length && html`<p class="empty">${t("found.none")}</p>`}
        ${KINDS.map((kind) => [kind, hits.filter((hit) => hit.kind === kind)]).filter(([kind, all]) => all.length || (kind === "case" && cursor)).map(([kind, all]) => html`
          <h2 key=${kind}>${t(`found.${kind}`)}</h2>
          <ul class="plain">${all.map((hit) => html`<li key=${hit.id}><${Found} hit=${hit} /></li>`)}</ul>
          ${kind === "case" && looked > 0 && html`<p class="actions"><span class="quiet">${t("found.looked", { count: looked })}</span>
            ${cursor && html`<button type="button" class="second" onClick=${on}>${t("found.further")}</button>`}</p>`}`)}`;
    }}<//></section>`;
}

function Found({ hit }) {
  const to = target(hit);
  const away = to.startsWith("./");
  return html`${to ? html`<a href=${to} target=${away ? "_blank" : null} rel=${away ? "noopener" : null}><${Hit} hit=${hit} /></a>` : html`<${Hit} hit=${hit} />`}
    ${hit.at && html` <span class="quiet"><${Time} at=${hit.at} /></span>`}`;
}
