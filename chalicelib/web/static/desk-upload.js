// Files on their way into the bucket: each is offered, sent with progress, and kept by its draft.

import { post } from "./desk-api.js";
import { t, tell } from "./desk-ui.js";
import { keep } from "./desk-drafts.js";
import { going, pictures, set } from "./desk-files.js";

const MOST = 10;
const BYTES = 25_000_000;
const SMALL = 3_000_000; // bytes of a picture that is shown before it is sent
const SAFE = /^image\/(png|jpeg|gif|webp)$/;
const order = new Map(); // id of an upload → its number, as they were chosen
let chosen = 0;

/** Take files along, whether they were chosen, dropped or pasted. */
export function attach(entry, given) {
  if (entry.state.value.pending) return;
  entry.failed = false;
  for (const file of given) {
    const all = [...entry.state.value.attachments, ...going(entry.slot)];
    const sum = all.reduce((bytes, one) => bytes + one.bytes, file.size);
    if (!file.size) tell(t("files.empty", { name: file.name }), { kind: "wrong" });
    else if (all.length >= MOST) tell(t("files.many", { most: MOST }), { kind: "wrong" });
    else if (sum > BYTES) tell(t("files.sum", { name: file.name, size: BYTES / 1e6 }), { kind: "wrong" });
    else send(entry, file);
  }
}

async function send(entry, file) {
  chosen += 1;
  const one = { number: chosen, name: file.name || t("files.pasted"), bytes: file.size, percent: 0, request: new XMLHttpRequest() };
  set(entry.slot, [...going(entry.slot), one]);
  try {
    const offer = await post("uploads", { name: one.name.slice(-255), type: file.type || undefined, bytes: file.size });
    if (!going(entry.slot).includes(one)) return;
    await transfer(file, offer, one, entry.slot);
    if (SAFE.test(file.type) && file.size <= SMALL) pictures.set(offer.id, await dataOf(file));
    if (!going(entry.slot).includes(one)) return;
    order.set(offer.id, one.number);
    const all = [...entry.state.value.attachments, { id: offer.id, name: one.name, bytes: one.bytes }];
    keep(entry, { attachments: all.sort((a, b) => (order.get(a.id) || 0) - (order.get(b.id) || 0)) });
  } catch {
    if (!one.gone) entry.failed = true;
    if (!one.gone) tell(t("files.failed", { name: one.name }), { kind: "wrong", seconds: 15 });
  }
  set(entry.slot, going(entry.slot).filter((other) => other !== one));
}

function transfer(file, offer, one, slot) {
  const body = new FormData();
  for (const [name, value] of Object.entries(offer.fields)) body.append(name, value);
  body.append("file", file);
  return new Promise((resolve, reject) => {
    const { request } = one;
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      one.percent = Math.floor((100 * loaded) / total);
      set(slot, [...going(slot)]);
    });
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(request)));
    for (const kind of ["error", "abort"]) request.addEventListener(kind, reject);
    request.open("POST", offer.url);
    request.send(body);
  });
}

const dataOf = (file) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.addEventListener("load", () => resolve(reader.result));
  reader.addEventListener("error", reject);
  reader.readAsDataURL(file);
});
