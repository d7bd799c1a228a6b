// Draws shapes on a canvas in Leaflet's plane: `view` gives scale and offset.
import { fill } from "./dom.js";

const FONT = '"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif';
const hatches = new Map();

export function hatch(context, fillColour, lineColour) {
  const key = `${fillColour} ${lineColour}`;
  if (!hatches.has(key)) {
    const tile = document.createElement("canvas");
    tile.width = 8;
    tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = fillColour;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = lineColour;
    pen.lineWidth = 1.2;
    pen.beginPath();
    for (const shift of [-8, 0, 8]) {
      pen.moveTo(shift, 8);
      pen.lineTo(shift + 8, 0);
    }
    pen.stroke();
    hatches.set(key, tile);
  }
  return context.createPattern(hatches.get(key), "repeat");
}

export function boxOf(blob, at, view) {
  const b = blob.boxes.subarray(4 * at, 4 * at + 4);
  return [
    b[0] * view.scale - view.x, b[1] * view.scale - view.y,
    b[2] * view.scale - view.x, b[3] * view.scale - view.y,
  ];
}

export function seen(box, view, margin = 4) {
  return box[2] > -margin && box[3] > -margin
    && box[0] < view.width + margin && box[1] < view.height + margin;
}

// Adds one shape to the current path; points nearer than half a pixel are left out.
export function trace(context, blob, at, view, closed) {
  const { world, rings, shapes } = blob;
  for (let ring = shapes[at]; ring < shapes[at + 1]; ring += 1) {
    let lastX = NaN;
    let lastY = NaN;
    for (let v = rings[ring]; v < rings[ring + 1]; v += 1) {
      const x = world[2 * v] * view.scale - view.x;
      const y = world[2 * v + 1] * view.scale - view.y;
      if (v === rings[ring]) context.moveTo(x, y);
      else if (Math.abs(x - lastX) + Math.abs(y - lastY) < 0.6 && v + 1 < rings[ring + 1]) continue;
      else context.lineTo(x, y);
      lastX = x;
      lastY = y;
    }
    if (closed) context.closePath();
  }
}

export function traceAll(context, blob, view, closed, wanted = null) {
  context.beginPath();
  for (let at = 0; at + 1 < blob.shapes.length; at += 1) {
    if (wanted && !wanted(at)) continue;
    if (seen(boxOf(blob, at, view), view)) trace(context, blob, at, view, closed);
  }
}

export function stroke(context, colour, width, dash = []) {
  context.setLineDash(dash);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
  context.setLineDash([]);
}

const WIDTHS = { main: [1.2, 7], minor: [0.6, 4], path: [0.4, 1.6] };

// A street's width grows with the zoom, from `thin` at the overview.
function streetWidth(kind, zoom) {
  const [thin, thick] = WIDTHS[kind] ?? WIDTHS.minor;
  const share = Math.min(1, Math.max(0, (zoom - 13) / 5));
  return thin + (thick - thin) * share * share;
}

export function drawStreets(context, blob, view) {
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const [code, kind] of [["p", "path"], ["s", "minor"], ["m", "main"]]) {
    if (kind === "path" && view.zoom < 14) continue;
    traceAll(context, blob, view, false, (at) => blob.codes[at] === code);
    const width = streetWidth(kind, view.zoom);
    stroke(context, kind === "main" ? "#B9C0C8" : "#CDD3D9", width,
      kind === "path" ? [3, 2.5] : []);
  }
  context.lineCap = "butt";
}

const BARRIERS = {
  r: (context, view) => stroke(context, "#A9CBE6", Math.max(3, (view.zoom - 11) * 2.2)),
  t: (context) => {
    stroke(context, "#6B7280", 3);
    stroke(context, "#FFFFFF", 1.6, [7, 7]);
  },
  e: (context) => stroke(context, "#C9A227", 2.5),
  w: (context, view) => { if (view.zoom >= 15) stroke(context, "#8D6E63", 1.2, [1, 2]); },
};

