// Plots as SVG with a title, a description and the same numbers as a table.

import { exact, html, t, useState } from "./desk-ui.js";

const WIDTH = 640;
const HEIGHT = 180;
const EDGE = { left: 34, right: 8, top: 10, bottom: 22 };

/**
 * Hours of what was seen beside what was expected and its band.
 * `points`: [{hour, seen, expected, lower, upper}]; what is null is not drawn.
 */
export function HourPlot({ title, points }) {
  const [table, setTable] = useState(false);
  if (!points.length) return html`<p class="quiet">${t("plot.none")}</p>`;
  const top = Math.max(1, ...points.flatMap((p) => [p.seen || 0, p.upper || 0, p.expected || 0]));
  const x = (n) => EDGE.left + (n * (WIDTH - EDGE.left - EDGE.right)) / Math.max(1, points.length - 1);
  const y = (value) => HEIGHT - EDGE.bottom - (value * (HEIGHT - EDGE.top - EDGE.bottom)) / top;
  const line = (name) => points.map((p, n) => [n, p[name]]).filter(([, v]) => v !== null && v !== undefined)
    .map(([n, v], at) => `${at ? "L" : "M"}${x(n).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  const banded = points.every((p) => p.upper !== null && p.upper !== undefined);
  const band = banded ? `${line("upper")}${points.map((p, n) => [n, p.lower || 0]).reverse()
    .map(([n, v]) => `L${x(n).toFixed(1)} ${y(v).toFixed(1)}`).join("")}Z` : "";
  const most = points.reduce((a, b) => ((b.seen || 0) > (a.seen || 0) ? b : a));
  const words = t("plot.words", {
    from: exact(points[0].hour), to: exact(points.at(-1).hour), most: most.seen ?? 0, at: exact(most.hour),
  });
  return html`<figure>
    <svg class="plot" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${`${title}. ${words}`}>
      ${band && html`<path class="band" d=${band} />`}
      <path class="axis" d=${`M${EDGE.left} ${y(0)}H${WIDTH - EDGE.right}M${EDGE.left} ${EDGE.top}V${y(0)}`} />
      <path class="expected" d=${line("expected")} /><path class="seen" d=${line("seen")} />
      <text x="2" y=${y(top) + 4}>${Math.round(top)}</text><text x="2" y=${y(0)}>0</text>
      <text x=${EDGE.left} y=${HEIGHT - 6}>${exact(points[0].hour)}</text>
      <text x=${WIDTH - EDGE.right} y=${HEIGHT - 6} text-anchor="end">${exact(points.at(-1).hour)}</text>
    </svg>
    <figcaption class="quiet">${t("plot.legend")} <button type="button" class="link" aria-expanded=${table}
      onClick=${() => setTable(!table)}>${t("plot.table")}</button></figcaption>
    ${table && html`<table><thead><tr><th scope="col">${t("plot.hour")}</th><th scope="col" class="number">${t("plot.seen")}</th>
      <th scope="col" class="number">${t("plot.expected")}</th><th scope="col" class="number">${t("plot.upper")}</th></tr></thead>
      <tbody>${points.map((p) => html`<tr key=${p.hour}><th scope="row">${exact(p.hour)}</th><td class="number">${p.seen ?? "–"}</td>
        <td class="number">${round(p.expected)}</td><td class="number">${round(p.upper)}</td></tr>`)}</tbody></table>`}
  </figure>`;
}

const round = (value) => (value === null || value === undefined ? "–" : value.toFixed(1));
