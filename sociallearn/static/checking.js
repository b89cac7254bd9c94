// Before the LMS's hints are spent: can this browser remember the launch here? By a cookie, or else by a secret kept in
// the LMS's page; otherwise a window of its own is the way.
import { ask } from "./storage.js";

const { continue: next, target, origin, key, secret } = document.querySelector("[data-continue]").dataset;
const PROBE = "sociallearn-probe";
const ATTRIBUTES = "SameSite=None; Secure; Partitioned; Path=/";

function cookiesStay() {
  try {
    document.cookie = `${PROBE}=1; ${ATTRIBUTES}`;
    const stayed = document.cookie.split("; ").includes(`${PROBE}=1`);
    document.cookie = `${PROBE}=; Max-Age=0; ${ATTRIBUTES}`;
    return stayed;
  } catch {
    return false; // a sandboxed frame
  }
}

async function isKept() {
  if (!target) return false;
  const answer = await ask({ target, origin }, "lti.put_data", { key, value: secret });
  return answer?.key === key && answer.value === secret;
}

function show(id) {
  for (const part of document.querySelectorAll("[data-continue] > div")) part.hidden = part.id !== id;
}

// In the new window cookies may be blocked as well: then this page keeps that launch's secret, for that window alone.
// For this the window must know its opener. It is ours and the LMS's, which both have this page in hand anyway.
function openWindow(event) {
  const opened = window.open(event.currentTarget.href, "_blank");
  if (!opened) return; // not allowed to: the link itself may be
  event.preventDefault();
  const kept = new Map();
  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== opened || from !== location.origin || typeof data?.key !== "string") return;
    const { subject, message_id, key: name, value } = data;
    if (subject === "lti.put_data") {
      if (value === null) kept.delete(name);
      else kept.set(name, value);
    } else if (subject !== "lti.get_data") return;
    source.postMessage({ subject: `${subject}.response`, message_id, key: name, value: kept.get(name) ?? null }, from);
  });
  show("opened"); // the LMS's hints serve once: no second click
}

if (cookiesStay() || (await isKept())) {
  location.replace(next);
} else {
  document.querySelector("#new-window a")?.addEventListener("click", openWindow);
  show(document.getElementById("new-window") ? "new-window" : "blocked");
}
