// A thread that was on the screen for a moment counts as read.
const main = document.querySelector("[data-read-url]");
const LOOKED = 1500; // ms

const token = document.querySelector("input[name=csrf_token]")?.value;
let timer;

function watch() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(tell, LOOKED);
}

async function tell() {
  document.removeEventListener("visibilitychange", watch);
  const body = new URLSearchParams({ csrf_token: token, last_id: main.dataset.lastId });
  // keepalive: somebody may click on at this very moment. A lost mark is no harm.
  await fetch(main.dataset.readUrl, { method: "POST", body, keepalive: true }).catch(() => {});
}

if (token) {
  document.addEventListener("arrived", () => {
    document.addEventListener("visibilitychange", watch);
    watch();
  });
  document.addEventListener("visibilitychange", watch);
  watch();
}
