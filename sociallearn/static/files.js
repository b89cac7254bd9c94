// Pick, drag or paste files into a text: each is sent at once, with its progress, and can be described or removed.
// Without this module they go along with the form.
const CALM = 800; // ms after the last key in a description
const THERE = 201;
const ENDED = 401;
const TOO_LARGE = 413;

for (const box of document.querySelectorAll("[data-files]")) equip(box);

function equip(box) {
  const { form } = box.querySelector("input[type=file]");
  const list = box.querySelector(".enclosures");
  const input = box.querySelector("input[type=file]");
  const status = box.querySelector("[role=status]");
  const words = box.dataset;
  const waiting = [];
  let isSending = false;
  let wantsToGo = null; // the button pressed while files were under way

  box.classList.add("live");
  for (const item of list.children) bind(item);

  input.addEventListener("change", take);
  take(); // picked before we were here
  form.addEventListener("paste", ({ clipboardData }) => {
    // a program may put a picture of a text beside the text
    if (clipboardData.types.includes("text/plain")) return;
    add([...clipboardData.files]);
  });
  drop(form, box, add);

  // before every other listener: what is not complete is not sent
  document.addEventListener("submit", (event) => {
    if (event.target !== form || !(isSending || waiting.length)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wantsToGo = event.submitter ?? true;
    say(words.wait);
  }, true);

  function take() {
    const files = [...input.files];
    input.value = ""; // or the form would send them once more
    add(files);
  }

  function add(files) {
    if (!files.length) return;
    for (const file of files) {
      const line = placeholder(file);
      if (list.children.length >= Number(words.most)) fail(line, words.tooMany);
      else if (file.size > Number(words.largest)) fail(line, words.tooLarge.replace("{name}", file.name));
      else {
        list.append(line);
        waiting.push([file, line]);
      }
    }
    next();
  }

  async function next() {
    if (isSending) return;
    if (!waiting.length) {
      if (wantsToGo) form.requestSubmit(wantsToGo === true ? undefined : wantsToGo);
      wantsToGo = null;
      return;
    }
    isSending = true;
    const [file, line] = waiting.shift();
    say(words.sending.replace("{name}", file.name));
    const { status: code, answer } = await send(file, line.querySelector("progress"));
    if (code === THERE) arrive(line, answer);
    else fail(line, reason(code, answer).replace("{name}", file.name));
    isSending = false;
    next();
  }

  function send(file, progress) {
    const body = new FormData();
    body.set("csrf_token", form.elements.namedItem("csrf_token").value);
    body.set("place", words.place);
    body.set("file", file, file.name || "image.png");
    return new Promise((resolve) => {
      const request = new XMLHttpRequest(); // fetch tells nothing of what has been sent
      request.open("POST", words.files);
      request.responseType = "json";
      request.upload.addEventListener("progress", ({ loaded, total }) => (progress.value = total ? loaded / total : 0));
      request.addEventListener("loadend", () => resolve({ status: request.status, answer: request.response }));
      request.send(body);
    });
  }

  function reason(code, answer) {
    if (answer?.sentence) return `${answer.sentence} ${answer.advice}`;
    if (code === ENDED) return words.ended;
    if (code === TOO_LARGE) return words.tooLarge;
    return code || navigator.onLine ? words.failed : words.offline;
  }

  function arrive(line, { html, name }) {
    const made = document.createElement("template");
    made.innerHTML = html; // a line of our own form: the server wrote it
    const item = made.content.firstElementChild;
    line.replaceWith(item);
    bind(item);
    say(words.added.replace("{name}", name));
  }

  function fail(line, sentence) {
    wantsToGo = null;
    line.remove();
    const problem = document.createElement("p");
    problem.className = "problem";
    problem.role = "alert";
    const close = document.createElement("button");
    close.type = "button";
    close.className = "link";
    close.textContent = words.close;
    close.addEventListener("click", () => {
      problem.remove();
      input.focus();
    });
    status.before(problem);
    const said = document.createElement("span");
    said.textContent = sentence;
    problem.append(said, close);
    say("");
  }

  function bind(item) {
    const remove = item.querySelector(".remove");
    const alt = item.querySelector("input[name^=alt-]");
    const { path } = item.dataset;
    const name = item.querySelector("strong").textContent;
    item.querySelector(".check").remove();
    remove.hidden = false;
    remove.addEventListener("click", () => {
      const after = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      if (path) tell(`${path}/removal`);
      (after?.querySelector(".remove") ?? input).focus();
      say(words.removed.replace("{name}", name));
    });
    if (alt && path) {
      let timer;
      alt.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(tell, CALM, `${path}/description`, alt);
      });
    }
  }

  // kept with the upload, so that it comes back with the draft; when the text is sent, the form itself says it again
  function tell(url, field) {
    const body = new URLSearchParams({ csrf_token: form.elements.namedItem("csrf_token").value, alt: field?.value ?? "" });
    fetch(url, { method: "POST", body, keepalive: true }).catch(() => {});
  }

  function say(text) {
    status.textContent = text;
  }

  function placeholder(file) {
    const line = document.createElement("li");
    line.className = "enclosure";
    const name = document.createElement("strong");
    name.textContent = file.name;
    const progress = document.createElement("progress");
    progress.ariaLabel = words.sending.replace("{name}", file.name);
    line.append(name, progress);
    return line;
  }
}

function drop(form, box, add) {
  const holdsFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
  let depth = 0;
  const mark = (change) => {
    depth = change ? Math.max(0, depth + change) : 0;
    form.classList.toggle("dropping", depth > 0);
  };
  form.dataset.drop = box.dataset.drop;
  form.addEventListener("dragenter", (event) => holdsFiles(event) && mark(1));
  form.addEventListener("dragleave", (event) => holdsFiles(event) && mark(-1));
  form.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  form.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    mark(0);
    add([...event.dataTransfer.files]);
  });
  // let go beside the form, the page would be replaced by the file, and what is typed with it
  for (const kind of ["dragover", "drop"]) {
    document.addEventListener(kind, (event) => holdsFiles(event) && event.preventDefault());
  }
}
