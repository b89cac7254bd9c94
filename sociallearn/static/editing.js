// Changes in a text as if they were typed, so that Ctrl+Z takes them back.
export function replace(area, start, end, text, from = start + text.length, to = from) {
  area.focus();
  area.setSelectionRange(start, end);
  const isDone = text ? document.execCommand("insertText", false, text) : start === end || document.execCommand("delete");
  if (!isDone) {
    area.setRangeText(text, start, end);
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  area.setSelectionRange(from, to);
}

// A paragraph of its own at the caret, with room to go on below it.
export function insertParagraph(area, text) {
  const { selectionEnd: at, value } = area;
  const [before, after] = [value.slice(0, at), value.slice(at)];
  const gap = !before.trim() || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  replace(area, before.trim() ? at : 0, at + /^\n*/.exec(after)[0].length, `${gap}${text}\n\n`);
}
