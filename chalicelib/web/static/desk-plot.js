// Plots as SVG, each with a title, a description and the same numbers as a table.

import { exact, html, t, useEffect, useRef, useState } from "./desk-ui.js";
import { language } from "./words.js";

const HEIGHT = 200;
const EDGE = { left: 40, right: 12, top: 12, bottom: 24 };
let number = 0;

const day = (moment) => new Intl.DateTimeFormat(language, { day: "numeric", month: "short" }).format(new Date(moment));
const round = (value) => (value === null || value === undefined ? "–" : String(Math.round(value * 10) / 10));

/**
 * An SVG with its name and description, as wide as there is room (`draw` gets that width, so letters
 * keep their size), and below it a legend and the table behind a button.
 */
export function Figure({ title, words, height = HEIGHT, legend, head, rows, draw }) {
  const id = useRef(null);
  const frame = useRef(null);
  id.current ||= `plot-${(number += 1)}`;
  const [table, setTable] = useState(false);
  const [width, setWidth] = useState(720);
  useEffect(() => {
    const watch = new ResizeObserver(([one]) => setWidth(Math.max(260, Math.round(one.contentRect.width))));
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  return html`<figure ref=${frame}>
    <svg class="plot" viewBox=${`0 0 ${width} ${height}`} role="img" aria-labelledby=${`${id.current}-t ${id.current}-d`}>
      <title id=${`${id.current}-t`}>${title}</title><desc id=${`${id.current}-d`}>${words}</desc>${draw(width)}</svg>
    <figcaption class="quiet">${(legend || []).map(([kind, text]) => html`<span key=${kind} class="key"><svg viewBox="0 0 20 10" aria-hidden="true">
      ${kind === "expected" ? html`<path class=${kind} d="M0 5H20" />` : html`<rect class=${kind} width="20" height="10" rx="2" />`}</svg> ${text}</span>`)}
      <button type="button" class="link" aria-expanded=${table} onClick=${() => setTable(!table)}>${t("plot.table")}</button></figcaption>
    ${table && html`<div class="scroll" tabindex="0" role="region" aria-label=${title}><table><thead><tr>${head.map((text, n) => html`<th key=${n} scope="col" class=${n ? "number" : ""}>${text}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row[0]}>${row.map((cell, n) => (n ? html`<td key=${n} class="number">${cell}</td>` : html`<th key=${n} scope="row" dir="auto">${cell}</th>`))}</tr>`)}</tbody></table></div>`}
  </figure>`;
}

/** A round number at or above what is plotted. */
export function ceiling(most) {
  const size = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((step) => step * size).find((step) => step >= most);
}

function drawn(points, width, height, edge, top) {
  const x = (n) => edge.left + (n * (width - edge.left - edge.right)) / Math.max(1, points.length - 1);
  const y = (value) => height - edge.bottom - (value * (height - edge.top - edge.bottom)) / top;
  const at = ([n, v]) => `${x(n).toFixed(1)} ${y(v).toFixed(1)}`;
  const line = (name) => points.map((p, n) => [n, p[name]]).filter(([, v]) => v !== null && v !== undefined)
    .map((one, k) => `${k ? "L" : "M"}${at(one)}`).join("");
  const banded = points.length > 1 && points.every((p) => p.upper !== null && p.upper !== undefined);
  const band = banded ? `${line("upper")}${points.map((p, n) => [n, p.lower || 0]).reverse().map((one) => `L${at(one)}`).join("")}Z` : "";
  const area = points.length ? `${line("seen")}L${x(points.length - 1).toFixed(1)} ${y(0)}L${x(0)} ${y(0)}Z` : "";
  return { x, y, line, band, area };
}

const highest = (points) => Math.max(1, ...points.flatMap((p) => [p.seen || 0, p.upper || 0, p.expected || 0]));
const summary = (points) => {
  const most = points.reduce((a, b) => ((b.seen || 0) > (a.seen || 0) ? b : a));
  return t("plot.words", { from: exact(points[0].hour), to: exact(points.at(-1).hour), most: most.seen ?? 0, at: exact(most.hour) });
};

/** The same on a card: no scale, the words say the most. */
export function Sparkline({ title, points }) {
  if (points.length < 2) return null;
  const { line, band, area } = drawn(points, 300, 56, { left: 0, right: 0, top: 4, bottom: 2 }, highest(points));
  return html`<svg class="spark" viewBox="0 0 300 56" preserveAspectRatio="none" role="img" aria-label=${`${title}. ${summary(points)}`}>
    <path class="band" d=${band} /><path class="area" d=${area} /><path class="expected" d=${line("expected")} /><path class="seen" d=${line("seen")} /></svg>`;
}

/**
 * Hours of what was seen beside what was expected and its band.
 * `points`: [{hour, seen, expected, lower, upper}]; what is null is not drawn.
 */
export function HourPlot({ title, points }) {
  if (!points.length) return html`<p class="quiet">${t("plot.none")}</p>`;
  const top = ceiling(highest(points));
  const { line, band } = drawn(points, 100, HEIGHT, EDGE, top);
  const legend = [["seen", t("plot.seen")], ...(band ? [["band", t("plot.band")]] : []), ...(line("expected") ? [["expected", t("plot.expected")]] : [])];
  return html`<${Figure} title=${title} words=${summary(points)} legend=${legend}
    head=${[t("plot.hour"), t("plot.seen"), t("plot.expected"), t("plot.upper")]}
    rows=${points.map((p) => [exact(p.hour), p.seen ?? "–", round(p.expected), round(p.upper)])} draw=${(width) => hours(points, width, top)} />`;
}

function hours(points, width, top) {
  const { x, y, line, band, area } = drawn(points, width, HEIGHT, EDGE, top);
  const days = points.map((p, n) => [n, p.hour]).filter(([, hour]) => new Date(hour).getHours() === 0);
  const some = Math.ceil(days.length / (width / 90));
  const ticks = days.length ? days.filter((_, k) => k % some === 0) : [[0, points[0].hour]];
  return html`${scale([0, top / 2, top], y, width)}
    <path class="band" d=${band} /><path class="area" d=${area} /><path class="expected" d=${line("expected")} /><path class="seen" d=${line("seen")} />
    ${ticks.map(([n, hour]) => html`<text key=${n} x=${Math.min(Math.max(x(n), EDGE.left + 18), width - 24)} y=${HEIGHT - 7} text-anchor="middle">${day(hour)}</text>`)}`;
}

const scale = (values, y, width) => values.map((value) => html`<g key=${value}><path class="grid-line" d=${`M${EDGE.left} ${y(value)}H${width - EDGE.right}`} /><text x=${EDGE.left - 6} y=${y(value) + 4} text-anchor="end">${round(value)}</text></g>`);

/** Columns beside each other: `rows` [[label, value, …]], `kinds` [[class, name]] in that order. */
export function Columns({ title, words, rows, kinds, first, show = round }) {
  if (!rows.length) return html`<p class="quiet">${t("plot.none")}</p>`;
  const most = Math.max(...rows.flatMap((row) => row.slice(1)));
  const top = most < 1 ? most || 1 : ceiling(most);
  const y = (value) => HEIGHT - EDGE.bottom - (value * (HEIGHT - EDGE.top - EDGE.bottom)) / top;
  const draw = (width) => {
    const step = (width - EDGE.left - EDGE.right) / rows.length;
    const wide = Math.min(28, (step * 0.8) / kinds.length);
    const every = Math.ceil(rows.length / (width / 80));
    return html`${most < 1 ? "" : scale([0, top], y, width)}<path class="axis" d=${`M${EDGE.left} ${y(0)}H${width - EDGE.right}`} />
      ${rows.map(([label, ...values], n) => html`<g key=${label}>${values.map((value, k) => html`<rect key=${k} class=${kinds[k][0]} x=${EDGE.left + n * step + (step - wide * kinds.length) / 2 + k * wide} y=${y(value)} width=${wide * 0.9} height=${Math.max(0, y(0) - y(value))} />`)}
        ${most < 1 && rows.length < 12 && html`<text x=${EDGE.left + (n + 0.5) * step} y=${y(Math.max(...values)) - 4} text-anchor="middle">${show(Math.max(...values))}</text>`}
        ${n % every === 0 && html`<text x=${EDGE.left + (n + 0.5) * step} y=${HEIGHT - 7} text-anchor="middle">${label}</text>`}</g>`)}`;
  };
  return html`<${Figure} title=${title} words=${words} legend=${kinds} head=${[first, ...kinds.map(([, name]) => name)]} rows=${rows.map(([label, ...values]) => [label, ...values.map(show)])} draw=${draw} />`;
}

/**
 * Values with their intervals, one a row: [{label, value, low, high, note}]; `most` is the end of
 * the scale, `least` its beginning, `show` how a value is written.
 */
export function Intervals({ title, words, rows, most, least = 0, show, names, mark }) {
  const known = rows.filter((row) => row.value !== null && row.value !== undefined);
  if (!known.length) return html`<p class="quiet">${t("plot.none")}</p>`;
  const high = 30 * known.length + 26;
  const draw = (width) => {
    const left = Math.min(200, width * 0.36);
    const right = width - 62;
    const x = (value) => left + ((Math.min(Math.max(value, least), most) - least) * (right - left)) / (most - least);
    const letters = Math.floor(left / 7);
    const cut = (text) => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text);
    return html`<path class="axis" d=${`M${left} ${high - 22}H${right}`} />
      ${[least, (least + most) / 2, most].map((value) => html`<g key=${value}><path class="grid-line" d=${`M${x(value)} 4V${high - 22}`} /><text x=${x(value)} y=${high - 7} text-anchor="middle">${show(value)}</text></g>`)}
      ${mark !== undefined && html`<path class="expected" d=${`M${x(mark)} 4V${high - 22}`} />`}
      ${known.map((row, n) => html`<g key=${row.label}><text class="label" x=${left - 10} y=${30 * n + 23} text-anchor="end">${cut(row.label)}</text>
        <rect class="span" x=${x(row.low)} y=${30 * n + 14} width=${Math.max(2, x(row.high) - x(row.low))} height="9" rx="4.5" />
        <circle class="value" cx=${x(row.value)} cy=${30 * n + 18.5} r="5.5" /><text class="label" x=${right + 8} y=${30 * n + 23}>${show(row.value)}</text></g>`)}`;
  };
  return html`<${Figure} title=${title} words=${words} height=${high} head=${[...names, t("plot.interval")]} legend=${[["value", names.at(-1)], ["span", t("plot.interval")]]} draw=${draw}
    rows=${rows.map((row) => [row.label, ...(row.note === undefined ? [] : [row.note]), show(row.value), row.value === null ? "–" : `${show(row.low)} … ${show(row.high)}`])} />`;
}

/** Parts of a whole as one bar: [[class, name, count], …]. */
export function Parts({ title, parts, total }) {
  let from = 0;
  const some = parts.filter(([, , count]) => count > 0);
  return html`<svg class="parts" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label=${`${title}: ${some.map(([, name, count]) => `${name} ${count}`).join(", ")}`}>
    <rect class="rest" width="1000" height="24" />${some.map(([kind, name, count]) => {
      const wide = (1000 * count) / Math.max(1, total);
      from += wide;
      return html`<rect key=${name} class=${kind} x=${from - wide} width=${wide} height="24" />`;
    })}</svg>`;
}
