// What this LMS does with the messages of a tool in its frame: it keeps data for it (LTI platform storage, lti-pm-s
// 0.1), makes the frame as high as asked, and scrolls. With Canvas's limits, and as there each origin has its own data.
const MOST_KEYS = 500;
const MOST_CHARACTERS = 4096;
const LEAST_HEIGHT = 200; // pixels
const MOST_HEIGHT = 20_000;

const tool = document.querySelector("iframe[data-messages]");
const keepsData = !tool || tool.dataset.messages === "_parent"; // else the hidden frame does
const data = new Map(); // origin → Map of key → value; gone with the page

const takes = {};
if (keepsData) Object.assign(takes, { "lti.put_data": put, "lti.get_data": get });
if (tool) {
  takes["lti.capabilities"] = () => ({ supported_messages: supported() });
  takes["lti.frameResize"] = resize;
  takes["lti.scrollToTop"] = () => tool.scrollIntoView();
  takes["lti.setUnloadMessage"] = ({ message }) => warn(String(message ?? ""));
  takes["lti.removeUnloadMessage"] = () => warn(null);
}

class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

addEventListener("message", ({ data: asked, source, origin }) => {
  if (typeof asked?.subject !== "string" || !asked.subject.startsWith("lti.") || !source) return;
  if (asked.subject.endsWith(".response")) return;
  const answer = { subject: `${asked.subject}.response`, message_id: asked.message_id };
  try {
    const act = takes[asked.subject];
    if (!act) throw new Refused("unsupported_subject", `this page does not take ${asked.subject}`);
    Object.assign(answer, act(asked, origin));
  } catch (error) {
    answer.error = { code: error.code ?? "error", message: error.message };
  }
  source.postMessage(answer, origin);
});

function supported() {
  const kept = keepsData ? {} : { frame: tool.dataset.messages };
  const here = Object.keys(takes).map((subject) => ({ subject }));
  return keepsData ? here : [...here, { subject: "lti.put_data", ...kept }, { subject: "lti.get_data", ...kept }];
}

function put({ key, value }, origin) {
  if (typeof key !== "string" || !key) throw new Refused("bad_request", "key is missing");
  if (value !== null && typeof value !== "string") throw new Refused("bad_request", "value must be a string or null");
  const own = new Map(data.get(origin));
  if (value === null) own.delete(key);
  else own.set(key, value);
  const size = [...own].reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  if (own.size > MOST_KEYS || size > MOST_CHARACTERS) throw new Refused("storage_exhaustion", "there is no more room");
  data.set(origin, own);
  return { key, value };
}

function get({ key }, origin) {
  if (typeof key !== "string" || !key) throw new Refused("bad_request", "key is missing");
  return { key, value: data.get(origin)?.get(key) ?? null };
}

function resize({ height }) {
  const pixels = Number(height);
  if (!Number.isFinite(pixels)) throw new Refused("bad_request", "height must be a number");
  const borders = tool.offsetHeight - tool.clientHeight;
  tool.style.height = `${Math.min(Math.max(pixels, LEAST_HEIGHT), MOST_HEIGHT) + borders}px`;
  return {};
}

let warning = null;

function warn(message) {
  warning = message;
  return {};
}

addEventListener("beforeunload", (event) => {
  if (warning !== null) event.preventDefault();
});
