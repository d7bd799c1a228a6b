// Units (片区) on the map's canvases: soft fills, one outline around each unit, its
// number, links between communities, and what is picked.
import { boxOf, hatch, pathOf, seen, stroke, trace, words } from "./draw.js";
import { project } from "./plane.js";

const INK = "#1F2933";
const BROKEN = "#B83A00";
const LINKS = {
  neighbour: { colour: "#37475A", width: 1.8, dash: [] },
  refused: { colour: "#C1272D", width: 1.8, dash: [5, 4], cross: true },
  locked: { colour: "#37475A", width: 4, dash: [], knot: true },
  forbidden: { colour: "#C1272D", width: 3, dash: [], cross: true },
};
const PILL_FROM = 11.5;

export function point(blob, at, view) {
  return [blob.anchors[2 * at] * view.scale - view.x, blob.anchors[2 * at + 1] * view.scale - view.y];
}

function fillAll(context, blob, view, look, wanted) {
  context.beginPath();
  for (let at = 0; at + 1 < blob.shapes.length; at += 1) {
    if (wanted(at) && seen(boxOf(blob, at, view), view)) trace(context, blob, at, view, true);
  }
  if (look.fill) {
    context.fillStyle = look.hatch ? hatch(context, look.fill, look.hatch) : look.fill;
    context.fill("evenodd");
  }
}

// Communities by colour, one path per colour; the lanes inside a unit softly.
export function drawUnits(context, layers, view, style, differ = null) {
  const { communities, unit_outlines: outlines } = layers;
  const { units, classes, codes } = style;
  context.lineJoin = "round";
  const lookOf = new Map();
  style.unit.forEach((unit, at) => { if (unit >= 0 && !lookOf.has(unit)) lookOf.set(unit, codes[at]); });
  const unitAt = (at) => style.position.get(outlines.ids[at]);
  classes.forEach((look, code) => {
    context.globalAlpha = 0.34;
    fillAll(context, outlines, view, look, (at) => lookOf.get(unitAt(at)) === code && units.kinds[unitAt(at)] !== "excluded");
    context.globalAlpha = 0.88;
    fillAll(context, communities, view, look, (at) => codes[at] === code);
    context.globalAlpha = 1;
    stroke(context, look.stroke, view.zoom < 13 ? 0.5 : 0.9);
  });
  if (codes.includes(-1)) {
    fillAll(context, communities, view, {}, (at) => codes[at] === -1);
    stroke(context, "#5F6B76", 0.8);
  }
  if (differ) {
    // what two schemes have in common steps back
    const kept = new Set(differ);
    fillAll(context, communities, view, { fill: "rgba(255,255,255,0.72)" }, (at) => !kept.has(communities.ids[at]));
  }
  drawOutlines(context, outlines, view, units, unitAt);
  drawTies(context, outlines.ties ?? [], view);
}

// Parts of a unit that lie apart are tied together, firmly if they are near.
function drawTies(context, ties, view) {
  const far = ([one, other]) => Math.hypot(...project(...one).map((x, at) => x - project(...other)[at])) * view.scale > 50;
  pathOf(context, ties.filter((tie) => !far(tie)), view, project, false);
  stroke(context, INK, 3);
  pathOf(context, ties.filter(far), view, project, false);
  stroke(context, INK, 1.4, [2, 4]);
}

function drawOutlines(context, outlines, view, units, unitAt) {
  const bold = Math.min(3, Math.max(1, 1.2 + (view.zoom - 12.5) * 0.8));
  const ways = {
    joint: () => stroke(context, INK, bold),
    // drawn by hand: a white line runs inside the dark one
    drawn: () => { stroke(context, INK, bold + 2.6); stroke(context, "#FFFFFF", bold * 0.55); },
    broken: () => { stroke(context, "#FFFFFF", bold + 2.6); stroke(context, BROKEN, bold + 0.8, [9, 4]); },
  };
  const way = (unit) => {
    if (units.broken[unit]) return "broken";
    return ["single", "excluded"].includes(units.kinds[unit]) ? "" : units.kinds[unit];
  };
  for (const [name, draw] of Object.entries(ways)) {
    context.beginPath();
    for (let at = 0; at < outlines.ids.length; at += 1) {
      if (way(unitAt(at)) === name && seen(boxOf(outlines, at, view), view)) trace(context, outlines, at, view, true);
    }
    draw();
  }
}

