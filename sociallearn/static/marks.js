// Say of an answer that it is useful or helped without leaving the page. Without JavaScript each is a form.
document.addEventListener("submit", async (event) => {
  const button = event.submitter;
  const form = event.target.closest("form[data-marks]");
  if (!form || !button?.dataset.mark) return;
  event.preventDefault();
  event.stopPropagation();
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const body = new URLSearchParams({ csrf_token: form.elements.namedItem("csrf_token").value });
  try {
    const response = await fetch(button.formAction, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.status);
    update(form, await response.json());
    const isMine = button.ariaPressed !== "true";
    button.ariaPressed = String(isMine);
    button.formAction = button.dataset.path + (isMine ? "/withdrawal" : "");
  } catch {
    location.reload(); // shows what became of the answer
  } finally {
    form.removeAttribute("aria-busy");
  }
}, true);

function update(form, counts) {
  for (const button of form.querySelectorAll("[data-mark]")) {
    const number = button.querySelector("[data-count]");
    number.textContent = counts[button.dataset.mark];
    number.hidden = !counts[button.dataset.mark];
  }
}
