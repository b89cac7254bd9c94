// Keeps what is being written: on the server, or in this browser tab while that is out of reach.
const IDLE = 1500; // ms after the last key

const kept = {
  read: (key) => attempt(() => JSON.parse(sessionStorage.getItem(key))),
  write: (key, value) => attempt(() => sessionStorage.setItem(key, JSON.stringify(value)) ?? true),
  forget: (key) => attempt(() => sessionStorage.removeItem(key)),
};

// storage may be forbidden in a frame: reading the property alone then throws
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}

for (const form of document.querySelectorAll("form[data-draft-place][data-draft-url]")) keep(form);

function keep(form) {
  const { draftPlace: place, draftUrl: url, draftKey } = form.dataset;
  const key = `draft-${draftKey}-${place}`;
  const status = form.querySelector("[data-draft-status]");
  const field = (name) => form.elements.namedItem(name);
  const written = () => ({ title: field("title")?.value ?? "", body: field("body").value });
  let saved = JSON.stringify(written());
  let timer;
  let request;
  let sent = false;

  const unsaved = () => !sent && JSON.stringify(written()) !== saved;
  const parcel = () => new URLSearchParams({ csrf_token: field("csrf_token").value, place, ...written() });
  const say = (text) => {
    if (status && status.textContent !== text) status.textContent = text;
  };

  async function save() {
    if (!unsaved()) return;
    const now = written();
    request?.abort();
    request = new AbortController();
    try {
      const response = await fetch(url, { method: "POST", body: parcel(), signal: request.signal });
      if (!response.ok) throw new Error(response.status);
      saved = JSON.stringify(now);
      kept.forget(key);
      say(status.dataset.saved);
      form.dispatchEvent(new Event("kept", { bubbles: true }));
    } catch (error) {
      if (error.name === "AbortError") return;
      say(kept.write(key, now) ? status.dataset.offline : status.dataset.failed);
      timer = setTimeout(save, 10 * IDLE);
    }
  }

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(save, IDLE);
  };

  const left = kept.read(key); // from when the server could not be reached
  if (left && !field("body").value) {
    field("body").value = left.body;
    if (field("title")) field("title").value = left.title;
    later();
  }

  form.addEventListener("input", later);
  window.addEventListener("online", save);
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    sent = true;
    clearTimeout(timer);
    request?.abort(); // a late draft would bring back what was just posted
    kept.forget(key);
  });
  // the page goes away: a beacon still arrives
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden || !unsaved()) return;
    if (navigator.onLine && navigator.sendBeacon?.(url, parcel())) saved = JSON.stringify(written());
    else kept.write(key, written());
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved() && !kept.write(key, written())) event.preventDefault();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) sent = false;
  });
}
