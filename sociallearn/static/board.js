// Drag an idea to another stage: that opens the form to say why, as "Move to…" does. Without a mouse nothing is missed.
const board = document.querySelector("[data-board]");
let dragged = null;

for (const card of board.querySelectorAll("[data-move]")) {
  card.draggable = true;
  for (const link of card.querySelectorAll("a")) link.draggable = false; // or the browser would drag its address
}
board.addEventListener("dragstart", (event) => {
  dragged = event.target.closest("[data-move]");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.querySelector("h3").textContent);
});
board.addEventListener("dragover", (event) => {
  const stage = goal(event);
  mark(stage);
  if (stage) event.preventDefault();
});
board.addEventListener("drop", (event) => {
  const stage = goal(event);
  if (!stage) return;
  event.preventDefault();
  const address = new URL(dragged.dataset.move, location.href);
  address.searchParams.set("to", stage.dataset.stage);
  location.assign(address);
});
board.addEventListener("dragend", () => {
  dragged = null;
  mark(null);
});

function goal(event) {
  const stage = event.target.closest("[data-stage]");
  return dragged && stage && !stage.contains(dragged) ? stage : null;
}

function mark(stage) {
  for (const one of board.querySelectorAll(".target")) if (one !== stage) one.classList.remove("target");
  stage?.classList.add("target");
}
