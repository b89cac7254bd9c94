// "3 hours ago" stays true while the page is open, and the full date is in one's own time zone.
const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language);
const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];

function refresh() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const seconds = (moment - Date.now()) / 1000;
    const unit = UNITS.find(([, length]) => Math.abs(seconds) >= length);
    if (unit && !time.hasAttribute("data-day")) time.textContent = relative.format(Math.trunc(seconds / unit[1]), unit[0]);
    time.title = full.format(moment);
  }
}

refresh();
document.addEventListener("arrived", refresh);
setInterval(() => document.hidden || refresh(), 60_000);
