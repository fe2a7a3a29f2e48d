// The rules of separation, drawn on the diagram: a dashed line through the steps a rule speaks of together, a badge at
// each step it speaks of alone. Pointing at one, or going to it with Tab, says what it demands; Enter holds it.
//
// <figure data-diagram="…" data-rules="id of a JSON script tag">
//   [{"id": "c1", "kind": "differ", "mark": "≠", "says": "… must be done by different people", "basis": "§37",
//     "nodes": ["file", "audit"], "joins": true}]
// Anything on the page with data-rule="c1" belongs to it and lights up with it. The same is told in words by the table
// of rules below the figure.
import "./css/rules.css";

// A rule of another kind has other conditions: the server draws them, and the page comes back where it was.
document.addEventListener("change", (event) => {
  const select = event.target.closest?.("select[data-redraw]");
  const button = select?.form.querySelector("button[value=redraw]");
  if (!button) return;
  button.formAction = `${select.form.action}#${select.id}`;
  select.form.requestSubmit(button);
});

const STEP = 15; // how far the lines of different rules keep from each other
const SIGN = 13; // radius of the sign on a line

const attr = (part, said) => Object.entries(said).forEach(([name, value]) => part.setAttribute(name, value));
const add = (parent, part) => parent.appendChild(part);

function svg(name, said) {
  const part = document.createElementNS("http://www.w3.org/2000/svg", name);
  attr(part, said);
  return part;
}

export function rules(figure, viewer) {
  const told = JSON.parse(document.getElementById(figure.dataset.rules)?.textContent || "[]");
  if (!told.length) return;
  const layer = viewer.get("canvas").getLayer("rules", 5);
  const known = viewer.get("elementRegistry");
  const taken = new Map(); // step -> where its next badge goes
  const drawn = new Map();
  told.forEach((rule, at) => {
    const shapes = rule.nodes.map((id) => known.get(id)).filter((shape) => shape?.width);
    if (!shapes.length) return;
    const group = svg("g", {
      class: `rule ${rule.kind}`,
      tabindex: "0",
      role: "button",
      "aria-pressed": "false",
      "aria-label": `${rule.says}${rule.basis ? `（${rule.basis}）` : ""}`,
    });
    add(layer, group);
    if (rule.joins && shapes.length > 1) joined(group, rule, shapes, at);
    else for (const shape of shapes) badge(group, rule.mark, shape, taken);
    drawn.set(rule.id, { rule, group, shapes });
  });
  legible(layer, viewer);
  lighting(figure, viewer, drawn);
}

// Signs keep a size that can be read when the whole of a wide diagram is in sight.
function legible(layer, viewer) {
  const fit = () => {
    const scale = Math.min(2.2, Math.max(1, 0.8 / viewer.get("canvas").zoom()));
    for (const part of layer.querySelectorAll(".sign"))
      attr(part, {
        transform:
          `translate(${+part.dataset.x + scale * (part.dataset.right || 0)} ` +
          `${+part.dataset.y + scale * (part.dataset.down || 0)}) scale(${scale.toFixed(3)})`,
      });
  };
  viewer.on("canvas.viewbox.changed", fit);
  fit();
}

// From left to right through the steps, each stretch with its sign. Who must differ from whom is all of them: one line
// that passes through seven steps reads better than twenty-one lines between them.
function joined(group, rule, shapes, at) {
  const row = rule.kind === "senior" ? shapes : [...shapes].sort((a, b) => a.x - b.x || a.y - b.y);
  const signs = [];
  for (let i = 1; i < row.length; i++) {
    const { d, middle } = arc(row[i - 1], row[i], at);
    add(group, svg("path", { class: "reach", d }));
    add(group, svg("path", { class: "line", d }));
    signs.push(middle);
  }
  for (const middle of signs) sign(group, rule.mark, middle);
}

