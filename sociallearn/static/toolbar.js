// The marks of Markdown by button and by key. Pressed again, a mark goes away; what was selected stays selected.
import { replace } from "./editing.js";

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const BEFORE_TEXT = /^\s*(?:(?:>|[-*+]|\d+[.)])\s+)*/; // a line's quote and list marks: bold begins behind them
const ADDRESS = "https://";
const LIST = /^(?:[-*+]|\d+[.)]) /;
const FENCE = /^\s*`{3,}[^`]*$/;
const QUOTE = { mark: () => "> ", isOn: (line) => line.startsWith(">"), off: /^> ?/ };
const BULLETS = { mark: () => "- ", isOn: (line) => /^[-*+] /.test(line), off: LIST };
const NUMBERS = { mark: (number) => `${number}. `, isOn: (line) => /^\d+[.)] /.test(line), off: LIST };
const ACTS = {
  bold: (area) => wrap(area, "**"),
  italic: (area) => wrap(area, "*"),
  code: (area) => (selection(area).includes("\n") || inFence(area) ? fence(area) : wrap(area, "`")),
  quote: (area) => block(area, QUOTE),
  list: (area) => block(area, BULLETS),
  numbers: (area) => block(area, NUMBERS),
  link,
};

for (const editor of document.querySelectorAll(".editor[data-preview-url]")) equip(editor);

function equip(editor) {
  const area = editor.querySelector("textarea[name]");
  const bar = editor.querySelector("[role=toolbar]");
  const buttons = [...bar.querySelectorAll("button")];
  const byKey = new Map();
  for (const button of buttons) {
    const { key, mark } = button.dataset;
    if (key) {
      byKey.set(key.toLowerCase(), mark);
      button.title += IS_MAC ? ` (⌘${key})` : ` (Ctrl+${key})`;
      button.setAttribute("aria-keyshortcuts", `${IS_MAC ? "Meta" : "Control"}+${key}`);
    }
    button.dataset.tip = button.title;
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the text keeps the focus
    button.addEventListener("click", () => ACTS[mark](area));
    button.addEventListener("focus", () => rove(buttons, button));
  }
  bar.addEventListener("keydown", (event) => step(event, buttons));
  area.addEventListener("keydown", (event) => {
    const isShortcut = (IS_MAC ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey) && !event.altKey;
    const mark = byKey.get(event.key.toLowerCase());
    if (!isShortcut || event.shiftKey || !mark || event.defaultPrevented || event.isComposing) return;
    event.preventDefault();
    ACTS[mark](area);
  });
  editor.querySelector(".editor-bar").hidden = false;
}

// One tab stop for a row of buttons; arrows go through it, in the direction people read.
export function step(event, buttons) {
  const at = buttons.indexOf(document.activeElement);
  const onwards = getComputedStyle(event.currentTarget).direction === "rtl" ? -1 : 1;
  const ways = { ArrowRight: onwards, ArrowLeft: -onwards, Home: -at, End: buttons.length - 1 - at };
  if (at < 0 || !(event.key in ways) || event.ctrlKey || event.metaKey || event.altKey) return null;
  event.preventDefault();
  const next = buttons[(at + ways[event.key] + buttons.length) % buttons.length];
  next.focus();
  return next;
}

export function rove(buttons, current) {
  for (const button of buttons) {
    if (button === current) button.removeAttribute("tabindex");
    else button.tabIndex = -1;
  }
}

