// "/" jumps to the search field: never while somebody types, never with another key held, and not for whoever switched
// it off on the search page (WCAG 2.2, 2.1.4).
const NAME = "search-key";
const field = document.querySelector("#find");

const isOn = () => {
  try {
    return localStorage.getItem(NAME) !== "off";
  } catch {
    return true; // no storage in this frame
  }
};

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], [role=dialog], dialog")) return;
  if (!isOn()) return;
  event.preventDefault();
  const large = document.querySelector("#search-q"); // in a narrow window the header has no field: the page has one
  const shown = field.offsetParent ? field : large;
  if (!shown) return field.form.requestSubmit();
  shown.focus();
  shown.select();
});

const choice = document.querySelector("[data-search-key]");
if (choice) {
  const box = choice.querySelector("input");
  box.checked = isOn();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(NAME, box.checked ? "on" : "off");
    } catch {
      box.checked = true; // it cannot be remembered here
    }
  });
  choice.hidden = false;
}