// A bow from border to border: sequence flows have corners, so nobody takes one for the other.
function arc(from, to, at) {
  const a = centre(from);
  const b = centre(to);
  const far = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const bend = (at % 2 ? -1 : 1) * (Math.min(220, far / 4) + STEP * (at >> 1));
  const turn = { x: (a.x + b.x) / 2 + ((b.y - a.y) / far) * bend, y: (a.y + b.y) / 2 - ((b.x - a.x) / far) * bend };
  const place = (t) => ({
    x: (1 - t) ** 2 * a.x + 2 * t * (1 - t) * turn.x + t ** 2 * b.x,
    y: (1 - t) ** 2 * a.y + 2 * t * (1 - t) * turn.y + t ** 2 * b.y,
  });
  let first = 0;
  let last = 1;
  while (first < 0.5 && inside(from, place(first))) first += 0.01;
  while (last > 0.5 && inside(to, place(last))) last -= 0.01;
  const points = [];
  for (let i = 0; i <= 24; i++) points.push(place(first + ((last - first) * i) / 24));
  return {
    d: points.map(({ x, y }, i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join(""),
    middle: place((first + last) / 2),
  };
}

const centre = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });
const inside = (shape, { x, y }) =>
  x >= shape.x && x <= shape.x + shape.width && y >= shape.y && y <= shape.y + shape.height;

function sign(group, mark, { x, y }) {
  const part = add(group, svg("g", { class: "sign", "data-x": x.toFixed(1), "data-y": y.toFixed(1) }));
  const plate = add(part, svg("rect", { rx: SIGN }));
  const text = add(part, svg("text", { "text-anchor": "middle", y: 6 }));
  text.textContent = mark;
  const width = Math.max(2 * SIGN, text.getComputedTextLength() + 14);
  attr(plate, { x: -width / 2, y: -SIGN, width, height: 2 * SIGN });
}

// Badges stand on the lower border of their step, side by side, then in a further row.
function badge(group, mark, shape, taken) {
  const part = add(group, svg("g", { class: "sign" }));
  const plate = add(part, svg("rect", { rx: 4 }));
  const text = add(part, svg("text", { x: 7, y: 16 }));
  text.textContent = mark;
  const width = text.getComputedTextLength() + 14;
  const next = taken.get(shape.id) || { right: 0, down: 0 };
  if (next.right && next.right + width > shape.width + 20) Object.assign(next, { right: 0, down: next.down + 24 });
  attr(plate, { width, height: 22 });
  attr(part, { "data-x": shape.x + 4, "data-y": shape.y + shape.height - 10 });
  attr(part, { "data-right": next.right, "data-down": next.down });
  taken.set(shape.id, { right: next.right + width + 4, down: next.down });
}

function lighting(figure, viewer, drawn) {
  const canvas = viewer.get("canvas");
  const tip = figure.querySelector("[data-rule-tip]");
  const quiet = tip?.textContent;
  let held = null;
  let lit = null;

  function light(id) {
    if (id === lit) return;
    for (const [key, { group, shapes }] of drawn) {
      const on = key === id;
      group.classList.toggle("is-on", on);
      for (const shape of shapes) if (key === lit) canvas.removeMarker(shape.id, "in-rule");
    }
    for (const shape of drawn.get(id)?.shapes || []) canvas.addMarker(shape.id, "in-rule");
    for (const part of document.querySelectorAll("[data-rule]")) part.classList.toggle("is-on", part.dataset.rule === id);
    figure.classList.toggle("has-lit", drawn.has(id));
    const rule = drawn.get(id)?.rule;
    if (tip) tip.textContent = rule ? `${rule.mark} ${rule.says}${rule.basis ? ` · ${rule.basis}` : ""}` : quiet;
    lit = id;
  }

  function hold(id) {
    held = held === id ? null : id;
    for (const [key, { group }] of drawn) attr(group, { "aria-pressed": String(key === held) });
    light(held ?? id);
  }

  for (const [id, { group, shapes }] of drawn) {
    group.addEventListener("mouseenter", () => light(id));
    group.addEventListener("mouseleave", () => light(held));
    group.addEventListener("focus", () => {
      light(id);
      // With the keyboard one can go to a rule that was zoomed out of sight.
      if (group.matches(":focus-visible")) canvas.scrollToElement(shapes[0]);
    });
    group.addEventListener("blur", () => light(held));
    group.addEventListener("click", () => hold(id));
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      hold(id);
    });
  }
  for (const part of document.querySelectorAll("[data-rule]")) {
    const id = part.dataset.rule;
    part.addEventListener("mouseenter", () => light(id));
    part.addEventListener("mouseleave", () => light(held));
    part.addEventListener("focusin", () => light(id));
    part.addEventListener("focusout", () => light(held));
  }
  figure.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && held !== null) hold(held);
  });
}
