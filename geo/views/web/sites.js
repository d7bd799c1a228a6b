// What could be built where (选址), on the map's canvases: resources by what they are
// fit for, proposals as pills with one sign per facility, lines to whom a proposal
// serves, and a proposal that is dragged elsewhere.
import { seen, stroke, trace, boxOf } from "./draw.js";
import { point } from "./units.js";
import { project } from "./plane.js";

const INK = "#1F2933";
const FONT = '600 12px "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif';
const HIGH = 20;
const NEAR = 8;
const DRAG_LEAST = 5;

// Signs of resources: rooms are squares, land is a diamond, what nobody says a circle.
const SHAPES = {
  floor(context, x, y, r) { context.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7); },
  land(context, x, y, r) {
    context.moveTo(x, y - r * 1.2);
    context.lineTo(x + r * 1.2, y);
    context.lineTo(x, y + r * 1.2);
    context.lineTo(x - r * 1.2, y);
    context.closePath();
  },
  none(context, x, y, r) { context.arc(x, y, r, 0, 2 * Math.PI); },
};

export class Sites {
  constructor(board) {
    this.board = board;
    this.pills = [];
    const { host } = board;
    host.addEventListener("pointerdown", (event) => this.press(event), true);
    for (const name of ["mousedown", "touchstart"]) {
      // Leaflet must not drag the map while a proposal is dragged
      host.addEventListener(name, (event) => this.held && event.stopPropagation(), true);
    }
    host.addEventListener("click", (event) => this.swallow(event), true);
  }

  receive(data) {
    this.data = data.sites;
    this.drop = null;
  }

  // A place on the canvas: of longitude and latitude, or of something in a layer.
  spot([lon, lat]) {
    const { view } = this.board;
    const [x, y] = project(lon, lat);
    return [x * view.scale - view.x, y * view.scale - view.y];
  }

  home(layer, id) {
    const blob = this.board.layers[layer];
    const at = blob?.position.get(id);
    return at === undefined ? null : point(blob, at, this.board.view);
  }

  // A point of the pane on the canvas, which is larger.
  canvas(pane) {
    const shift = this.board.map.getSize().multiplyBy(0.25);
    return [pane.x + shift.x, pane.y + shift.y];
  }

  drawBase(context) {
    const { board, data } = this;
    const blob = board.layers.resources;
    if (!blob || !board.shown("resources")) return;
    const { view } = board;
    const small = view.zoom < 13.5;
    for (const code of [...data.order].reverse()) {
      const look = data.looks[code];
      for (let at = 0; at < blob.ids.length; at += 1) {
        if (blob.codes[at] !== code) continue;
        const box = boxOf(blob, at, view);
        if (!seen(box, view, 12)) continue;
        if (Math.max(box[2] - box[0], box[3] - box[1]) > 9) this.outline(context, blob, at, look);
        this.sign(context, blob, at, look, small ? 3.6 : 5);
      }
    }
  }

  outline(context, blob, at, look) {
    context.beginPath();
    trace(context, blob, at, this.board.view, true);
    context.globalAlpha = 0.35;
    context.fillStyle = look.fill ?? "#FFFFFF";
    context.fill("evenodd");
    context.globalAlpha = 1;
    stroke(context, look.stroke, 1.2);
  }

  sign(context, blob, at, look, radius) {
    const [x, y] = point(blob, at, this.board.view);
    context.beginPath();
    (SHAPES[blob.areas[at]] ?? SHAPES.none)(context, x, y, radius);
    context.fillStyle = look.fill ?? "#FFFFFF";
    context.fill();
    if (look.fill) stroke(context, "#FFFFFF", 2.6);
    stroke(context, look.stroke, look.fill ? 1 : 1.4);
  }

  drawTop(context) {
    const { board, data } = this;
    this.drawChosen(context);
    this.drawLines(context);
    const lift = board.view.zoom < 12.5 ? 0 : HIGH * 0.75;
    this.pills = [];
    const order = [...data.marks].sort((a, b) => a.chosen - b.chosen);
    for (const mark of order) this.drawMark(context, mark, lift);
    this.drawGhost(context);
  }

