// Inside a frame: can a cookie stay here? Then on to the LMS; otherwise a window of its own is the way.
const { continue: next } = document.querySelector("[data-continue]").dataset;
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

if (cookiesStay()) {
  location.replace(next);
} else {
  document.getElementById("opening").hidden = true;
  document.getElementById("new-window").hidden = false;
}
