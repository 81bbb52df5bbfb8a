// About oneself, section by section.

import { html, t, useEffect } from "./desk-ui.js";
import { Preferences } from "./desk-preferences.js";

const SECTIONS = [Preferences];

export function Board() {
  useEffect(() => { document.getElementById("board-title")?.focus(); }, []);
  return html`<section class="mine"><header><h1 id="board-title" tabindex="-1">${t("board.me")}</h1></header>
    ${SECTIONS.map((Section) => html`<${Section} key=${Section.name} />`)}</section>`;
}
