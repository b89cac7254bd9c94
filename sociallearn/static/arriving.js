// What is new is put in its place when somebody asks for it: nothing typed is lost, and what is there already stays.
const FADE = 4000; // ms a newcomer stays marked

// Fetches the page again and takes what this one does not have. False when there was nothing to take.
export async function arrive(address) {
  const response = await fetch(address);
  if (!response.ok || response.redirected) return false;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const added = [...document.querySelectorAll("[data-live]")].flatMap((list) => {
    const newer = fresh.querySelector(`[data-live="${list.dataset.live}"]`);
    return newer ? take(list, newer) : [];
  });
  if (!added.length) return false;
  document.querySelector(".empty")?.remove();
  for (const one of document.querySelectorAll("[data-live-count]")) {
    const now = fresh.getElementById(one.id);
    if (now) one.textContent = now.textContent;
  }
  const main = document.getElementById("main");
  const { lastId } = fresh.getElementById("main").dataset;
  if (lastId) main.dataset.lastId = lastId;
  document.querySelector("[data-news-url]").dataset.newsUrl = fresh.querySelector("[data-news-url]").dataset.newsUrl;
  document.dispatchEvent(new CustomEvent("arrived"));
  show(added);
  return true;
}

// The server's order is kept: each newcomer follows what it follows there.
function take(list, newer) {
  const added = [];
  let last = null;
  for (const item of [...newer.children]) {
    const here = item.id && document.getElementById(item.id);
    if (here?.parentElement === list) last = here;
    if (here || !item.id) continue;
    const made = document.adoptNode(item); // as safe as this page: the same templates made it
    if (last) last.after(made);
    else list.prepend(made);
    added.push(made);
    last = made;
  }
  return added;
}

function show(added) {
  for (const one of added) one.classList.add("arrived");
  setTimeout(() => added.forEach((one) => one.classList.remove("arrived")), FADE);
  const [first] = added;
  first.tabIndex = -1;
  first.focus({ preventScroll: true });
  first.scrollIntoView({ block: "center" });
}
