// Where a chat is kept between two visits: in the browser. A frame on another site may often keep
// nothing there; then the site around keeps it, which is one of those that the settings allow.

/** `read(name)` and `write(name, value)`, "" for what is not there; and what the site said first. */
export async function store(framed) {
  const own = allowed();
  if (!framed || window.parent === window) return { ...(own || around({}, () => {})), first: null };
  const { data, origin } = await greeting();
  const held = data.held ? JSON.parse(data.held) : {};
  const tell = () => window.parent.postMessage({ custops: "hold", held: JSON.stringify(held) }, origin);
  return { ...(own || around(held, tell)), first: data.custops };
}

function allowed() {
  try {
    const { localStorage } = window;
    return {
      read: (name) => localStorage.getItem(name) || "",
      write: (name, value) => {
        try {
          localStorage.setItem(name, value);
        } catch { /* no room left: kept as long as the page is open */ }
      },
    };
  } catch {
    return null;
  }
}

const around = (held, tell) => ({
  read: (name) => held[name] || "",
  write: (name, value) => { held[name] = value; tell(); },
});

/** What the site around says to "ready". */
function greeting() {
  return new Promise((resolve) => {
    const hear = (event) => {
      if (event.source !== window.parent || typeof event.data?.custops !== "string") return;
      removeEventListener("message", hear);
      resolve(event);
    };
    addEventListener("message", hear);
    window.parent.postMessage({ custops: "ready" }, "*");
  });
}
