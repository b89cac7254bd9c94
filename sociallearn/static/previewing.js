// Write or preview: two tabs over a text. What it will look like is asked of the server, which renders it as it does posts.
import { rove, step } from "./toolbar.js";

const PATIENCE = 300; // ms before it is said that we wait

for (const editor of document.querySelectorAll(".editor[data-preview-url]")) offer(editor);

function offer(editor) {
  const area = editor.querySelector("textarea[name]");
  const tools = editor.querySelector("[role=toolbar]");
  const list = editor.querySelector("[role=tablist]");
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const [writing, shown] = tabs.map((tab) => document.getElementById(tab.getAttribute("aria-controls")));
  const words = shown.dataset;
  let request;

  writing.role = "tabpanel";
  writing.setAttribute("aria-labelledby", tabs[0].id);
  tabs.forEach((tab, index) => tab.addEventListener("click", () => choose(index)));
  list.addEventListener("keydown", (event) => {
    const next = step(event, tabs);
    if (next) choose(tabs.indexOf(next));
  });
  // where something is missing must be seen
  area.addEventListener("invalid", () => choose(0));

  function choose(index) {
    const isPreview = index === 1;
    if (isPreview !== shown.hidden) return isPreview ? load() : undefined;
    const height = writing.offsetHeight;
    tabs.forEach((tab, place) => (tab.ariaSelected = String(place === index)));
    rove(tabs, tabs[index]);
    tools.hidden = writing.hidden = isPreview;
    shown.hidden = !isPreview;
    request?.abort();
    if (!isPreview) return shown.removeAttribute("tabindex");
    shown.tabIndex = 0;
    shown.style.minBlockSize = `${height}px`; // so that nothing below moves
    load();
  }

  async function load() {
    request?.abort();
    if (!area.value.trim()) return say(words.empty);
    request = new AbortController();
    const { signal } = request;
    const waiting = setTimeout(say, PATIENCE, words.waiting);
    const body = new URLSearchParams({ csrf_token: area.form.elements.namedItem("csrf_token").value, body: area.value });
    try {
      const answer = await fetch(editor.dataset.previewUrl, { method: "POST", body, signal });
      if (!answer.ok && answer.status !== 422) throw new Error(answer.status);
      const html = await answer.text();
      clearTimeout(waiting);
      shown.innerHTML = html; // as safe as the posts on the page: the same renderer made it
    } catch (error) {
      if (error.name === "AbortError") return;
      const hasEnded = error.message === "401";
      say(hasEnded ? words.ended : navigator.onLine ? words.failed : words.offline, true);
    } finally {
      clearTimeout(waiting);
    }
  }

  function say(text, mayTryAgain = false) {
    const line = document.createElement("p");
    line.className = "soft";
    line.role = "status";
    shown.replaceChildren(line);
    line.textContent = text;
    if (!mayTryAgain) return;
    const again = document.createElement("button");
    again.type = "button";
    again.className = "link";
    again.textContent = words.again;
    again.addEventListener("click", () => {
      shown.focus();
      load();
    });
    shown.append(again);
  }
}