const selection = ({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd);

// The selection without the blanks at its ends; the word around a caret.
function chosen({ value, selectionStart: start, selectionEnd: end }) {
  if (start === end) {
    const before = /[\p{L}\p{M}\p{N}'’]*$/u.exec(value.slice(0, start))[0].length;
    const after = /^[\p{L}\p{M}\p{N}'’]*/u.exec(value.slice(end))[0].length;
    return before || after ? [start - before, end + after] : [start, end];
  }
  while (start < end && /\s/.test(value[start])) start += 1;
  while (end > start && /\s/.test(value[end - 1])) end -= 1;
  return [start, end];
}

// how many of this sign stand before (-1) or behind (1) a place
function run(text, at, sign, way) {
  let count = 0;
  while (text[way < 0 ? at - 1 - count : at + count] === sign) count += 1;
  return count;
}

// ** is bold, * is italic, *** is both
const has = (count, mark) => (mark === "**" ? count >= 2 : mark === "*" ? count % 2 === 1 : count >= 1);

function wrap(area, mark) {
  const { value, selectionStart } = area;
  const [start, end] = chosen(area);
  const text = value.slice(start, end);
  const size = mark.length;
  if (text.includes("\n")) return wrapLines(area, start, end, mark);
  // what was selected, or the caret, moves by the marks put before it or taken away
  const moved = (by) => (selection(area) ? [start + by, end + by] : [selectionStart + by]);
  const around = Math.min(run(value, start, mark[0], -1), run(value, end, mark[0], 1));
  const within = Math.min(run(text, 0, mark[0], 1), run(text, text.length, mark[0], -1));
  if (has(around, mark)) replace(area, start - size, end + size, text, ...moved(-size));
  else if (text.length > 2 * size && has(within, mark)) {
    replace(area, start, end, text.slice(size, -size), start, end - 2 * size);
  } else replace(area, start, end, mark + text + mark, ...moved(size));
}

function wrapLines(area, start, end, mark) {
  const size = mark.length;
  const parts = area.value.slice(start, end).split("\n").map((line) => {
    const before = BEFORE_TEXT.exec(line)[0];
    const text = line.slice(before.length).trimEnd();
    return { before, text, isOn: text.length > 2 * size && text.startsWith(mark) && text.endsWith(mark) };
  });
  const isOff = parts.every(({ text, isOn }) => !text || isOn);
  const made = parts.map(({ before, text, isOn }) => {
    if (!text) return before;
    if (isOff) return before + text.slice(size, -size);
    return before + (isOn ? text : mark + text + mark);
  });
  const whole = made.join("\n");
  replace(area, start, end, whole, start, start + whole.length);
}

// from the beginning of the first line selected to the end of the last
function lines({ value, selectionStart, selectionEnd }) {
  const start = selectionStart ? value.lastIndexOf("\n", selectionStart - 1) + 1 : 0;
  // a selection that ends at the very beginning of a line does not mean that line
  const last = selectionEnd > selectionStart && value[selectionEnd - 1] === "\n" ? selectionEnd - 1 : selectionEnd;
  const end = value.indexOf("\n", last);
  return [start, end < 0 ? value.length : end];
}

function block(area, { mark, isOn, off }) {
  const [start, end] = lines(area);
  const hasSelection = selection(area) !== "";
  const fromEnd = end - area.selectionEnd;
  const before = area.value.slice(start, end).split("\n");
  const isOff = before.some((line) => line.trim()) && before.every((line) => !line.trim() || isOn(line));
  const isQuote = off !== LIST;
  let number = 0;
  const after = before.map((line) => {
    if (isOff) return line.replace(off, "");
    if (!line.trim() && before.length > 1) return isQuote ? ">" : line;
    return mark((number += 1)) + (isQuote ? line : line.replace(LIST, ""));
  });
  const made = after.join("\n");
  const below = area.value.slice(end + 1).split("\n")[0];
  // or the line below would be read as part of it
  const isTight = !isOff && below.trim() && !isOn(below);
  const until = start + made.length;
  const selected = hasSelection ? [start, until] : [Math.max(start, until - fromEnd)];
  replace(area, start, end, isTight ? `${made}\n` : made, ...selected);
}

// from the line that begins a block of code to the one that ends it, if what is selected lies between two
function inFence(area) {
  const [start, end] = lines(area);
  const above = area.value.slice(0, Math.max(0, start - 1)).split("\n").at(-1);
  const below = area.value.slice(end + 1).split("\n")[0];
  return FENCE.test(above) && FENCE.test(below) ? [start - above.length - 1, end + 1 + below.length] : null;
}

function fence(area) {
  const [start, end] = lines(area);
  const text = area.value.slice(start, end);
  const around = inFence(area);
  if (around) return replace(area, ...around, text, around[0], around[0] + text.length);
  const inner = text.split("\n");
  if (inner.length > 2 && FENCE.test(inner[0]) && FENCE.test(inner.at(-1))) {
    const bare = inner.slice(1, -1).join("\n");
    return replace(area, start, end, bare, start, start + bare.length);
  }
  const ticks = "`".repeat(Math.max(2, ...(text.match(/`+/g) ?? []).map((one) => one.length)) + 1);
  const first = start + ticks.length + 1;
  replace(area, start, end, `${ticks}\n${text}\n${ticks}`, first, first + text.length);
}

function link(area) {
  const [start, end] = chosen(area);
  const text = area.value.slice(start, end);
  for (const { index, 0: whole, groups } of area.value.matchAll(/\[(?<label>[^[\]\n]*)\]\((?<to>[^()\s]*)\)/g)) {
    if (index > start || index + whole.length < end) continue;
    const kept = groups.label || (groups.to === ADDRESS ? "" : groups.to);
    return replace(area, index, index + whole.length, kept, index, index + kept.length);
  }
  const label = text.replace(/\s*\n\s*/g, " ");
  if (/^(?:https?:\/\/|mailto:)\S+$/.test(label)) return replace(area, start, end, `[](${label})`, start + 1);
  const to = start + label.length + 3;
  replace(area, start, end, `[${label}](${ADDRESS})`, ...(label ? [to, to + ADDRESS.length] : [start + 1]));
}
