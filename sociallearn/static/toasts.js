// Says a message aloud (a live region speaks only of what changes), stays in view a while, then scrolls with the page.
const region = document.querySelector("[data-toasts]");
const IN_VIEW = 10_000; // ms

const messages = [...region.children];
region.style.minHeight = `${region.offsetHeight}px`; // so that nothing jumps
region.replaceChildren();
setTimeout(() => {
  region.append(...messages);
  region.style.minHeight = "";
}, 100);
setTimeout(() => region.classList.add("settled"), IN_VIEW);

// reloading should not say it again
const address = new URL(location.href);
address.searchParams.delete("toast");
address.searchParams.delete("undo");
history.replaceState(history.state, "", address);
