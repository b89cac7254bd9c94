// Keeps what is being written: on the server, or in this browser tab while that is out of reach. The newer one comes back.
const IDLE = 1500; // ms after the last key
const TIME_TO_UNDO = 10_000; // ms
const SENT = "draft-sent"; // what was sent last, until a page shows that it arrived

const kept = {
  read: (key) => attempt(() => JSON.parse(sessionStorage.getItem(key))),
  write: (key, value) => attempt(() => sessionStorage.setItem(key, JSON.stringify(value)) ?? true),
  forget: (key) => attempt(() => sessionStorage.removeItem(key)),
};
const here = () => location.href.replace(/#.*/, "");

// storage may be forbidden in a frame: reading the property alone then throws
function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}

settle();
for (const form of document.querySelectorAll("form[data-draft-place][data-draft-url]")) keep(form);

// A form was sent. Unless this is the page that follows, it may not have arrived: the session was over, the line was cut.
function settle() {
  const sent = kept.read(SENT);
  if (!sent) return;
  kept.forget(SENT);
  const how = performance.getEntriesByType("navigation")[0]?.type;
  const isAnswer = how !== "back_forward" && document.referrer === sent.from && !document.querySelector("[data-refused]");
  if (!isAnswer) kept.write(sent.key, sent.copy);
}

function keep(form) {
  const { draftPlace: place, draftUrl: url, draftKey, draftAt, now } = form.dataset;
  const key = `draft-${draftKey}-${place}`;
  const arrived = performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
  const ahead = Number(now) - arrived; // of this clock, the server's
  const status = form.querySelector("[data-draft-status]");
  const field = (name) => form.elements.namedItem(name);
  const written = () => ({ title: field("title")?.value ?? "", body: field("body").value });
  const given = { title: field("title")?.defaultValue ?? "", body: field("body").defaultValue };
  const isRefused = form.querySelector("[data-problems]") !== null;
  let saved = isRefused ? null : JSON.stringify(given);
  let timer;
  let request;
  let sent = false;
  let isFailing = false;
  let at = 0; // when the text last changed: the server's time, as a clock may be wrong
  let keptAt = Number(draftAt); // when the server kept it last

  const unsaved = () => !sent && JSON.stringify(written()) !== saved;
  const copy = () => ({ ...written(), at, version: field("version")?.value });
  const parcel = (text = written()) => new URLSearchParams({ csrf_token: field("csrf_token").value, place, ...text });
  const say = (text) => {
    if (status && status.textContent !== text) status.textContent = text;
  };

  async function save() {
    clearTimeout(timer);
    if (unsaved()) await put(written());
  }

  async function put(text, words = status.dataset.saved) {
    request?.abort();
    request = new AbortController();
    const wanted = JSON.stringify(written());
    let ended = false;
    try {
      const response = await fetch(url, { method: "POST", body: parcel(text), signal: request.signal });
      ended = response.status === 401;
      if (!response.ok) throw new Error(response.status);
      saved = wanted;
      keptAt = Number(response.headers.get("Draft-At"));
      isFailing = false;
      kept.forget(key);
      say(words);
      form.dispatchEvent(new Event("kept", { bubbles: true }));
    } catch (error) {
      if (error.name === "AbortError") return;
      isFailing = true;
      const isKept = kept.write(key, copy());
      say(!isKept ? status.dataset.failed : ended ? status.dataset.ended : status.dataset.offline);
      if (!ended) timer = setTimeout(save, 10 * IDLE);
    }
  }

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(save, IDLE);
  };

  function fill({ title, body }) {
    field("body").value = body;
    if (field("title")) field("title").value = title;
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  form.addEventListener("input", () => {
    at = Math.max(Date.now() + ahead, keptAt + 1);
    later();
  });
  const deeds = discarding(form, { fill, written, forget, restore: later, say });
  if (draftAt && !isRefused) deeds.hidden = false;

  async function forget() {
    clearTimeout(timer);
    kept.forget(key);
    saved = null;
    await put({ title: "", body: "" }, deeds.dataset.discarded);
  }

  const left = kept.read(key); // from when the server could not be reached
  const isNewer = left && left.at > Number(draftAt) && left.version === field("version")?.value;
  if (isNewer && !unsaved() && JSON.stringify({ title: left.title, body: left.body }) !== saved) {
    fill(left);
    at = left.at;
    say(status.dataset.restored);
    deeds.hidden = false;
  } else if (left && draftAt && !isNewer) kept.forget(key);
  if (unsaved()) {
    at ||= keptAt + 1; // the browser itself brought it back, or the server refused it
    later();
  }

  window.addEventListener("online", save);
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    sent = true;
    clearTimeout(timer);
    request?.abort(); // a late draft would bring back what was just posted
    kept.forget(key);
    kept.write(SENT, { key, from: here(), copy: copy() });
  });
  // the page goes away: a beacon still arrives
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden || !unsaved()) return;
    if (!isFailing && navigator.onLine && navigator.sendBeacon?.(url, parcel())) saved = JSON.stringify(written());
    else kept.write(key, copy());
  });
  // what only this tab keeps is gone when it is closed
  window.addEventListener("beforeunload", (event) => {
    if (unsaved() && (!kept.write(key, copy()) || isFailing)) event.preventDefault();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) sent = false;
  });
}

// "Discard draft" beside a draft that came back, and for ten seconds (or as long as one stands on it) the way back.
function discarding(form, { fill, written, forget, restore, say }) {
  const deeds = form.querySelector(".draft-deeds");
  const [discard, undo] = deeds.querySelectorAll("button");
  const original = (name) =>
    form.querySelector(`[data-original=${name}]`)?.value ?? form.elements.namedItem(name)?.defaultValue ?? "";
  let before;
  let timer;

  const end = () => {
    if (document.activeElement === undo) return undo.addEventListener("blur", end, { once: true });
    if (!undo.hidden) deeds.hidden = undo.hidden = true;
  };

  discard.addEventListener("click", () => {
    before = written();
    fill({ title: original("title"), body: original("body") });
    discard.hidden = true;
    undo.hidden = false;
    undo.focus();
    clearTimeout(timer);
    timer = setTimeout(end, TIME_TO_UNDO);
    forget();
  });
  undo.addEventListener("click", () => {
    clearTimeout(timer);
    undo.removeEventListener("blur", end);
    undo.hidden = true;
    discard.hidden = false;
    fill(before);
    restore();
    say(deeds.dataset.back);
    form.elements.namedItem("body").focus();
  });
  form.addEventListener("input", (event) => {
    if (!event.isTrusted || undo.hidden) return; // something new is being written
    clearTimeout(timer);
    deeds.hidden = undo.hidden = true;
  });
  return deeds;
}
