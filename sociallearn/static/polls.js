// Vote without leaving the page; and what comes with a post is added where one writes. Without JavaScript each is a form.
document.addEventListener("submit", (event) => {
  const poll = event.target.closest("[data-poll]");
  const isMore = event.submitter?.matches("[data-more]");
  if (!poll && !isMore) return;
  event.preventDefault();
  event.stopPropagation();
  if (isMore && event.submitter.value === "option") addLine(event.target);
  else if (isMore) change(event.target, event.submitter);
  else vote(poll, event.target);
}, true);

// The answer is the poll as it is now. Where it is refused, the page that says why is the form's own.
async function vote(poll, form) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const status = poll.querySelector("[role=status]");
  try {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!response.ok) return form.submit();
    const { html, said } = await response.json();
    poll.querySelector("[data-content]").innerHTML = html; // as safe as the rest of the page: the same template made it
    status.textContent = said;
    poll.focus();
  } catch {
    status.textContent = status.dataset.offline;
  } finally {
    form.removeAttribute("aria-busy");
  }
}

// The server shows the form again with what was asked for. Only that is taken from its page: one may be typing meanwhile.
async function change(form, button) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  try {
    const response = await fetch(button.formAction, { method: "POST", body: new URLSearchParams(new FormData(form, button)) });
    if (!response.ok) throw new Error(response.status);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    form.querySelector("[data-more-parts]").replaceChildren(...page.querySelector("[data-more-parts]").childNodes);
    form.querySelector(`[data-part="${button.value.replace("no-", "")}"]`)?.remove();
    const added = page.querySelector(`[data-part="${button.value}"]`);
    const parts = form.querySelector("[data-parts]");
    if (added && !parts.querySelector("button[hidden]")) parts.append(page.querySelector("[data-parts] button[hidden]"));
    if (added) parts.append(added);
    (added?.querySelector("input:not([type=hidden]), select") ?? form.querySelector(".more summary")).focus();
  } catch {
    leave(form, button);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

// the ordinary way, as without this module
function leave(form, button) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: button.name, value: button.value });
  form.append(field);
  form.action = button.formAction;
  form.submit();
}

const lines = (form) => [...form.querySelectorAll("[data-lines] input")];

function addLine(form) {
  const box = form.querySelector("[data-lines]");
  const number = lines(form).length + 1;
  if (number > box.dataset.most) return;
  const [label, line] = [...box.querySelectorAll("label, input")].slice(0, 2).map((one) => one.cloneNode(true));
  line.id = label.htmlFor = `poll_option-${number}`;
  label.textContent = line.placeholder = box.dataset.label.replace("{number}", number);
  line.removeAttribute("value");
  line.value = "";
  box.append(label, line);
  form.querySelector("[data-more][value=option]").hidden = number === Number(box.dataset.most);
  line.focus();
}

// Enter goes on to the next line, and makes one after the last.
document.addEventListener("keydown", (event) => {
  const line = event.target.closest?.("[data-lines] input");
  if (!line || event.key !== "Enter" || event.ctrlKey || event.metaKey || event.isComposing) return;
  event.preventDefault();
  const all = lines(line.form);
  const next = all[all.indexOf(line) + 1];
  if (next) next.focus();
  else addLine(line.form);
});
