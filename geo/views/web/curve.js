// What each further site or million buys: shares served against the budget. Points
// can be clicked; words and numbers come from Python.
import { el } from "./dom.js";

const [WIDE, HIGH, LEFT, RIGHT, TOP, LOW] = [900, 240, 48, 20, 12, 42];
const NAMESPACE = "http://www.w3.org/2000/svg";

function draw(parent, tag, values, text = null) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(values)) made.setAttribute(name, value);
  if (text !== null) made.textContent = text;
  parent.append(made);
  return made;
}

// Round steps so that about `count` of them reach the top.
function steps(most, count) {
  const rough = most / count || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * size).find((one) => one >= rough);
  const found = [];
  for (let at = 0; at <= most + 1e-9; at += step) found.push(at);
  return found;
}

function path(points) {
  return points.map(([x, y], at) => `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

export function curve(block, act) {
  const made = el("div", "pq-curve");
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDE} ${HIGH}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", block.title);
  made.append(svg);
  const most = Math.max(...block.points.map((one) => one.at), block.now ?? 0, 1e-9);
  const x = (at) => LEFT + ((WIDE - LEFT - RIGHT) * at) / most;
  const y = (share) => HIGH - LOW - (HIGH - LOW - TOP) * share;
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    draw(svg, "line", { x1: LEFT, x2: WIDE - RIGHT, y1: y(share), y2: y(share), class: "pq-curve-grid" });
    draw(svg, "text", { x: LEFT - 6, y: y(share) + 4, "text-anchor": "end" }, `${100 * share} %`);
  }
  for (const at of steps(most, 6)) draw(svg, "text", { x: x(at), y: HIGH - LOW + 17, "text-anchor": "middle" }, at.toLocaleString("en-US"));
  draw(svg, "text", { x: (LEFT + WIDE - RIGHT) / 2, y: HIGH - 6, "text-anchor": "middle" }, block.axis);
  if (block.now !== null) {
    draw(svg, "line", { x1: x(block.now), x2: x(block.now), y1: TOP, y2: HIGH - LOW, class: "pq-curve-now" });
  }
  for (const line of block.lines) {
    const known = line.shares.map((share, at) => [share, at]).filter(([share]) => share !== null);
    const way = path(known.map(([share, at]) => [x(block.points[at].at), y(share)]));
    draw(svg, "path", { d: way, class: `pq-curve-line pq-curve-${line.kind}` });
  }
  for (const one of block.points) {
    if (one.share === null) continue;
    const dot = draw(svg, "circle", { cx: x(one.at), cy: y(one.share), r: 5.5, class: one.active ? "pq-curve-dot pq-active" : "pq-curve-dot" });
    draw(dot, "title", {}, one.title);
    dot.dataset.at = String(one.at);
    act(dot, one.event);
  }
  const legend = el("div", "pq-curve-legend");
  for (const line of block.lines.filter((one) => one.label)) {
    const item = el("span", "");
    item.append(el("i", `pq-curve-key pq-curve-${line.kind}`), el("span", "", line.label));
    legend.append(item);
  }
  made.append(legend);
  return made;
}
