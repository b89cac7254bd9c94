// In the frame of an LMS that says which messages it takes (Canvas and others): the frame grows with the page, so that
// nobody scrolls in two places. Others never answer, and nothing happens. Nothing said here is secret.
import { newId } from "./storage.js";

const shell = document.querySelector(".shell");
const PATIENCE = 2000; // ms for the LMS to answer
const CALM = 100; // ms without a change before the height is told
const OBEYED = 500; // ms for the frame to have its new height
const BORDERS = 8; // px an LMS may count to the height
const LOOK = 250; // ms between two looks at which part of the frame is on the screen

const supported = await capabilities();
const send = (subject, fields) => {
  if (supported.has(subject)) parent.postMessage({ subject, message_id: newId(), ...fields }, "*");
};
if (supported.has("lti.frameResize")) grow();
if (supported.has("lti.setUnloadMessage") && supported.has("lti.removeUnloadMessage")) guardTyping();
if (cameFromHere()) send("lti.scrollToTop");

function capabilities() {
  const id = newId();
  return new Promise((resolve) => {
    const done = (found) => {
      clearTimeout(timer);
      removeEventListener("message", hear);
      resolve(new Set(found));
    };
    const hear = ({ source, data }) => {
      if (source !== parent || data?.message_id !== id || data.subject !== "lti.capabilities.response") return;
      done(Array.isArray(data.supported_messages) ? data.supported_messages.map((one) => one?.subject) : []);
    };
    const timer = setTimeout(done, PATIENCE, []);
    addEventListener("message", hear);
    parent.postMessage({ subject: "lti.capabilities", message_id: id }, "*");
  });
}

function grow() {
  const root = document.documentElement;
  root.classList.add("grown"); // app.css: heights no longer depend on the frame's own
  let told = 0;
  let timer;
  const fit = () => root.classList.toggle("fits", innerHeight + BORDERS >= told);
  const tell = () => {
    const height = Math.ceil(shell.getBoundingClientRect().height);
    if (!height || height === told) return;
    told = height;
    send("lti.frameResize", { height });
    setTimeout(fit, OBEYED); // an LMS may have a greatest height: then we scroll after all
  };
  addEventListener("resize", fit);
  new ResizeObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(tell, told ? CALM : 0);
  }).observe(shell);
  setInterval(follow, LOOK);
}

// What stays in view by sticking to the window's edge must now be led to the part that can be seen.
function follow() {
  if (!document.querySelector(".toasts:not(:empty, .settled), .news:not(:empty)")) return;
  const watch = new IntersectionObserver(([{ boundingClientRect, intersectionRect, isIntersecting }]) => {
    watch.disconnect();
    const hidden = isIntersecting ? Math.max(0, intersectionRect.top - Math.max(0, boundingClientRect.top)) : 0;
    document.documentElement.style.setProperty("--hidden-above", `${Math.round(hidden)}px`);
  });
  watch.observe(shell);
}

// The LMS asks before it leaves the page while something typed is not kept yet (drafts.js keeps it soon after).
function guardTyping() {
  const message = shell.dataset.unsaved;
  let guarded = false;
  const guard = (wanted) => {
    if (wanted === guarded) return;
    guarded = wanted;
    send(wanted ? "lti.setUnloadMessage" : "lti.removeUnloadMessage", wanted ? { message } : {});
  };
  document.addEventListener("input", ({ target }) => guard(guarded || target.matches("form[data-draft-place] *")));
  for (const end of ["kept", "submit"]) document.addEventListener(end, () => guard(false));
  addEventListener("pagehide", () => guard(false));
}

// By a link or a form of ours to the top of a page: the LMS's page may be scrolled far down.
function cameFromHere() {
  const [how] = performance.getEntriesByType("navigation");
  return document.referrer.startsWith(`${location.origin}/s/`) && how?.type === "navigate" && !location.hash;
}
