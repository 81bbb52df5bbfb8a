// Small helpers that build elements: text is always text, never markup.

/** An element: `make("a", {href: "/", class: "x"}, "text", child)`. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Replace what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter(Boolean));
  return element;
}

/** A text whose web addresses can be followed. They lead out, and say nothing of this page. */
export function linked(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'”’])/).map((part, at) => (at % 2
    ? make("a", { href: part, rel: "noopener noreferrer nofollow", target: "_blank" }, part) : part));
}

/** The page's language as the reader's browser writes it: "en-GB" for a page in "en". */
export function tongue() {
  const { lang } = document.documentElement;
  return navigator.languages.find((one) => one.split("-")[0] === lang) || lang;
}

/** Show every <time> in the reader's own zone and language. */
export function localTimes(root = document) {
  const whole = new Intl.DateTimeFormat(tongue(), { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(tongue(), { dateStyle: "medium" });
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    element.textContent = (element.textContent.includes(":") ? whole : day).format(at);
  }
}
