// Trying things out (试一试) on the map: a facility dropped or dragged, one closed, a
// gate opened in a wall, a resource used. The browser shows at once where something
// was put; Python answers with the states that follow from it.
import { el } from "./dom.js";
import { boxOf, drawOutline, seen, stroke, trace } from "./draw.js";
import { inside } from "./plane.js";
import { canvasSpot, drawTag, paneSpot, spotOf } from "./tags.js";
import { point } from "./units.js";

const INK = "#1F2933";
const NEAR = 12;
const DRAG_LEAST = 5;
const TOOLS = ["put", "close", "gate", "use"];
const SIGNS = { put: "＋", close: "✕", gate: "∩", use: "＋" };
const GAINED = "#00664B";
const LOST = "#8A3D00";
const FITS = {
  yes: { fill: "rgba(11,92,173,.34)", line: "#0B5CAD", dash: [] },
  unknown: { fill: "rgba(140,140,140,.30)", line: "#5A5A5A", dash: [3, 2] },
  no: { fill: null, line: "#8C8C8C", dash: [1.5, 3] },
};

export class WhatIf {
  constructor(board) {
    this.board = board;
    this.tool = "";
    this.pending = [];
    this.tags = [];
    const { host } = board;
    // the bar on the map is this one: nothing else is picked on it
    this.bar = board.chooser.bar;
    board.chooser.furnish = () => {};
    host.addEventListener("pointerdown", (event) => this.press(event), true);
    for (const name of ["mousedown", "touchstart"]) {
      // Leaflet must not drag the map while a step is dragged
      host.addEventListener(name, (event) => this.held && event.stopPropagation(), true);
    }
    host.addEventListener("click", (event) => this.swallow(event), true);
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
  }

  close() {
    document.removeEventListener("keydown", this.onKey);
  }

  receive(data) {
    this.data = data.trial;
    this.pending = this.pending.filter((one) => one.n > data.seen);
    this.furnish();
  }

  // ---------------------------------------------------------------- the bar

  furnish() {
    const { data } = this;
    const made = JSON.stringify([data.texts, data.categories.map((one) => one.name), data.title, data.still]);
    if (this.made !== made) this.build();
    this.made = made;
    if (data.still) return;
    this.select.value = data.category;
    const least = this.wanted()?.size;
    this.size.placeholder = least ? `${least} ${data.texts.m2}` : data.texts.m2;
    this.take(this.tool);
  }

  build() {
    const { data, bar } = this;
    const { texts } = data;
    bar.replaceChildren();
    if (data.title) bar.append(el("b", "pq-map-title", data.title));
    bar.style.display = data.title || !data.still ? "" : "none";
    if (data.still) return;
    this.buttons = TOOLS.map((name) => {
      const made = el("button", "", `${SIGNS[name]} ${texts[name]}`);
      made.type = "button";
      made.title = texts[`${name}_title`];
      made.dataset.tool = name;
      made.onclick = () => this.take(this.tool === name ? "" : name);
      return made;
    });
    this.select = el("select", "pq-field");
    this.select.setAttribute("aria-label", texts.category);
    this.select.append(...[{ key: "", name: texts.any }, ...data.categories].map((one) => {
      const option = el("option", "", one.name);
      option.value = one.key;
      return option;
    }));
    this.select.onchange = () => this.send({ kind: "category", id: this.select.value });
    this.size = el("input", "pq-field");
    this.size.type = "number";
    this.size.min = "1";
    this.size.style.width = "96px";
    this.size.setAttribute("aria-label", texts.size);
    this.chip = el("button", "pq-do", `✥ ${texts.drag}`);
    this.chip.type = "button";
    this.chip.title = texts.drag_title;
    this.chip.style.cursor = "grab";
    this.chip.onpointerdown = (event) => this.begin(event, null);
    this.who = el("select", "pq-field");
    this.who.setAttribute("aria-label", texts.open_to);
    this.who.append(...["residents", "all"].map((one) => {
      const option = el("option", "", texts[`open_${one}`]);
      option.value = one;
      return option;
    }));
    this.words = el("span", "pq-picked pq-none");
    this.words.setAttribute("aria-live", "polite");
    bar.append(...this.buttons, this.select, this.size, this.chip, this.who, this.words);
  }

  take(tool) {
    const { data } = this;
    const { texts } = data;
    this.tool = tool;
    for (const button of this.buttons) {
      const on = button.dataset.tool === tool;
      button.classList.toggle("pq-on", on);
      button.setAttribute("aria-pressed", String(on));
    }
    const show = (part, on) => { part.style.display = on ? "" : "none"; };
    show(this.select, true);
    const sized = tool === "put" && Boolean(data.category);
    for (const part of [this.size, this.chip]) show(part, sized);
    show(this.who, tool === "gate");
    const chosen = this.wanted();
    const asks = (tool === "put" || tool === "use") && !chosen;
    this.say(asks ? texts.choose : texts[`${tool || "look"}_hint`]);
    this.board.pane.classList.toggle("pq-boxing", Boolean(tool) && !asks);
    if (this.board.view) this.board.redraw();
  }

