// Says beside the button what follows from where one writes: who reads it, and that informal talk brings no points.
for (const select of document.querySelectorAll("select[data-space]")) {
  const form = select.form;
  const readers = form.querySelector("[data-who-reads]");
  const counts = form.querySelector(".counts");
  const tell = () => {
    const chosen = select.selectedOptions[0];
    if (readers) readers.textContent = chosen.dataset.says;
    if (counts) counts.hidden = "informal" in chosen.dataset;
  };
  select.addEventListener("change", tell);
  window.addEventListener("pageshow", tell); // back: the browser chose again what stood there
  tell();
}
