// The LMS is connected: tell it that its dialog can be closed (LTI dynamic registration 3.7), when there was time to read
// what happens next, or at once by the button. Nobody's secret is in that message, and we do not know every LMS's origin.
const READING = 15000; // milliseconds

const page = window.opener ?? (window.parent === window ? null : window.parent);
const button = document.querySelector("[data-registered] button");

if (page) {
  const close = () => page.postMessage({ subject: "org.imsglobal.lti.close" }, "*");
  button.addEventListener("click", close);
  button.hidden = false;
  setTimeout(close, READING);
}