export function drawBarriers(context, blob, view) {
  context.lineJoin = "round";
  for (const code of ["r", "w", "e", "t"]) {
    traceAll(context, blob, view, false, (at) => blob.codes[at] === code && !blob.areas?.includes(at));
    BARRIERS[code](context, view);
  }
  if (!blob.areas?.length) return;
  traceAll(context, blob, view, true, (at) => blob.areas.includes(at));
  context.fillStyle = "#CFE3F2";
  context.fill("evenodd");
}

export function drawAreas(context, blob, view, colour, line) {
  traceAll(context, blob, view, true);
  if (colour) {
    context.fillStyle = colour;
    context.fill("evenodd");
  }
  if (line) stroke(context, line, 0.7);
}

const OUTLINES = { e: [6, 4], b: [1.5, 3.5] };

// Communities: fill by class; outline plain, dashed (edge) or dotted (borderline).
export function drawShares(context, blob, view, style) {
  for (let at = 0; at < blob.ids.length; at += 1) {
    if (!seen(boxOf(blob, at, view), view)) continue;
    const look = style.classes[parseInt(style.codes[at], 36)];
    context.beginPath();
    trace(context, blob, at, view, true);
    if (look.fill) {
      context.globalAlpha = look.hatch ? 0.9 : 0.72;
      context.fillStyle = look.hatch ? hatch(context, look.fill, look.hatch) : look.fill;
      context.fill("evenodd");
      context.globalAlpha = 1;
    }
    const dash = OUTLINES[style.certainty?.[at]];
    context.lineCap = style.certainty?.[at] === "b" ? "round" : "butt";
    if (dash) {
      stroke(context, "#FFFFFF", 3.4);
      stroke(context, "#1F2933", 1.9, dash);
    } else stroke(context, look.stroke ?? "#5F6B76", 1);
  }
  context.lineCap = "butt";
}