  wanted() {
    return this.data.categories.find((one) => one.key === this.data.category);
  }

  key(event) {
    if (!this.board.host.isConnected) {
      this.close();
      return;
    }
    if (event.key === "Escape" && this.tool && !event.defaultPrevented) this.take("");
  }

  // ---------------------------------------------------------------- what is drawn

  drawBase(context) {
    const { board } = this;
    const blob = board.layers.resources;
    if (!blob || !board.shown("resources")) return;
    const { fits } = board.layers.fits.value;
    for (let at = 0; at < blob.ids.length; at += 1) {
      if (!seen(boxOf(blob, at, board.view), board.view, 12)) continue;
      const look = FITS[fits[at]] ?? FITS.unknown;
      context.beginPath();
      trace(context, blob, at, board.view, true);
      const [x, y] = point(blob, at, board.view);
      const box = boxOf(blob, at, board.view);
      // too small to be seen: a square says where it is
      if (Math.max(box[2] - box[0], box[3] - box[1]) < 7) context.rect(x - 3.5, y - 3.5, 7, 7);
      if (look.fill) {
        context.fillStyle = look.fill;
        context.fill("evenodd");
      }
      stroke(context, look.line, this.tool === "use" ? 1.8 : 1.1, look.dash);
    }
  }

  drawTop(context) {
    const { board, data } = this;
    const blob = board.layers.communities;
    for (const [ids, colour] of [[data.lost, LOST], [data.gained, GAINED]]) {
      for (const id of ids) {
        const at = blob?.position.get(id);
        if (at !== undefined && id !== board.selected) drawOutline(context, blob, at, board.view, colour, 2.4);
      }
    }
    if (data.wall) this.drawWall(context, data.wall);
    this.tags = [];
    for (const step of data.steps) {
      if (this.held?.id === step.id && this.ghost) continue;
      const [x, y] = spotOf(board, step.at);
      const place = drawTag(context, x, y, `${SIGNS[step.kind]}${step.n}`, {
        fill: step.kind === "close" ? INK : board.data.accent, ring: step.chosen ? INK : "#FFFFFF", bold: step.chosen,
      });
      this.tags.push({ place, step });
    }
    for (const one of this.pending) {
      if (one.at) this.drawWaiting(context, spotOf(board, one.at), one);
    }
    if (this.ghost) this.drawWaiting(context, this.ghost, { kind: this.held?.kind ?? "put" });
  }

  drawWaiting(context, [x, y], { kind }) {
    drawTag(context, x, y, SIGNS[kind] ?? "＋", { fill: "#FFFFFF", ring: this.board.data.accent, ink: this.board.data.accent });
  }

  drawWall(context, line) {
    for (const [colour, width] of [["#FFFFFF", 8], [INK, 4]]) {
      context.beginPath();
      line.forEach((place, at) => {
        const [x, y] = spotOf(this.board, place);
        if (at) context.lineTo(x, y);
        else context.moveTo(x, y);
      });
      stroke(context, colour, width);
    }
  }

  // ---------------------------------------------------------------- the pointer

  tagAt(pane) {
    if (!pane || !this.board.view) return null;
    const [x, y] = canvasSpot(this.board, pane);
    const held = ({ place }) => x >= place[0] - 2 && x <= place[2] + 2 && y >= place[1] - 2 && y <= place[3] + 2;
    return this.tags.findLast(held) ?? null;
  }

  // The resource below the pointer, the smallest of several.
  resourceAt(pane) {
    const { board } = this;
    const blob = board.layers?.resources;
    if (!blob || !pane || !board.view || !board.shown("resources")) return null;
    const { map } = board;
    const where = map.containerPointToLayerPoint(pane).add(map.getPixelOrigin()).divideBy(2 ** map.getZoom());
    const [x, y] = canvasSpot(board, pane);
    let best = null;
    let least = Infinity;
    for (let at = 0; at < blob.ids.length; at += 1) {
      const [u, v] = point(blob, at, board.view);
      const away = inside(blob, at, where) ? 0 : Math.hypot(x - u, y - v);
      if (away < least && away < NEAR) [best, least] = [at, away];
    }
    return best;
  }