  // The resource that is chosen, wherever it stands.
  drawChosen(context) {
    const { board, data } = this;
    const blob = board.layers.resources;
    const at = blob?.position.get(data.chosen);
    if (at === undefined) return;
    const [x, y] = point(blob, at, board.view);
    context.beginPath();
    context.arc(x, y, 10, 0, 2 * Math.PI);
    stroke(context, "#FFFFFF", 5);
    context.beginPath();
    context.arc(x, y, 10, 0, 2 * Math.PI);
    stroke(context, board.data.accent, 2.6);
  }

  // Whom the chosen proposal serves, or what serves the chosen community: a line
  // each, the more people the wider.
  drawLines(context) {
    const { board, data } = this;
    const lines = data.lines
      .map(({ from, to, share }) => [this.home("communities", from), this.home("resources", to), share])
      .filter(([from, to]) => from && to);
    context.lineCap = "round";
    for (const [colour, more] of [["rgba(255,255,255,.85)", 2.2], [board.data.accent, 0]]) {
      for (const [[x, y], [u, v], share] of lines) {
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(u, v);
        stroke(context, colour, 1 + 3.4 * Math.sqrt(share) + more);
      }
    }
    for (const [[x, y]] of lines) {
      context.beginPath();
      context.arc(x, y, 3.6, 0, 2 * Math.PI);
      context.fillStyle = board.data.accent;
      context.fill();
      stroke(context, "#FFFFFF", 1.4);
    }
    context.lineCap = "butt";
  }

  drawMark(context, mark, lift) {
    const home = this.home("resources", mark.idle);
    if (!home) return;
    const [x, y] = home;
    context.font = FONT;
    const widths = mark.sites.map((site) => Math.max(HIGH - 1, context.measureText(site.glyph).width + 8));
    const width = widths.reduce((sum, one) => sum + one, 0);
    const top = y - lift - HIGH / 2;
    let left = x - width / 2;
    if (lift) {
      context.beginPath();
      context.moveTo(x - 4, top + HIGH - 1);
      context.lineTo(x, y - 2);
      context.lineTo(x + 4, top + HIGH - 1);
      context.fillStyle = this.board.data.accent;
      context.fill();
    }
    mark.sites.forEach((site, at) => {
      const place = [left, top, left + widths[at], top + HIGH];
      const ends = [at === 0, at + 1 === mark.sites.length];
      this.drawPill(context, site, place, ends);
      this.pills.push({ place, mark, site });
      left += widths[at];
    });
  }

  drawPill(context, site, [left, top, right, bottom], [first, last]) {
    const { accent } = this.board.data;
    const corner = (round) => (round ? 6 : 0);
    const corners = [corner(first), corner(last), corner(last), corner(first)];
    const shape = (grow) => {
      context.beginPath();
      context.roundRect(left - grow, top - grow, right - left + 2 * grow, bottom - top + 2 * grow, corners);
    };
    const faint = this.data.category && site.category !== this.data.category;
    context.globalAlpha = faint && !site.chosen ? 0.45 : 1;
    shape(0);
    context.fillStyle = site.unsure ? "#FFFFFF" : accent;
    context.fill();
    // what is not sure is hollow, with a dashed outline; what is required has a dark one
    stroke(context, site.unsure ? accent : "#FFFFFF", 1.4, site.unsure ? [3, 2] : []);
    if (site.required) {
      shape(-1);
      stroke(context, INK, 2.4);
    }
    if (site.chosen) {
      shape(2.5);
      stroke(context, INK, 2.2);
    }
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = site.unsure ? accent : "#FFFFFF";
    context.fillText(site.glyph, (left + right) / 2, (top + bottom) / 2 + 0.5);
    context.globalAlpha = 1;
  }

