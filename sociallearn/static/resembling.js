// While the title of an idea is typed: ideas that are called much the same. Nothing is lost without it.
const IDLE = 400; // ms after the last key
const form = document.querySelector("[data-resembling]");
const title = form.querySelector("[name=title]");
const box = document.createElement("div");
box.className = "resembling";
box.role = "status";
title.after(box);
let timer;
let request;

title.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(look, IDLE);
});

async function look() {
  request?.abort();
  request = new AbortController();
  const address = new URL(form.dataset.resembling, location.href);
  address.searchParams.set("q", title.value);
  try {
    const answer = await fetch(address, { signal: request.signal, headers: { Accept: "application/json" } });
    if (answer.ok) show(await answer.json());
  } catch {
    box.replaceChildren(); // one can do without
  }
}

function show(found) {
  if (!found.length) return box.replaceChildren();
  const said = document.createElement("p");
  said.textContent = form.dataset.resemblingSays;
  const list = document.createElement("ul");
  for (const idea of found) {
    const link = document.createElement("a");
    link.href = idea.url;
    link.dir = "auto";
    link.textContent = idea.title;
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  box.replaceChildren(said, list);
}
