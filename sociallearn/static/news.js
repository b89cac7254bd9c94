// "3 new posts", and reactions to what is shown: asks now and then while the page is looked at, and offers a link. Never moves what is being read.
const bar = document.querySelector("[data-news-url]");
const USUAL = 10_000; // ms
const LONGEST = 60_000;
const ids = [...document.querySelectorAll("[data-reactions]")].map((form) => form.dataset.reactions);
const shown = ids.length ? `&shown=${ids.join("-")}` : "";
let pause = USUAL;
let timer;

async function ask() {
  if (document.hidden) return; // asked again on return
  try {
    // "no-cache" sends the ETag along: an unchanged answer is an empty 304
    const response = await fetch(bar.dataset.newsUrl + shown, { cache: "no-cache" });
    if ([401, 403, 404].includes(response.status)) return; // the session is over: asking again will not help
    if (!response.ok) throw new Error(response.status);
    const { count, reactions } = await response.json();
    show(count);
    document.dispatchEvent(new CustomEvent("reactions", { detail: reactions })); // for reactions.js
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
  link.href = href || location.pathname + location.search; // without #…, so that it loads again
  link.textContent = words;
  bar.replaceChildren(link);
}

timer = setTimeout(ask, USUAL);
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) ask();
});
