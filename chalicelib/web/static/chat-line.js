// The chat's line to the server. What somebody says is kept in the browser until the server has
// it, under an id of its own, so that it is said once, whatever is repeated. News is asked for
// every 3 s while people talk, every 15 s otherwise, and not at all while the page is hidden.

const KEY = "custops.chat";
const ACTIVE = 3_000;
const IDLE = 15_000;
const LONGEST = 60_000;
const CALM_AFTER = 60_000; // ms without a word from either side
const UNKNOWN = 403;
const REFUSED = [400, 413, 422];

const unguessed = () => [...crypto.getRandomValues(new Uint8Array(12))]
  .map((byte) => byte.toString(16).padStart(2, "0")).join("");

class Failed extends Error {
  constructor(status, after) {
    super(`status ${status}`);
    this.status = status;
    this.after = after;
  }
}

export class Line {
  /** `store` is of chat-store.js. `hear(talk)` gets what is new, `forget()` says that the chat is gone, `state(key, fields)`
   * what is the matter, "" when all is well. */
  constructor(root, about, store, { hear, forget, state }) {
    Object.assign(this, { root, about, store, hear, forget, state });
    this.kept = { session: "", email: about.email || "", waiting: [], ...this.recalled() };
    this.cursor = "";
    this.tag = "";
    this.failed = 0;
    this.stirred = Date.now();
    this.shown = true;
    this.turn = Promise.resolve();
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => this.state("chat.offline"));
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    addEventListener("storage", ({ key }) => { if (key === KEY) this.elsewhere(); });
  }

  /** Say something: kept first, then sent. */
  say(text) {
    const said = { id: unguessed(), text, at: new Date().toISOString() };
    this.keep({ waiting: [...this.kept.waiting, said] });
    this.stirred = Date.now();
    this.wake();
    return said;
  }

  /** Leave an address; with a chat it goes to the server at once, else with its beginning. */
  async leave(email) {
    if (this.kept.session) await this.call("PUT", `/${this.kept.session}/address`, { email });
    this.keep({ email });
  }

  /** Send what waits and ask for news, now. */
  wake() {
    clearTimeout(this.timer);
    this.turn = this.turn.then(() => this.step());
    return this.turn;
  }

  async step() {
    clearTimeout(this.timer);
    if (!this.kept.session && !this.kept.waiting.length) return;
    let after = 0;
    try {
      await this.flush();
      await this.read();
      this.failed = 0;
      this.state("");
    } catch (error) {
      after = this.trouble(error);
    }
    if (!document.hidden) this.timer = setTimeout(() => this.wake(), Math.max(after, this.pause()));
  }

  pause() {
    const calm = !this.shown || Date.now() - this.stirred > CALM_AFTER;
    const base = this.failed ? Math.min(LONGEST, ACTIVE * 2 ** this.failed) : calm ? IDLE : ACTIVE;
    return base * (0.8 + 0.4 * Math.random());
  }

  /** Returns for how long, in ms, nothing more is to be asked. */
  trouble(error) {
    this.failed += 1;
    if (error.status === UNKNOWN) {
      this.cursor = this.tag = "";
      this.keep({ session: "" });
      this.forget();
      return 0;
    }
    const after = (error.after || 0) * 1000;
    if (error.status === 429) this.state("chat.slower", { seconds: error.after || 60 });
    else this.state(navigator.onLine ? "chat.trouble" : "chat.offline");
    return after;
  }

  // --- the server ---------------------------------------------------------------------------

  async flush() {
    while (this.kept.waiting.length) {
      const [first] = this.kept.waiting;
      if (!this.kept.session) await this.begin(first.id);
      try {
        const { id, text } = first;
        const talk = await this.call("POST", `/${this.kept.session}/messages`, { id, text });
        this.done(first);
        this.hear(talk, first.id);
      } catch (error) {
        if (!REFUSED.includes(error.status)) throw error;
        this.done(first);
        this.hear({ items: [], refused: first }, first.id);
      }
    }
  }

  async begin(key) {
    const { language, page } = this.about;
    const { email } = this.kept;
    const headers = { "Idempotency-Key": key };
    let talk;
    try {
      talk = await this.call("POST", "", { language, page, email }, headers);
    } catch (error) {
      if (!email || !REFUSED.includes(error.status)) throw error;
      talk = await this.call("POST", "", { language, page }, headers);
      this.keep({ email: "" });
    }
    this.keep({ session: talk.session });
  }

  async read() {
    const since = this.cursor ? `?since=${encodeURIComponent(this.cursor)}` : "";
    const headers = this.tag ? { "If-None-Match": this.tag } : {};
    const path = `/${this.kept.session}/messages${since}`;
    const answer = await this.fetched(path, { cache: "no-store", headers });
    if (answer.status === 304) return;
    const talk = await answer.json();
    this.tag = answer.headers.get("ETag") || "";
    this.cursor = talk.cursor || this.cursor;
    if (talk.items.length) this.stirred = Date.now();
    this.hear(talk);
    if (talk.more) await this.read();
  }

  async call(method, path, body, more = {}) {
    const headers = { "Content-Type": "application/json", ...more };
    return (await this.fetched(path, { method, headers, body: JSON.stringify(body) })).json();
  }

  async fetched(path, options) {
    const answer = await fetch(`${this.root}v1/chat${path}`, options);
    if (answer.ok || answer.status === 304) return answer;
    throw new Failed(answer.status, Number(answer.headers.get("Retry-After")) || 0);
  }

  // --- what is kept -------------------------------------------------------------------------

  keep(changed) {
    this.kept = { ...this.kept, ...changed };
    this.store.write(KEY, JSON.stringify(this.kept));
  }

  recalled() {
    return JSON.parse(this.store.read(KEY) || "{}");
  }

  done(said) {
    this.keep({ waiting: this.kept.waiting.filter((one) => one.id !== said.id) });
  }

  /** Another window of this browser talked: it is one conversation. */
  elsewhere() {
    const theirs = this.recalled();
    if (theirs.session !== this.kept.session) this.cursor = this.tag = "";
    this.kept = { ...this.kept, ...theirs };
    this.wake();
  }
}
