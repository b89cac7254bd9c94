// Quote what is selected in somebody's text, or from its menu: it is put into the thread's form, where the caret stands.
import { insertParagraph } from "./editing.js";

const LONGEST_PARAGRAPH = 500; // characters, when nothing was selected
const CALM = 200; // ms after the last change of the selection
const CARRIED = /^#quote-(?<post>post-\d+)(?:-(?<start>\d+)-(?<end>\d+))?$/; // from a list: which post, and which part of it
const area = document.querySelector(".write .editor textarea[name]");

const bubble = document.querySelector("[data-quote]").cloneNode(true);
bubble.className = "quote-here";
let last = null; // { article, text, range } of the selection
let isInMenu = false; // a press on a menu takes the selection away, and must not
let timer;

offer();
document.addEventListener("arrived", offer);
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("details.menu [data-quote]");
  if (!button) return;
  const article = button.closest("article");
  const part = last?.article === article ? last : null;
  button.closest("details").open = false;
  quote(article, button, part);
});
arrive();

function offer() {
  for (const button of document.querySelectorAll("details.menu [data-quote]")) button.closest("li").hidden = false;
}

document.addEventListener("pointerdown", ({ target }) => {
  isInMenu = Boolean(target.closest?.("details.menu, .quote-here"));
});
document.addEventListener("keydown", ({ key }) => {
  isInMenu = false;
  if (key === "Escape") bubble.remove();
});
document.addEventListener("selectionchange", () => {
  const now = selected();
  if (now || !isInMenu) last = now;
  clearTimeout(timer);
  if (now) timer = setTimeout(show, CALM);
  else bubble.remove();
});
bubble.addEventListener("pointerdown", (event) => event.preventDefault()); // the selection stays
bubble.addEventListener("click", () => {
  bubble.remove();
  if (last) quote(last.article, source(last.article), last);
});

function selected() {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const within = range.commonAncestorContainer;
  const found = (within.nodeType === Node.ELEMENT_NODE ? within : within.parentElement).closest("article.post > .text");
  const text = selection.toString().trim();
  return found && text && source(found.parentElement) ? { article: found.parentElement, text, range } : null;
}

// an accepted answer stands in the page twice; its menu only once
function source(article) {
  return document.getElementById(article.id.replace(/^first-/, "post-"))?.querySelector("[data-quote]");
}

// below the end of what is selected: above it telephones show a menu of their own
function show() {
  if (!last) return;
  const { article, range } = last;
  const box = article.getBoundingClientRect();
  const end = [...range.getClientRects()].at(-1);
  if (!end) return;
  article.append(bubble);
  const most = box.width - bubble.offsetWidth;
  bubble.style.insetBlockStart = `${end.bottom - box.top + 6}px`;
  bubble.style.left = `${Math.max(0, Math.min(most, end.right - box.left - bubble.offsetWidth / 2))}px`;
}

function firstParagraph(article) {
  const text = article.querySelector(":scope > .text");
  const whole = (text.querySelector(":scope > p") ?? text).innerText.trim();
  if (whole.length <= LONGEST_PARAGRAPH) return whole;
  return `${whole.slice(0, LONGEST_PARAGRAPH - 1).replace(/\s+\S*$/u, "")}…`;
}

function quote(article, button, part) {
  if (area && !article.matches(".list")) return put(article, button, part?.text ?? firstParagraph(article));
  const [thread] = button.dataset.quote.split("#");
  const where = part ? `-${offsets(article, part.range).join("-")}` : "";
  location.assign(`${thread}#quote-${button.closest("article").id}${where}`);
}

function put(article, button, text) {
  const name = article.querySelector(".by > :is(h2, h3, h4)").textContent.trim().replace(/[\\`*_[\]<>~#@]/g, "\\$&");
  const lines = text.replace(/\n{3,}/g, "\n\n").split("\n").map((line) => `> ${line}`.trimEnd());
  const writing = area.closest(".editor").querySelector("[role=tab]");
  if (writing?.ariaSelected === "false") writing.click();
  insertParagraph(area, [`> **${button.dataset.wrote.replace("{name}", name)}**`, ">", ...lines].join("\n"));
  area.scrollIntoView({ block: "center" });
}

// Only where the words stand comes along, never words: a link cannot put anything into somebody's form.
function arrive() {
  const { post, start, end } = CARRIED.exec(location.hash)?.groups ?? {};
  const article = post && document.getElementById(post);
  if (!area || !article || article.matches(".list") || !source(article)) return;
  history.replaceState(history.state, "", "#write");
  put(article, source(article), (start && words(article, Number(start), Number(end))) || firstParagraph(article));
}

function offsets(article, range) {
  const before = document.createRange();
  before.selectNodeContents(article.querySelector(":scope > .text"));
  before.setEnd(range.startContainer, range.startOffset);
  const start = before.toString().length;
  return [start, start + range.toString().length];
}

function words(article, start, end) {
  const walker = document.createTreeWalker(article.querySelector(":scope > .text"), NodeFilter.SHOW_TEXT);
  const selection = getSelection();
  let from = null;
  for (let at = 0; walker.nextNode(); ) {
    const { currentNode: node } = walker;
    const next = at + node.length;
    if (!from && start < next) from = [node, start - at];
    if (from && end <= next) {
      selection.setBaseAndExtent(...from, node, end - at);
      const text = selection.toString().trim(); // unlike a range's, with the ends of lines
      selection.removeAllRanges();
      return text;
    }
    at = next;
  }
  return "";
}
