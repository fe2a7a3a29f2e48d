// The case's diagram, to look at: which nodes are passed, where the case stands, where it was sent back or refused.
//
// <figure class="diagram" data-diagram="URL of the BPMN file" data-marks="id of a JSON script tag">
//   {"nodes": {"audit": {"state": "passed|current|returned|refused", "flag": "2×"}}, "flows": ["f1", …]}
// data-rules: the rules of separation drawn on it, see rules.js. The same is told in words below the figure.
import "bpmn-js/dist/assets/diagram-js.css";
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { rules } from "./rules.js";

for (const figure of document.querySelectorAll("figure[data-diagram]")) show(figure);

async function show(figure) {
  const canvas = figure.querySelector(".canvas");
  const marks = JSON.parse(document.getElementById(figure.dataset.marks)?.textContent || "{}");
  try {
    const answer = await fetch(figure.dataset.diagram, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(answer.status);
    const viewer = new NavigatedViewer({ container: canvas });
    await viewer.importXML(await answer.text());
    mark(viewer, marks);
    rules(figure, viewer);
    controls(figure, viewer);
  } catch {
    canvas.hidden = true;
    figure.querySelector(".zoom").hidden = true;
    figure.querySelector(".failed").hidden = false;
  }
}

function mark(viewer, { nodes = {}, flows = [] }) {
  const canvas = viewer.get("canvas");
  const known = viewer.get("elementRegistry");
  const overlays = viewer.get("overlays");
  for (const [id, { state, flag }] of Object.entries(nodes)) {
    if (!known.get(id)) continue;
    canvas.addMarker(id, `is-${state}`);
    if (!flag) continue;
    const html = Object.assign(document.createElement("span"), { className: `flag ${state}`, textContent: flag });
    overlays.add(id, { position: { top: -10, left: 8 }, html });
  }
  for (const id of flows) if (known.get(id)) canvas.addMarker(id, "is-passed");
}

function controls(figure, viewer) {
  const canvas = viewer.get("canvas");
  const fit = () => {
    canvas.resized();
    canvas.zoom("fit-viewport", "auto");
  };
  fit();
  const step = { in: 1.25, out: 0.8 };
  figure.querySelector(".zoom").hidden = false;
  figure.querySelector(".zoom").addEventListener("click", (event) => {
    const how = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (how === "fit") fit();
    else if (how) canvas.zoom(canvas.zoom() * step[how]);
  });
  figure.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (move) canvas.scroll({ dx: move[0], dy: move[1] });
    else if (event.key === "+" || event.key === "=") canvas.zoom(canvas.zoom() * step.in);
    else if (event.key === "-") canvas.zoom(canvas.zoom() * step.out);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
  });
  let timer;
  window.addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(() => canvas.resized(), 150);
  });
}
