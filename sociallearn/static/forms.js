// Small helps while filling in: no double sending, Ctrl+Enter, a word count, a copy button, mistakes in view.
const PATIENCE = 400; // ms after the last key, so that a screen reader is not interrupted

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.ariaBusy === "true") return event.preventDefault();
  form.ariaBusy = "true";
  // after the form was read: a disabled button would not send its own value
  setTimeout(() => form.querySelectorAll("button").forEach((button) => (button.disabled = true)));
});

// back to a page the browser had kept: it can be sent again
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[aria-busy]")) {
    form.removeAttribute("aria-busy");
    form.querySelectorAll("button").forEach((button) => (button.disabled = false));
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form?.requestSubmit();
});

for (const form of document.querySelectorAll("form[data-least-words]")) {
  const least = Number(form.dataset.leastWords);
  const status = form.querySelector("[data-words]");
  const { one, many, enough } = status.dataset;
  let timer;
  const count = () => {
    const words = countWords(form.elements.namedItem("body").value);
    const left = least - words;
    const text = left <= 0 ? enough : words === 1 ? one : many;
    status.textContent = words ? text.replace("{count}", words).replace("{left}", left) : "";
    status.classList.toggle("enough", left <= 0);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(count, PATIENCE);
  });
  count();
}

for (const room of document.querySelectorAll("[data-room]")) {
  const { most, from, left, over } = room.dataset;
  const area = room.closest("form").elements.namedItem("body");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let timer;
  const count = () => {
    const free = most - (area.value.length < from ? 0 : [...area.value.trim()].length);
    room.textContent = free > most - from ? "" : (free < 0 ? over : left).replace("{count}", number.format(Math.abs(free)));
    room.classList.toggle("problem", free < 0);
  };
  area.form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(count, PATIENCE);
  });
  count();
}

// roughly as the server counts: not what is quoted, linked or code
function countWords(text) {
  const own = text
    .replace(/```[\s\S]*?(```|$)/g, " ")
    .replace(/`[^`\n]*`/g, " ")
    .replace(/^\s*>.*$/gm, " ")
    .replace(/\]\([^)]*\)/g, "] ")
    .replace(/\bhttps?:\/\/\S+|\bwww\.\S+/g, " ");
  return own.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’-]*/gu)?.length ?? 0;
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const area = document.getElementById(button.dataset.copy);
    area.select();
    // the newer interface is often closed to frames
    await navigator.clipboard?.writeText(area.value).catch(() => document.execCommand("copy"));
    button.querySelector("[role=status]").textContent = button.dataset.copied;
  });
}

document.querySelector("[data-problems]")?.focus();
