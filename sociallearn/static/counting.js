// A question's clock goes on while the page is open, from what the server said; whatever this computer's clock says.
const began = performance.now();
const clocks = [...document.querySelectorAll("[data-ticks]")];

function words(clock, passed) {
  const { ticks, pauses, hour, hours, minute, minutes, rests, over } = clock.dataset;
  const seconds = Number(ticks) - passed;
  if (seconds <= 0) return over;
  if (pauses && passed >= Number(pauses)) return rests;
  if (seconds >= 3600) {
    const count = Math.round(seconds / 3600);
    return count === 1 ? hour : hours.replace("{count}", count);
  }
  const count = Math.ceil(seconds / 60);
  return count === 1 ? minute : minutes.replace("{count}", count);
}

function refresh() {
  const passed = (performance.now() - began) / 1000;
  for (const clock of clocks) {
    const text = words(clock, passed);
    if (clock.textContent.trim() !== text) clock.textContent = text;
  }
}

setInterval(() => document.hidden || refresh(), 20_000);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
