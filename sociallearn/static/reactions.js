// React without leaving the page; and what others give shows while one reads. Without JavaScript each is a form.
const KINDS = ["thanks", "agree", "insight", "curious", "cheer"]; // the order of the numbers the server sends
const choice = document.getElementById("reaction-choice");
const faces = new Map([...choice.content.querySelectorAll("button")].map((one) => [one.value, one]));

const nameOf = (kind) => faces.get(kind).textContent;
const faceOf = (kind) => faces.get(kind).querySelector("svg").cloneNode(true);

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form.reactions");
  if (!form || !event.submitter?.name) return;
  event.preventDefault();
  event.stopPropagation();
  send(form, event.submitter.name, event.submitter.value);
}, true);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-react]");
  const open = document.querySelector(".reaction-choice.open");
  if (open && !open.contains(event.target)) close(open, false);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (open?.previousElementSibling !== link) show(link);
});

document.addEventListener("keydown", (event) => {
  const open = document.querySelector(".reaction-choice.open");
  if (!open) return;
  if (event.key === "Escape") close(open, true);
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const buttons = [...open.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  if (at < 0) return;
  event.preventDefault();
  buttons[(at + step + buttons.length) % buttons.length].focus();
});

document.addEventListener("focusin", (event) => {
  const open = document.querySelector(".reaction-choice.open");
  if (open && !open.contains(event.target) && open.previousElementSibling !== event.target) close(open, false);
});

function show(link) {
  const form = link.closest("form");
  const box = choice.content.firstElementChild.cloneNode(true);
  box.classList.add("open");
  for (const button of box.querySelectorAll("button")) {
    const chip = find(form, button.value);
    button.ariaPressed = chip?.ariaPressed ?? "false";
    button.addEventListener("click", () => {
      close(box, true);
      send(form, button.ariaPressed === "true" ? "take" : "give", button.value);
    });
  }
  link.after(box);
  link.ariaExpanded = "true";
  box.querySelector("button").focus();
}

function close(box, isFocusBack) {
  const link = box.previousElementSibling;
  box.remove();
  link.removeAttribute("aria-expanded");
  if (isFocusBack) link.focus();
}

const find = (form, kind) => form.querySelector(`button[value=${kind}]:not(.reaction-choice *)`);

async function send(form, act, kind) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const body = new URLSearchParams({ csrf_token: form.elements.namedItem("csrf_token").value, [act]: kind });
  try {
    const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.status);
    update(form, await response.json(), { kind, isMine: act === "give" });
  } catch {
    location.href = form.action; // the page for this says what is wrong, and offers it again
  } finally {
    form.removeAttribute("aria-busy");
  }
}

// Numbers change where they stand. One's own last one goes at once; what others take back leaves its chip, so that nothing
// moves under a pointer.
export function update(form, counts, own = {}) {
  const anchor = form.querySelector("a.act");
  KINDS.forEach((kind, index) => {
    let chip = form.querySelector(`[value=${kind}]:not(.reaction-choice *), [data-kind=${kind}]`);
    if (!chip && !counts[index]) return;
    if (own.kind === kind && !counts[index]) {
      if (chip === document.activeElement) anchor?.focus();
      return chip.remove();
    }
    if (!chip) {
      chip = anchor?.matches("[data-react]") ? button(kind) : given(kind);
      chip.title = nameOf(kind);
      if (anchor) anchor.before(chip);
      else form.append(chip);
    }
    if (own.kind === kind) {
      chip.name = own.isMine ? "take" : "give";
      chip.ariaPressed = String(own.isMine);
    }
    const number = chip.querySelector("span:last-of-type");
    if (number.textContent === String(counts[index])) return;
    number.textContent = counts[index];
    if (chip.matches("button")) chip.ariaLabel = `${nameOf(kind)}, ${counts[index]}`;
  });
}

function button(kind) {
  const chip = document.createElement("button");
  chip.value = kind;
  chip.name = "give";
  chip.ariaPressed = "false";
  chip.append(faceOf(kind), document.createElement("span"));
  return chip;
}

// For whoever cannot react: the author, and people who only read.
function given(kind) {
  const [chip, name, number] = ["span", "span", "span"].map((tag) => document.createElement(tag));
  chip.className = "given";
  chip.dataset.kind = kind;
  name.className = "sr";
  name.textContent = `${nameOf(kind)}: `;
  chip.append(faceOf(kind), name, number);
  return chip;
}

document.addEventListener("reactions", ({ detail }) => {
  for (const [id, counts] of Object.entries(detail)) {
    for (const form of document.querySelectorAll(`[data-reactions="${id}"]`)) update(form, counts);
  }
});
