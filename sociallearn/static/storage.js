// Messages to whoever keeps a launch's secret where no cookie stays: the LMS's page (LTI platform storage, lti-pm-s),
// or the page of ours that opened this window. Only the one origin may read what we say, and only it is believed.
const PATIENCE = 2000; // ms
const AGAIN = 400; // ms: the frame that keeps it may still be loading

// Resolves to the answer, or to null when none came in time or it says that something went wrong.
export function ask({ target, origin }, subject, fields) {
  const message = { subject, message_id: newId(), ...fields };
  return new Promise((resolve) => {
    const done = (answer) => {
      clearTimeout(ending);
      clearInterval(asking);
      removeEventListener("message", hear);
      resolve(answer);
    };
    const hear = ({ origin: from, data }) => {
      if (from !== origin || data?.message_id !== message.message_id || data.subject !== `${subject}.response`) return;
      done(data.error ? null : data);
    };
    const post = () => find(target)?.postMessage(message, origin);
    addEventListener("message", hear);
    const ending = setTimeout(done, find(target) ? PATIENCE : 0, null);
    const asking = setInterval(post, AGAIN);
    post();
  });
}

// Without waiting for an answer.
export function tell({ target, origin }, subject, fields) {
  find(target)?.postMessage({ subject, message_id: newId(), ...fields }, origin);
}

// randomUUID would need https, and there are schools without
export function newId() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}

function find(target) {
  const platform = parent === self ? opener : parent;
  if (target === ":opener") return opener;
  if (target === "_parent" || !platform) return platform;
  try {
    return platform.frames[target] ?? platform;
  } catch {
    return platform; // no such frame, or not one of that origin's own
  }
}
