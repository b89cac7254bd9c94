// "3 new posts", and reactions and replies to what is shown: asks now and then while the page is looked at, and offers what
// is new. Never moves what is being read.
import { arrive } from "./arriving.js";

const bar = document.querySelector("[data-news-url]");
const USUAL = 10_000; // ms
const LONGEST = 60_000;
const number = new Intl.NumberFormat(document.documentElement.lang);
let shown = shownNow();
let pause = USUAL;
let timer;

function shownNow() {
  const ids = [...document.querySelectorAll("[data-reactions]")].map((form) => form.dataset.reactions);
  return ids.length ? `&shown=${ids.join("-")}` : "";
}

async function ask() {
  if (document.hidden) return; // asked again on return
  try {
    // "no-cache" sends the ETag along: an unchanged answer is an empty 304
    const response = await fetch(bar.dataset.newsUrl + shown, { cache: "no-cache" });
    if ([401, 403, 404].includes(response.status)) return; // the session is over: asking again will not help
    if (!response.ok) throw new Error(response.status);
    const { count, reactions, notifications } = await response.json();
    const bell = document.querySelector("[data-bell]");
    bell.firstChild.data = number.format(notifications);
    bell.hidden = !notifications;
    show(count);
    document.dispatchEvent(new CustomEvent("reactions", { detail: reactions })); // for reactions.js
    countReplies(reactions);
    pause = USUAL;
  } catch {
    pause = Math.min(pause * 2, LONGEST);
  }
  // a classroom opens its pages at the same second: spread the questions
  timer = setTimeout(ask, pause * (0.8 + Math.random() * 0.4));
}

function show(count) {
  if (!count) return bar.replaceChildren();
  const { one, many, href } = bar.dataset;
  const words = (count === 1 ? one : many).replace("{count}", count);
  if (bar.textContent === words) return; // said already
  const link = document.createElement("a");
  link.href = href;
  link.textContent = words;
  link.addEventListener("click", open);
  bar.replaceChildren(link);
}

async function open(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || bar.ariaBusy === "true") return;
  event.preventDefault();
  const { href } = event.currentTarget;
  bar.ariaBusy = "true";
  const isThere = await arrive(location.pathname + location.search).catch(() => false);
  bar.removeAttribute("aria-busy");
  if (!isThere) return location.assign(href); // it stands on a page further on
  bar.replaceChildren();
  shown = shownNow();
}

// "3 replies" under a post of a list; the numbers come with those of the reactions, after them.
function countReplies(counts) {
  const { replyOne, replyMany } = bar.dataset;
  for (const label of document.querySelectorAll("[data-replies]")) {
    const count = counts[label.dataset.replies]?.at(-1);
    if (!count) continue;
    label.textContent = (count === 1 ? replyOne : replyMany).replace("{count}", number.format(count));
    label.closest("a").hidden = false;
  }
}

timer = setTimeout(ask, USUAL);
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) ask();
});
