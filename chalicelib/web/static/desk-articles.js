// Articles: what is known and how it is solved, from the first draft to what customers read.

import { get, patch, post, query } from "./desk-api.js";
import { html, Loading, t, tell, Time, useLoaded, useState } from "./desk-ui.js";
import { agents, go, may, place } from "./desk-state.js";
import { asLocal, commas, Facts, Faults, Filter, fromLocal, Head, Input, languageName, OFFERED, Paged, Pill, shown, useForm, useTyped, useUnsaved } from "./desk-boards.js";

const STATES = ["draft", "in_review", "published", "archived"];
const NEXT = { draft: ["in_review", "published", "archived"], in_review: ["published", "draft", "archived"], published: ["in_review", "draft", "archived"], archived: ["draft"] };
const LOOK = { draft: "", in_review: "busy", published: "good", archived: "" };
const titleOf = (one) => (Object.values(one.texts)[0] || {}).title || one.slug;
const overdue = (one) => one.review_at && new Date(one.review_at) < Date.now();

export default ({ id }) => (!id ? html`<${Articles} />` : id === "new" ? html`<${Begun} />` : html`<${Article} key=${id} slug=${id} />`);

function Articles() {
  const chosen = shown("all");
  const [text, setText] = useState("");
  const fits = (one) => !text || JSON.stringify([one.slug, one.texts, one.products]).toLowerCase().includes(text.toLowerCase());
  return html`<section><${Head} title=${t("board.articles")}>${may("agent") && html`<a class="button" href="#/articles/new">${t("article.new")}</a>`}<//>
    <${Filter} label=${t("board.articles")} choices=${[["all", t("filter.all")], ...STATES.map((one) => [one, t(`article.${one}`)]), ["missing", t("article.missing")]]} />
    ${chosen === "missing" ? html`<${Missing} />` : html`<${Input} type="search" label=${t("article.find")} path="find" value=${text} onInput=${setText} />
      <${Paged} keys=${[chosen]} empty=${t("article.none")} load=${(cursor) => get(`articles${query({ limit: 50, cursor, state: chosen === "all" ? "" : chosen })}`)}
        row=${(one) => fits(one) && html`<article class="card tall" key=${one.slug}><p class="line"><${Pill} kind=${LOOK[one.state]}>${t(`article.${one.state}`)}<//>${Object.keys(one.texts).map((code) => html`<span key=${code} class="tag">${code}</span>`)}
          ${overdue(one) && html`<${Pill} kind="bad">${t("article.review_due")}<//>`}<span class="quiet"><${Time} at=${one.updated_at} /></span></p>
          <h2><a href=${`#/articles/${one.slug}`} dir="auto">${titleOf(one)}</a></h2><p class="clip quiet" dir="auto">${Object.values(one.texts)[0]?.answer}</p>
          <p class="quiet" dir="auto">${[one.products.join(", "), one.owner].filter(Boolean).join(" · ")}</p></article>`} />`}</section>`;
}

/** What customers ask and no article answers, most asked first. */
function Missing() {
  const state = useLoaded(() => get("articles/missing?limit=50"), []);
  return html`<${Loading} state=${state}>${({ items }) => html`${!items.length && html`<p class="empty">${t("article.none_missing")}</p>`}<div class="grid">${items.map((one) => html`<article class="card tall" key=${one.question}>
    <p class="line"><strong>${t("article.asked", { count: one.count, people: one.people })}</strong><span class="tag">${one.language}</span><span class="quiet"><${Time} at=${one.newest_at} /></span></p>
    <h2 dir="auto">${one.name || one.question}</h2><ul class="quiet">${one.examples.map((text) => html`<li key=${text} dir="auto">${text}</li>`)}</ul>
    ${may("agent") && html`<p><a class="button second" href=${`#/articles/new${query({ title: one.question.slice(0, 200), problem: one.examples.join("\n"), language: /^[a-z]{2}$/.test(one.language) ? one.language : "en" })}`}>${t("article.begin")}</a></p>`}</article>`)}</div>`}<//>`;
}

/** A new one: by hand, from a question that nobody answered, or from a solved case (`?case=C-…`). */
function Begun() {
  const given = place.value.search;
  const [from, setFrom] = useState(given.get("case") || "");
  const [code, setCode] = useState(given.get("language") || "en");
  const [title, setTitle] = useState(given.get("title") || "");
  const form = useForm();
  const make = (body) => form.run(async () => {
    const made = await post("articles", body());
    tell(t("article.begun"));
    go(`articles/${made.slug}`);
  });
  return html`<section class="narrow"><${Head} title=${t("article.new")} back="articles" /><${Faults} form=${form} />
    <form class="card" onSubmit=${make(() => ({ texts: { [code]: { title, problem: (given.get("problem") || "").slice(0, 5_000) } } }))}><h2>${t("article.by_hand")}</h2>
      <${Input} label=${t("article.title")} hint=${t("article.title_hint")} path=${`texts.${code}.title`} form=${form} required maxlength="200" value=${title} onInput=${setTitle} />
      <${Input} label=${t("notice.language")} path="language" value=${code} onInput=${setCode} options=${OFFERED.map((one) => [one, languageName(one)])} /><p class="actions"><button>${t("article.begin")}</button></p></form>
    <form class="card" onSubmit=${make(() => ({ from_case: from.trim() }))}><h2>${t("article.from_case")}</h2>
      <${Input} label=${t("merge.into_case")} hint=${t("article.from_case_hint")} path="from_case" form=${form} required placeholder="C-7K2M9Q" value=${from} onInput=${setFrom} /><p class="actions"><button class="second">${t("article.begin")}</button></p></form></section>`;
}

function Article({ slug }) {
  const state = useLoaded(() => get(`articles/${slug}`), [slug]);
  return html`<section><${Loading} state=${state}>${(one) => html`<${Editor} key=${one.version} one=${one} reload=${state.reload} />`}<//></section>`;
}

function Editor({ one, reload }) {
  const [given, set] = useState({ texts: one.texts, products: one.products, owner: one.owner, review_at: one.review_at });
  const [code, setCode] = useState(Object.keys(one.texts)[0]);
  const [theirs, setTheirs] = useState(null);
  const form = useForm();
  const dirty = Object.keys(given).some((name) => JSON.stringify(given[name]) !== JSON.stringify(one[name]));
  const text = { problem: "", answer: "", steps: [], ...given.texts[code] };
  const [products, type] = useTyped(given.products, (some) => some.join(", "), commas);
  useUnsaved(dirty);
  const put = (fields) => set({ ...given, texts: { ...given.texts, [code]: { ...text, ...fields } } });
  const save = (more) => form.run(async (event) => {
    event?.preventDefault?.();
    try {
      await patch(`articles/${one.slug}`, { ...given, review_at: given.review_at || null, ...more }, (theirs || one).version);
    } catch (error) {
      if (error.status !== 412) throw error;
      setTheirs(await get(`articles/${one.slug}`));
      return;
    }
    tell(t("settings.saved"));
    reload();
  });
  const part = (name, more) => html`<${Input} key=${code + name} label=${t(`article.${name}`)} path=${`texts.${code}.${name}`} form=${form} value=${text[name]} onInput=${(value) => put({ [name]: value })} ...${more} />`;
  const steps = (next) => put({ steps: next });
  return html`<${Head} title=${titleOf(one)} back="articles">${may("agent") && NEXT[one.state].map((next, n) => html`<button key=${next} type="button" class=${n || one.state === "published" ? "second" : ""} onClick=${save({ state: next })}>${t(`article.to_${next}`)}</button>`)}
      ${one.state === "published" && html`<a class="button second" href=${`./a/${one.slug}`} target="_blank" rel="noopener">${t("article.open")}</a>`}<//>
    <p class="line"><${Pill} kind=${LOOK[one.state]}>${t(`article.${one.state}`)}<//>${one.published_at && html`<span class="quiet">${t("article.published")} <${Time} at=${one.published_at} /></span>`}<span class="quiet">${one.slug}</span>
      ${one.from_case && html`<a href=${`#/search?q=${one.from_case}`}>${one.from_case}</a>`}${overdue(one) && html`<${Pill} kind="bad">${t("article.review_due")}<//>`}</p>
    ${theirs && html`<div class="wrong-box" role="alert"><p>${t("form.stale", { by: theirs.updated_by || "?" })}</p><div class="two"><div><h3>${t("form.mine")}</h3><p class="said" dir="auto">${text.answer}</p></div><div><h3>${t("form.theirs")}</h3><p class="said" dir="auto">${theirs.texts[code]?.answer}</p></div></div>
      <p class="actions"><button type="button" onClick=${save({})}>${t("desk.mine_anyway")}</button><button type="button" class="second" onClick=${reload}>${t("form.load_theirs")}</button></p></div>`}
    <${Faults} form=${form} />
    <div class="two wide-first"><form onSubmit=${save({})}>
      <div class="tabs" role="group" aria-label=${t("notice.language")}>${Object.keys(given.texts).map((of) => html`<button key=${of} type="button" class="second" aria-pressed=${of === code} onClick=${() => setCode(of)}>${languageName(of)}</button>`)}
        <select aria-label=${t("article.add_language")} onChange=${(e) => { const of = e.target.value; e.target.value = ""; if (of) { set({ ...given, texts: { ...given.texts, [of]: { title: text.title, problem: "", answer: "", steps: [] } } }); setCode(of); } }}><option value="">+ ${t("notice.language")}</option>${OFFERED.filter((of) => !given.texts[of]).map((of) => html`<option key=${of} value=${of}>${languageName(of)}</option>`)}</select></div>
      ${part("title", { required: true, maxlength: 200, hint: t("article.title_hint") })}${part("problem", { rows: 3, hint: t("article.problem_hint") })}${part("answer", { rows: 8, maxlength: 20_000 })}
      <fieldset class="rules"><legend>${t("article.steps")}</legend>${text.steps.map((step, n) => html`<div key=${n} class="rule"><${Input} label=${t("article.step", { number: n + 1 })} path=${`texts.${code}.steps.${n}`} form=${form} rows="2" value=${step} onInput=${(value) => steps(text.steps.map((old, k) => (k === n ? value : old)))} />
        ${n > 0 && html`<button type="button" class="link" onClick=${() => steps(text.steps.map((old, k) => (k === n - 1 ? step : k === n ? text.steps[n - 1] : old)))}>${t("settings.up")}</button>`}
        <button type="button" class="icon" aria-label=${t("rule.remove", { field: t("article.step", { number: n + 1 }) })} onClick=${() => steps(text.steps.filter((_, k) => k !== n))}>×</button></div>`)}
        <p><button type="button" class="second" onClick=${() => steps([...text.steps, ""])}>${t("article.add_step")}</button></p></fieldset>
      <${Input} label=${t("article.products")} hint=${t("rule.commas")} path="products" form=${form} value=${products} onInput=${(next) => { type(next); set({ ...given, products: commas(next) }); }} />
      <${Input} label=${t("article.owner")} path="owner" form=${form} known=${agents.value.map((who) => who.email)} value=${given.owner} onInput=${(owner) => set({ ...given, owner })} />
      <${Input} type="datetime-local" label=${t("article.review_at")} path="review_at" form=${form} value=${asLocal(given.review_at)} onInput=${(at) => set({ ...given, review_at: fromLocal(at) })} />
      ${may("agent") && html`<p class="actions"><button disabled=${!dirty}>${t("desk.save")}</button></p>`}</form>
    <aside><h2>${t("article.as_read")}</h2><div class="paper" lang=${code}><h3 dir="auto">${text.title}</h3>${text.problem && html`<p class="said quiet" dir="auto">${text.problem}</p>`}<p class="said" dir="auto">${text.answer}</p>
        ${text.steps.length > 0 && html`<ol>${text.steps.map((step, n) => html`<li key=${n} class="said" dir="auto">${step}</li>`)}</ol>`}</div>
      <${Read} one=${one} /><${Versions} one=${one} /></aside></div>`;
}

function Read({ one }) {
  const state = useLoaded(async () => (may("lead") ? get("help/figures") : { articles: [] }), [one.slug]);
  const found = state.data?.articles.find((row) => row.slug === one.slug);
  return html`<h2>${t("article.figures")}</h2><${Facts} items=${[[t("article.helpful"), one.votes.helpful], [t("article.unhelpful"), one.votes.unhelpful], ...(found ? [[t("article.shown"), found.shown], [t("article.sent"), found.sent], [t("article.credited"), found.credited]] : [])]} />
    ${one.comments.length > 0 && html`<ul class="plain">${one.comments.filter((vote) => vote.comment).map((vote) => html`<li key=${vote.at}>${vote.helpful ? "✓" : "✗"} <span dir="auto">${vote.comment}</span> <span class="quiet"><${Time} at=${vote.at} /></span></li>`)}</ul>`}`;
}

const Versions = ({ one }) => html`<details><summary>${t("article.versions")}</summary>${one.versions.map((version) => html`<div class="item" key=${version.version}><p><strong>${version.version}</strong> ${version.by} <span class="quiet"><${Time} at=${version.at} /></span></p>
  ${Object.entries(version.changes).map(([name, change]) => html`<p class="quiet" key=${name}>${name}</p><pre class="diff" dir="auto">${change.split("\n").map((line, n) => html`<span key=${n} class=${line[0] === "+" ? "added" : line[0] === "-" ? "gone" : ""}>${line}${"\n"}</span>`)}</pre>`)}</div>`)}</details>`;