export function words(context, text, x, y, size, colour, bold = false) {
  context.font = `${bold ? "600 " : ""}${size}px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.strokeStyle = "rgba(255,255,255,0.92)";
  context.lineWidth = 3;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

function anchor(blob, at, view) {
  return [
    blob.anchors[2 * at] * view.scale - view.x,
    blob.anchors[2 * at + 1] * view.scale - view.y,
  ];
}

// Signs, and names where they fit; what would overlap is left out.
export function drawLabels(context, blob, view, style, { names, selected, taken = [] }) {
  const order = [...blob.ids.keys()].sort((a, b) => {
    const first = (at) => (blob.ids[at] === selected ? 1 : 0);
    return first(b) - first(a) || area(blob, b) - area(blob, a);
  });
  const free = (box) => !taken.some((t) => t[0] < box[2] && box[0] < t[2] && t[1] < box[3] && box[1] < t[3]);
  for (const at of order) {
    const box = boxOf(blob, at, view);
    if (!seen(box, view)) continue;
    const [x, y] = anchor(blob, at, view);
    const chosen = blob.ids[at] === selected;
    const look = style.units ? {} : style.classes[parseInt(style.codes[at], 36)];
    const wide = box[2] - box[0];
    const high = box[3] - box[1];
    const sign = look.sign && Math.min(wide, high) > 13;
    if (sign) words(context, look.sign, x, y, 11, look.ink ?? "#1F2933");
    const text = blob.names[at];
    if (!names || !text) continue;
    context.font = `12px ${FONT}`;
    const width = context.measureText(text).width;
    const top = y + (sign ? 8 : -7);
    const place = [x - width / 2 - 2, top, x + width / 2 + 2, top + 15];
    if (!chosen && (width > wide * 1.5 + 12 || high < 20 || !free(place))) continue;
    taken.push(place);
    words(context, text, x, top + 7.5, 12, "#1F2933", chosen);
  }
}

function area(blob, at) {
  const b = blob.boxes.subarray(4 * at, 4 * at + 4);
  return (b[2] - b[0]) * (b[3] - b[1]);
}

export function drawOutline(context, blob, at, view, colour, width) {
  context.beginPath();
  trace(context, blob, at, view, true);
  context.lineJoin = "round";
  stroke(context, "#FFFFFF", width + 3);
  stroke(context, colour, width);
}

export function drawDots(context, blob, view, { wanted, radius, colour, ring = "#FFFFFF", pointed = false }) {
  for (let at = 0; at < blob.ids.length; at += 1) {
    if (!wanted(at)) continue;
    const [x, y] = anchor(blob, at, view);
    if (x < -9 || y < -9 || x > view.width + 9 || y > view.height + 9) continue;
    context.beginPath();
    if (pointed) {
      context.moveTo(x, y - radius);
      context.lineTo(x + radius, y);
      context.lineTo(x, y + radius);
      context.lineTo(x - radius, y);
      context.closePath();
    } else context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    if (ring) stroke(context, ring, 1.4);
  }
}

// Many points at an overview: one disc per cell with the number of points in it.
export function drawClusters(context, blob, view, { wanted, cell = 44, colour }) {
  const cells = new Map();
  for (let at = 0; at < blob.ids.length; at += 1) {
    if (!wanted(at)) continue;
    const [x, y] = anchor(blob, at, view);
    if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
    // cells hang on the ground, not on the window, so that panning moves none
    const key = `${Math.floor((x + view.x) / cell)} ${Math.floor((y + view.y) / cell)}`;
    const found = cells.get(key) ?? { x: 0, y: 0, n: 0 };
    cells.set(key, { x: found.x + x, y: found.y + y, n: found.n + 1 });
  }
  for (const { x, y, n } of cells.values()) {
    const radius = n === 1 ? 3 : Math.min(13, 6 + 2.2 * Math.log2(n));
    context.beginPath();
    context.arc(x / n, y / n, radius, 0, 2 * Math.PI);
    context.fillStyle = n === 1 ? colour : "rgba(55,71,90,0.86)";
    context.fill();
    stroke(context, "#FFFFFF", 1.2);
    if (n === 1) continue;
    context.font = `600 11px ${FONT}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = "#FFFFFF";
    context.fillText(String(n), x / n, y / n + 0.5);
  }
}

export function pathOf(context, lines, view, project, closed) {
  context.beginPath();
  for (const line of lines) {
    line.forEach(([lon, lat], at) => {
      const [wx, wy] = project(lon, lat);
      const x = wx * view.scale - view.x;
      const y = wy * view.scale - view.y;
      if (at) context.lineTo(x, y);
      else context.moveTo(x, y);
    });
    if (closed) context.closePath();
  }
}

export function drawWalk(context, walk, view, project, accent) {
  context.lineCap = "round";
  context.lineJoin = "round";
  pathOf(context, walk.lines, view, project, false);
  stroke(context, "#FFFFFF", 7.5);
  stroke(context, accent, 4);
  context.lineCap = "butt";
  const line = walk.lines.at(-1);
  if (!line?.length) return;
  const ends = [[walk.lines[0][0], "#FFFFFF"], [line.at(-1), accent]];
  for (const [[lon, lat], inner] of ends) {
    const [wx, wy] = project(lon, lat);
    context.beginPath();
    context.arc(wx * view.scale - view.x, wy * view.scale - view.y, 6, 0, 2 * Math.PI);
    context.fillStyle = inner;
    context.fill();
    stroke(context, inner === accent ? "#FFFFFF" : accent, 2.4);
  }
  if (!walk.label) return;
  const [wx, wy] = project(...line.at(-1));
  words(context, fill(walk.label, {}), wx * view.scale - view.x, wy * view.scale - view.y - 16, 12, accent, true);
}

export function drawCatchment(context, rings, view, project, accent) {
  pathOf(context, rings, view, project, true);
  context.globalAlpha = 0.1;
  context.fillStyle = accent;
  context.fill("evenodd");
  context.globalAlpha = 1;
  stroke(context, accent, 1.4);
}