// Where the number of each unit stands: a pill at a point inside it.
export function placeNumbers(context, layers, view, style) {
  const pills = [];
  if (view.zoom < PILL_FROM) return pills;
  const { unit_outlines: outlines } = layers;
  const { units } = style;
  const size = view.zoom < 13.5 ? 11 : 13;
  const order = [...outlines.ids.keys()].sort((a, b) => span(outlines, b) - span(outlines, a));
  context.font = fontOf(size);
  for (const at of order) {
    const unit = style.position.get(outlines.ids[at]);
    const box = boxOf(outlines, at, view);
    if (unit === undefined || ["excluded", "single"].includes(units.kinds[unit]) || !seen(box, view)) continue;
    const text = `${units.broken[unit] ? "! " : ""}${units.numbers[unit]}`;
    const [x, y] = point(outlines, at, view);
    const width = Math.max(size + 5, context.measureText(text).width + 10);
    // a number must leave the most of its unit to be seen
    if ((box[2] - box[0]) * (box[3] - box[1]) < 2.4 * width * (size + 6)) continue;
    const place = [x - width / 2, y - size / 2 - 3, x + width / 2, y + size / 2 + 3];
    if (pills.some((p) => overlap(p.place, place))) continue;
    pills.push({ place, text, size, fill: units.broken[unit] ? BROKEN : INK });
  }
  return pills;
}

function overlap(one, other) {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

function fontOf(size) {
  return `600 ${size}px "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif`;
}

export function drawNumbers(context, pills) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { place, text, size, fill } of pills) {
    const [left, top, right, bottom] = place;
    context.beginPath();
    context.roundRect(left, top, right - left, bottom - top, (bottom - top) / 2);
    context.fillStyle = fill;
    context.fill();
    stroke(context, "#FFFFFF", 1.2);
    context.font = fontOf(size);
    context.fillStyle = "#FFFFFF";
    context.fillText(text, (left + right) / 2, (top + bottom) / 2 + 0.5);
  }
}

function span(blob, at) {
  const b = blob.boxes.subarray(4 * at, 4 * at + 4);
  return (b[2] - b[0]) * (b[3] - b[1]);
}

export function drawUnitOutline(context, layers, view, style, unit, colour, width) {
  const outlines = layers.unit_outlines;
  const at = outlines.position.get(style.units.ids[unit]);
  if (at === undefined) return;
  context.beginPath();
  trace(context, outlines, at, view, true);
  context.lineJoin = "round";
  stroke(context, "#FFFFFF", width + 3);
  stroke(context, colour, width);
}

// Picked communities: tint and outline, two paths for all of them.
export function drawPicked(context, blob, view, ids, accent) {
  context.beginPath();
  let any = false;
  for (const id of ids) {
    const at = blob.position.get(id);
    if (at === undefined || !seen(boxOf(blob, at, view), view)) continue;
    trace(context, blob, at, view, true);
    any = true;
  }
  if (!any) return;
  context.lineJoin = "round";
  context.globalAlpha = 0.3;
  context.fillStyle = accent;
  context.fill("evenodd");
  context.globalAlpha = 1;
  stroke(context, "#FFFFFF", 5.5);
  stroke(context, accent, 3);
}

// Links between communities; returns where they run, for the pointer.
export function drawLinks(context, blob, view, links, pills) {
  const lines = [];
  for (const link of links) {
    const [a, b] = [blob.position.get(link.a), blob.position.get(link.b)];
    if (a === undefined || b === undefined) continue;
    const look = LINKS[link.kind];
    const [x, y] = point(blob, a, view);
    const [u, v] = point(blob, b, view);
    const segment = () => {
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(u, v);
    };
    segment();
    stroke(context, "rgba(255,255,255,0.9)", look.width + 2.4);
    segment();
    stroke(context, look.colour, look.width, look.dash);
    for (const [px, py] of [[x, y], [u, v]]) dot(context, px, py, look.colour);
    const [mx, my] = free([x, y, u, v], pills);
    if (look.cross) words(context, "✕", mx, my, 13, look.colour, true);
    if (look.knot) knot(context, mx, my, look.colour);
    lines.push({ link, ends: [x, y, u, v] });
  }
  return lines;
}

// A place for the mark of a link that no number covers, the middle if there is one.
function free([x, y, u, v], pills) {
  const places = [0.5, 0.35, 0.65, 0.2, 0.8].map((t) => [x + t * (u - x), y + t * (v - y)]);
  const clear = ([px, py]) => !pills.some((p) => overlap(p.place, [px - 6, py - 6, px + 6, py + 6]));
  return places.find(clear) ?? places[0];
}

function dot(context, x, y, colour) {
  context.beginPath();
  context.arc(x, y, 3, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  stroke(context, "#FFFFFF", 1.2);
}

function knot(context, x, y, colour) {
  context.beginPath();
  context.rect(x - 5, y - 5, 10, 10);
  context.fillStyle = colour;
  context.fill();
  stroke(context, "#FFFFFF", 1.6);
}

// How far a point of the canvas lies from a link.
export function distance([x, y, u, v], px, py) {
  const length = (u - x) ** 2 + (v - y) ** 2;
  const along = length ? Math.min(1, Math.max(0, ((px - x) * (u - x) + (py - y) * (v - y)) / length)) : 0;
  return Math.hypot(px - x - along * (u - x), py - y - along * (v - y));
}