  // A proposal that was tried elsewhere, or is being dragged there.
  drawGhost(context) {
    const { ghost } = this.data;
    const held = this.drop ?? (ghost && { from: ghost.from, to: this.spot(ghost.at), glyph: ghost.glyph, note: ghost.note, bad: ghost.bad });
    const home = held && this.home("resources", held.from);
    if (!home) return;
    const [x, y] = home;
    const [u, v] = held.to;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(u, v);
    stroke(context, "#FFFFFF", 4);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(u, v);
    stroke(context, INK, 1.6, [5, 4]);
    context.font = FONT;
    const text = held.note ? `${held.glyph} ${held.note}` : held.glyph;
    const width = Math.max(HIGH, context.measureText(text).width + 12);
    context.beginPath();
    context.roundRect(u - width / 2, v - HIGH / 2, width, HIGH, 6);
    context.fillStyle = "#FFFFFF";
    context.fill();
    stroke(context, held.bad ? "#B83A00" : INK, 2);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = held.bad ? "#8A3D00" : INK;
    context.fillText(text, u, v + 0.5);
  }

  pillAt(pane) {
    if (!pane || !this.board.view) return null;
    const [x, y] = this.canvas(pane);
    const inside = ({ place }) => x >= place[0] && x <= place[2] && y >= place[1] && y <= place[3];
    return this.pills.findLast(inside) ?? null;
  }

  resourceAt(pane) {
    const { board } = this;
    const blob = board.layers?.resources;
    if (!blob || !pane || !board.view || !board.shown("resources")) return null;
    const [x, y] = this.canvas(pane);
    let best = null;
    let least = NEAR;
    for (let at = 0; at < blob.ids.length; at += 1) {
      const [u, v] = point(blob, at, board.view);
      const away = Math.hypot(x - u, y - v);
      if (away < least) [best, least] = [at, away];
    }
    return best;
  }

  hover(pane) {
    const pill = this.pillAt(pane);
    if (pill) return [pill.site.title, pill.site.note];
    const at = this.resourceAt(pane);
    if (at === null) return null;
    const blob = this.board.layers.resources;
    return [blob.names[at] || blob.ids[at], blob.notes[at]];
  }

  click(pane) {
    const pill = this.pillAt(pane);
    if (pill) {
      this.board.report({ kind: "site", id: pill.site.id });
      return true;
    }
    const at = this.resourceAt(pane);
    if (at === null) return false;
    this.board.report({ kind: "resource", id: this.board.layers.resources.ids[at] });
    return true;
  }

  // Where a proposal is in the pane, for those who use a mouse.
  pixel(id) {
    const pill = this.pills.find(({ site }) => site.id === id);
    if (!pill) return null;
    const shift = this.board.map.getSize().multiplyBy(0.25);
    const [left, top, right, bottom] = pill.place;
    return [(left + right) / 2 - shift.x, (top + bottom) / 2 - shift.y];
  }

  paneSpot(event) {
    const box = this.board.pane.getBoundingClientRect();
    return this.board.L.point(event.clientX - box.left, event.clientY - box.top);
  }

  press(event) {
    const { board } = this;
    if (event.button !== 0 || !board.pane.contains(event.target) || !this.data?.movable) return;
    const pill = this.pillAt(this.paneSpot(event));
    if (!pill) return;
    this.held = { pill, start: this.paneSpot(event) };
    const move = (next) => this.pull(next);
    const end = (next) => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
      this.release(next);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  }

  pull(event) {
    const { pill, start } = this.held;
    const spot = this.paneSpot(event);
    if (!this.drop && spot.distanceTo(start) < DRAG_LEAST) return;
    this.board.hint.style.display = "none";
    this.drop = { from: pill.mark.idle, to: this.canvas(spot), glyph: pill.site.glyph, spot };
    this.board.drawTop();
  }

  release(event) {
    const { pill } = this.held;
    this.held = null;
    if (!this.drop) return; // a click: it chooses
    this.skip = true;
    setTimeout(() => { this.skip = false; }, 0);
    if (event.type === "pointercancel") {
      this.drop = null;
      this.board.drawTop();
      return;
    }
    // it stays where it was dropped until Python has measured it there
    const there = this.board.map.containerPointToLatLng(this.drop.spot);
    const place = [there.lng, there.lat].map((one) => Number(one.toFixed(6)));
    this.board.report({ kind: "drag", id: pill.site.id, point: place });
  }

  // The click with which a drag ends is no click on the map.
  swallow(event) {
    if (!this.skip) return;
    this.skip = false;
    event.stopPropagation();
    event.preventDefault();
  }
}
