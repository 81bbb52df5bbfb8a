// Files go straight into the bucket, each by a form that was signed for it alone; what the page
// sends are their ids. Without a script the form has no files and is whole all the same.

import { fill, make } from "./dom.js";
import { t, texted } from "./words.js";

const MEGA = 1_000_000;
const root = document.documentElement.dataset.root || "./";
const box = document.getElementById("files");
const form = box.closest("form");
const [list, state, ids] = ["ul", "[role=status]", "[name=files]"].map((one) => box.querySelector(one));
const most = Number(box.dataset.most);
const bytes = Number(box.dataset.bytes);
const files = JSON.parse(box.dataset.given).map((one) => ({ ...one, done: true }));
let after = null; // the button that was pressed while files were still on their way

texted();
box.hidden = false;
box.querySelector("[type=file]").addEventListener("change", chosen);
form.addEventListener("submit", hold);
draw();

function chosen({ target }) {
  const wrong = [];
  for (const file of target.files) {
    if (files.length >= most) wrong.push(t("files.many", { most }));
    else if (file.size > bytes) wrong.push(t("files.large", { name: file.name, size: bytes / MEGA }));
    else if (file.size) add(file);
  }
  target.value = "";
  state.textContent = [...new Set(wrong)].join(" ");
}

async function add(file) {
  const one = { name: file.name, percent: 0, done: false, request: null };
  files.push(one);
  draw();
  try {
    const offer = await offered(file);
    if (!files.includes(one)) return;
    await send(file, offer, one);
    Object.assign(one, { id: offer.id, done: true });
  } catch {
    if (files.includes(one)) {
      drop(one);
      after = null;
      state.textContent = t("files.failed", { name: one.name });
    }
  }
  draw();
  if (after && files.every((each) => each.done)) form.requestSubmit(after);
}

async function offered(file) {
  const answer = await fetch(`${root}v1/help/uploads`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: file.name.slice(-255), type: file.type || undefined, bytes: file.size }),
  });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

function send(file, offer, one) {
  const body = new FormData();
  for (const [name, value] of Object.entries(offer.fields)) body.append(name, value);
  body.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    one.request = request;
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      one.percent = Math.floor((100 * loaded) / total);
      one.bar.value = one.percent;
    });
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(request)));
    request.addEventListener("error", reject);
    request.addEventListener("abort", reject);
    request.open("POST", offer.url);
    request.send(body);
  });
}

/** Whoever presses on while files are on their way need not press again. */
function hold(event) {
  if (files.every((one) => one.done)) return;
  event.preventDefault();
  after = event.submitter;
  state.textContent = t("files.wait");
}

function drop(one) {
  files.splice(files.indexOf(one), 1);
  one.request?.abort();
  draw();
}

function draw() {
  ids.value = files.filter((one) => one.done).map((one) => one.id).join(" ");
  fill(list, ...files.map((one) => {
    one.bar = make("progress", { max: 100, value: one.percent, "aria-label": one.name });
    return make("li", { class: "row" },
      make("span", { dir: "auto" }, one.name),
      one.done ? null : one.bar,
      make("button", {
        type: "button", class: "second", "aria-label": t("files.remove", { name: one.name }),
        onclick: () => { drop(one); box.querySelector("[type=file]").focus(); },
      }, t("files.drop")));
  }));
}