  facilityAt(pane) {
    const { board } = this;
    const blob = board.layers?.facilities;
    if (!blob || !pane || !board.view) return null;
    const [x, y] = canvasSpot(board, pane);
    let best = null;
    let least = NEAR;
    for (let at = 0; at < blob.ids.length; at += 1) {
      if (this.data.category ? blob.codes[at] !== this.data.category : !blob.codes[at]) continue;
      const [u, v] = point(blob, at, board.view);
      const away = Math.hypot(x - u, y - v);
      if (away < least) [best, least] = [at, away];
    }
    return best;
  }

  hover(pane) {
    const tag = this.tagAt(pane);
    if (tag) return [tag.step.title, tag.step.note];
    if (this.tool === "close") {
      const at = this.facilityAt(pane);
      const blob = this.board.layers?.facilities;
      return at === null ? null : [blob.names[at] || this.board.data.texts.unnamed, blob.notes[at]];
    }
    const at = this.resourceAt(pane);
    if (at === null) return null;
    const blob = this.board.layers.resources;
    return [blob.names[at] || blob.ids[at], this.board.layers.fits.value.notes[at] ?? ""];
  }

  click(pane) {
    const { board, tool } = this;
    if (this.data.still || !tool) return false;
    if (tool === "close") {
      const at = this.facilityAt(pane);
      const blob = board.layers.facilities;
      if (at === null) this.say(this.data.texts.nothing_to_close);
      else this.send({ kind: "close", id: blob.ids[at], at: this.anchor(blob, at) });
    } else if (tool === "use") {
      const at = this.resourceAt(pane);
      if (at === null) this.say(this.data.texts.nothing_to_use);
      else if (this.wanted()) this.send({ kind: "use", id: board.layers.resources.ids[at], at: this.anchor(board.layers.resources, at) });
    } else if (tool === "gate") {
      const within = board.map.distance(board.map.containerPointToLatLng(pane), board.map.containerPointToLatLng(pane.add([NEAR, 0])));
      this.send({ kind: "gate", at: this.degrees(pane), open_to: this.who.value, within });
    } else this.put(pane);
    return true;
  }

  put(pane) {
    if (!this.wanted()) return;
    const size = Number(this.size.value) || null;
    this.send({ kind: "put", at: this.degrees(pane), size });
  }

  say(text) {
    this.words.textContent = text;
    this.words.style.display = text ? "" : "none";
  }

  degrees(pane) {
    const there = this.board.map.containerPointToLatLng(pane);
    return [there.lng, there.lat].map((one) => Number(one.toFixed(6)));
  }

  anchor(blob, at) {
    const there = this.board.latLng(blob, at);
    return [there.lng, there.lat];
  }

  send(event) {
    this.board.chooser.send(event);
    const n = this.board.chooser.waiting.at(-1).n;
    if (event.at) this.pending.push({ ...event, n });
    if (this.board.view) this.board.drawTop();
  }

  // ---------------------------------------------------------------- dragging

  press(event) {
    const { board } = this;
    if (event.button !== 0 || !board.pane.contains(event.target) || this.data?.still) return;
    const tag = this.tagAt(paneSpot(board, event));
    if (tag) this.begin(event, tag.step);
  }

  // Drags a step that there is, or a new facility out of the bar.
  begin(event, step) {
    if (event.button !== 0) return;
    this.held = { id: step?.id ?? null, kind: step?.kind ?? "put", start: paneSpot(this.board, event), movable: !step || step.movable };
    const move = (next) => this.pull(next);
    const end = (next) => {
      for (const name of ["pointermove", "pointerup", "pointercancel"]) window.removeEventListener(name, name === "pointermove" ? move : end);
      this.release(next);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
    if (!step) event.preventDefault();
  }

  pull(event) {
    const spot = paneSpot(this.board, event);
    if (!this.held.movable || (!this.ghost && spot.distanceTo(this.held.start) < DRAG_LEAST)) return;
    this.board.hint.style.display = "none";
    this.ghost = canvasSpot(this.board, spot);
    this.board.drawTop();
  }

  release(event) {
    const { id, kind } = this.held;
    const dragged = Boolean(this.ghost);
    this.held = null;
    this.ghost = null;
    const onMap = this.board.host.contains(document.elementFromPoint(event.clientX, event.clientY));
    const spot = paneSpot(this.board, event);
    if (id !== null || dragged) {
      this.skip = true;
      setTimeout(() => { this.skip = false; }, 0);
    }
    if (!dragged) {
      if (id !== null) this.send({ kind: "step", id });
      return;
    }
    const over = onMap && !this.bar.contains(document.elementFromPoint(event.clientX, event.clientY));
    if (event.type === "pointercancel" || !over) this.board.drawTop();
    else if (id === null) this.put(spot);
    else this.send({ kind: "move", id, at: this.degrees(spot), step: kind });
  }

  // The click with which a drag ends is no click on the map.
  swallow(event) {
    if (!this.skip) return;
    this.skip = false;
    event.stopPropagation();
    event.preventDefault();
  }
}
