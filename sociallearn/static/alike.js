// While a question is typed: others like it, below its title. Nothing below moves under a pointer or while somebody is in the list.
const PATIENCE = 700; // ms after the last key
const LEAST = 8; // characters of a title that say something

const box = document.querySelector("[data-alike-url]");
const list = box.querySelector("[data-alike]");
const status = box.querySelector("[data-alike-status]");
const form = box.closest("form");
const settling = document.getElementById("settling");
const field = (name) => form.elements.namedItem(name);
const dismissed = new Set();
let asked = "";
let timer;
let request;

document.querySelector("[data-alike-button]").hidden = true; // asked without it
form.addEventListener("input", later);
list.addEventListener("click", (event) => {
  if (event.target.closest("[data-alike-none]")) dismiss();
});
// what is typed went where it is kept: drafts.js must not bring it back
settling.addEventListener("submit", () => {
  fill();
  form.dispatchEvent(new Event("submit"));
});
offer();
if (field("title").value) later(); // a draft that came back

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, PATIENCE);
}

function typed() {
  return { title: field("title").value.trim(), body: field("body").value.trim() };
}

function fill() {
  const { title, body } = typed();
  settling.elements.namedItem("typed_title").value = title;
  settling.elements.namedItem("typed_body").value = body;
}

async function ask() {
  const text = typed();
  const wanted = JSON.stringify(text);
  if (wanted === asked || document.hidden) return;
  if (list.contains(document.activeElement)) return; // somebody reads there
  request?.abort();
  if (text.title.length < LEAST) {
    asked = "";
    return show("");
  }
  request = new AbortController();
  const body = new URLSearchParams({ csrf_token: field("csrf_token").value, ...text });
  try {
    const answer = await fetch(box.dataset.alikeUrl, { method: "POST", body, signal: request.signal });
    if (!answer.ok) throw new Error(answer.status);
    const html = await answer.text();
    if (list.contains(document.activeElement)) return;
    asked = wanted;
    show(html);
  } catch {
    // offline, too fast, or the session is over: asking goes on as ever
  }
}

function show(html) {
  const piece = document.createElement("template");
  piece.innerHTML = html; // as safe as the page: the same templates made it
  piece.content.querySelector("[data-alike-nothing]")?.remove();
  const ids = found(piece.content);
  if (ids.every((id) => dismissed.has(id))) piece.content.replaceChildren();
  if (found(list).join() === found(piece.content).join()) return; // the same ones: nothing moves
  swap(() => list.replaceChildren(piece.content));
  offer();
  const count = list.querySelectorAll("li").length;
  const { alikeOne, alikeMany } = box.dataset;
  status.textContent = count ? (count === 1 ? alikeOne : alikeMany).replace("{count}", count) : "";
}

const found = (where) => [...where.querySelectorAll("h3 a")].map((link) => link.getAttribute("href"));

// The list grows between the title and what is typed below it: where that stands on the screen, it stays.
function swap(change) {
  const held = document.activeElement === field("body") ? field("body") : null;
  const before = held?.getBoundingClientRect().top;
  change();
  if (held) window.scrollBy({ top: held.getBoundingClientRect().top - before, behavior: "instant" });
}

function offer() {
  const none = list.querySelector("[data-alike-none]");
  if (none) none.hidden = false;
}

function dismiss() {
  for (const id of found(list)) dismissed.add(id);
  list.replaceChildren();
  status.textContent = "";
  field("body").focus();
}
