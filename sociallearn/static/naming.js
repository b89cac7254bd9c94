// Offers names while somebody types @ or #: a list below the text, chosen from by arrows and Enter, or by mouse.
// A text of several lines stays a textbox: neither aria-expanded nor the role combobox is allowed on it (ARIA in HTML), so
// that the list is open is said by a status, and the rest is the pattern of a combobox with a listbox (ARIA 1.2).
const IDLE = 150; // ms after the last key
const TOKEN = /(?<![\p{L}\p{M}\p{N}/@#&.+])(?:@(?<who>[\p{L}\p{M}\p{N}'’.-]*(?: [\p{L}\p{M}\p{N}'’.-]+){0,3})|#(?<what>[\p{L}\p{M}\p{N}_-]{0,50}))$/u;
const LOOKED_AT = 120; // characters before the caret: longer than any name

for (const area of document.querySelectorAll("textarea[data-names-url]")) offer(area);

function offer(area) {
  const { namesUrl, people, topics, found } = area.dataset;
  const list = document.createElement("ul");
  list.id = `${area.id}-names`;
  list.className = "names";
  list.role = "listbox";
  list.hidden = true;
  const said = document.createElement("p");
  said.className = "sr";
  said.role = "status";
  area.after(list, said);
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-haspopup", "listbox");

  let active = -1;
  let token = null; // what is being typed: where it begins, its sign and the rest
  let left = -1; // where a token begins that was chosen or left by Escape
  let nothing = null; // a token nobody is called like: nor like a longer one
  let timer;
  let request;

  const options = () => [...list.children];
  const isOpen = () => !list.hidden;

  function typed() {
    if (area.selectionStart !== area.selectionEnd) return null;
    const end = area.selectionStart;
    const from = Math.max(0, end - LOOKED_AT);
    const match = TOKEN.exec(area.value.slice(from, end));
    if (!match) return null;
    const { who, what } = match.groups;
    return { start: from + match.index, kind: what === undefined ? "@" : "#", query: what ?? who };
  }

  function look() {
    token = typed();
    if (!token || token.start !== left) left = -1;
    clearTimeout(timer);
    request?.abort();
    const isKnown = nothing && token && nothing.start === token.start && token.query.startsWith(nothing.query);
    if (!token || left >= 0 || isKnown) return close();
    timer = setTimeout(load, IDLE, token);
  }

  async function load(wanted) {
    request = new AbortController();
    const { kind, query } = wanted;
    try {
      const answer = await fetch(`${namesUrl}?${new URLSearchParams({ kind, q: query })}`, { signal: request.signal });
      if (answer.ok && token === wanted) show(await answer.json());
    } catch {
      close(); // names can be typed without help
    }
  }

  function show(names) {
    nothing = names.length ? null : token;
    const isWritten = names.length === 1 && names[0] === token.query;
    if (!names.length || isWritten || document.activeElement !== area) return close();
    list.ariaLabel = token.kind === "@" ? people : topics;
    list.replaceChildren(
      ...names.map((name, index) => {
        const option = document.createElement("li");
        option.role = "option";
        option.id = `${list.id}-${index}`;
        option.ariaSelected = "false";
        option.dataset.name = name;
        const shown = document.createElement("bdi");
        shown.textContent = token.kind + name;
        option.append(shown);
        return option;
      }),
    );
    list.hidden = false;
    place();
    area.setAttribute("aria-controls", list.id);
    said.textContent = found.replace("{count}", names.length);
    point(token.kind === "@" && token.query ? 0 : -1); // a new topic is as likely as a known one; a new name is not
  }

  // below the text; above it where only there is room
  function place() {
    const { top, bottom } = area.getBoundingClientRect();
    const isAbove = innerHeight - bottom < list.offsetHeight && top > list.offsetHeight;
    const start = isAbove ? area.offsetTop - list.offsetHeight - 4 : area.offsetTop + area.offsetHeight + 4;
    list.style.insetBlockStart = `${start}px`;
  }

  function close() {
    if (!isOpen()) return;
    list.hidden = true;
    said.textContent = "";
    area.removeAttribute("aria-controls");
    area.removeAttribute("aria-activedescendant");
    active = -1;
  }

  function point(index) {
    active = index;
    options().forEach((option, place) => (option.ariaSelected = String(place === index)));
    const option = options()[index];
    if (!option) return area.removeAttribute("aria-activedescendant");
    area.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function choose(option) {
    const { start, kind } = token;
    const text = `${kind}${option.dataset.name} `;
    left = start;
    area.focus();
    area.setSelectionRange(start, area.selectionEnd);
    // so that Ctrl+Z takes it back; where that is gone, without
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, start, area.selectionEnd, "end");
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    left = start;
    close();
  }

  area.addEventListener("input", look);
  area.addEventListener("click", look);
  area.addEventListener("blur", () => {
    clearTimeout(timer);
    close();
  });
  area.addEventListener("keyup", (event) => {
    if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) look();
  });
  area.addEventListener("keydown", (event) => {
    if (!isOpen() || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") point(active >= last ? 0 : active + 1);
    else if (event.key === "ArrowUp") point(active <= 0 ? last : active - 1);
    else if (event.key === "Escape") {
      left = token.start;
      close();
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && active >= 0) choose(options()[active]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the text
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
  if (document.activeElement === area) look(); // somebody was quicker than this module
}
