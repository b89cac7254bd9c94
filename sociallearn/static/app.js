// Loads what this page needs. Every page works without; these modules make it live.
const has = (selector) => document.querySelector(selector) !== null;

if (has("[data-continue]")) import("./checking.js");
if (has("[data-registered]")) import("./register.js");
if (has("[data-launch]")) import("./proving.js");
if (self !== top && has(".shell")) import("./frame.js");
if (has("[data-news-url]")) import("./news.js");
if (has("#reaction-choice")) import("./reactions.js");
if (has("[data-resembling]")) import("./resembling.js");
if (has("[data-board]")) import("./board.js");
if (has("[data-marks]")) import("./marks.js");
if (has("[data-poll], [data-more]")) import("./polls.js");
if (has("textarea[data-names-url]")) import("./naming.js");
if (has("[data-draft-url], [data-refused], [data-toasts]")) import("./drafts.js");
if (has(".editor")) import("./toolbar.js");
if (has(".editor")) import("./previewing.js");
if (has("[data-alike-url]")) import("./alike.js");
if (has("[data-space]")) import("./spaces.js");
if (has("[data-files]")) import("./files.js");
if (has("[data-quote]")) import("./quoting.js");
if (has("[data-read-url]")) import("./read.js");
if (has("[data-ticks]")) import("./counting.js");
if (has("time[datetime]")) import("./times.js");
if (has("form, [data-copy], [data-problems]")) import("./forms.js");
if (has("[data-send-at-once]")) import("./sending.js");
if (has("#find")) import("./finding.js");
if (has("details.menu")) import("./menu.js");
if (has("[data-toasts] > *")) import("./toasts.js");

// Rooms that do not fit beside each other scroll; the one we are in should be seen.
const rooms = document.querySelector(".rooms ul");
const here = rooms?.querySelector("[aria-current]");
if (here) rooms.scrollLeft = here.offsetLeft - (rooms.clientWidth - here.offsetWidth) / 2;
