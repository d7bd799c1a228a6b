// The district's map: Leaflet moves it, two canvases show it. Geometry comes from
// the browser's memory; Python sends styles, the selection and views to go to.
import { el, fill, find, memory, root, whenKept } from "./dom.js";
import { Chooser } from "./choosing.js";
import * as draw from "./draw.js";
import { legendRows, layerList, zooms } from "./furniture.js";
import * as linked from "./linked.js";
import { Openings } from "./openings.js";
import { inside, project } from "./plane.js";
import { Sites } from "./sites.js";
import * as units from "./units.js";
import { WhatIf } from "./what_if.js";

// What a page shows on the map besides, by the word `extra` in its data. Made once
// per map, it is told `receive(data)` and may `drawBase(context)`, `drawTop(context)`,
// `hover(point)` (title and note, or nothing), `click(point)` (whether it was for it).
const EXTRAS = { openings: Openings, sites: Sites, what_if: WhatIf };

const PAD = 0.25;
const SIGNS_FROM = 12;

class Board {
  constructor(host, leaflet) {
    this.host = host;
    this.L = leaflet;
    this.pane = el("div", "pq-map-pane");
    this.legend = el("div", "pq-legend");
    this.switches = el("div", "pq-switches");
    this.hint = el("div", "pq-hint");
    this.scale = el("div", "pq-scale");
    this.credit = el("div", "pq-credit");
    host.append(this.pane, this.legend, this.switches, this.scale, this.credit, this.hint);
    // Leaflet takes the focus at a press; a page that scrolled then would lose the click
    this.pane.focus = () => HTMLElement.prototype.focus.call(this.pane, { preventScroll: true });
    this.map = leaflet.map(this.pane, {
      attributionControl: false, zoomControl: false, zoomSnap: 0.1, zoomDelta: 0.75,
      maxZoom: 19, minZoom: 8, fadeAnimation: false, boxZoom: false, doubleClickZoom: true,
    });
    this.map.setView([0, 0], 12);
    this.base = this.canvas("pq-base");
    this.top = this.canvas("pq-top");
    this.listen();
    linked.join(this);
  }

  canvas(name) {
    const made = el("canvas", `${name} leaflet-zoom-animated`);
    this.map.getPanes().overlayPane.appendChild(made);
    return made;
  }

  listen() {
    const { map } = this;
    map.on("moveend zoomend resize", () => this.moved());
    map.on("zoomanim", (event) => this.animate(event));
    map.on("mousemove", (event) => this.hover(event.containerPoint));
    map.on("mouseout", () => this.hover(null));
    map.on("click", (event) => this.click(event.containerPoint));
    this.observer = new ResizeObserver(() => {
      this.settle();
      if (this.late) this.show();
    });
    this.observer.observe(this.host);
  }

  // Another size of the window keeps the middle, and is no move of the user's.
  settle() {
    this.settling = true;
    this.map.invalidateSize({ pan: true, animate: false });
    this.settling = false;
  }

  close() {
    this.observer.disconnect();
    this.chooser?.close();
    this.extra?.close?.();
    this.map.remove();
    if (this.waits) memory.waiting.delete(this.waits);
    memory.maps.delete(this.data?.key);
  }

  receive(data, send) {
    this.send = send;
    this.data = data;
    memory.maps.set(data.key, this);
    this.host.style.height = `${data.height}px`;
    this.settle();
    this.host.classList.toggle("pq-stale", Boolean(data.stale));
    if (data.seen !== undefined) {
      this.chooser ??= new Chooser(this);
      this.chooser.receive(data);
    }
    if (data.extra) {
      this.extra ??= new EXTRAS[data.extra](this);
      this.extra.receive(data);
    }
    if (!this.chooser?.waiting.length) this.selected = data.selected ?? null;
    const keys = [...Object.values(data.layers), ...(data.style ? [data.style] : [])];
    whenKept(this, keys, () => this.show());
  }

  show() {
    if (!this.map.getSize().x) {
      // not laid out yet: nothing could be fitted into it
      this.late = true;
      return;
    }
    this.late = false;
    this.layers = Object.fromEntries(Object.entries(this.data.layers).map(([name, key]) => [name, find(key)]));
    this.style = find(this.data.style)?.value;
    if (this.style?.units) this.style.position ??= new Map(this.style.units.ids.map((id, at) => [id, at]));
    this.furnish();
    this.place();
    this.redraw();
    this.host.dataset.ready = "yes";
  }

  // The view is moved only to begin with, or when Python asks for it anew.
  place() {
    const { place, go } = this.data;
    const fresh = this.placed !== place;
    this.placed = place;
    if (go.n > (memory.applied.get(place) ?? 0)) {
      memory.applied.set(place, go.n);
      if (go.id && this.goTo(go.id)) return;
      if (go.point) {
        this.map.setView([go.point[1], go.point[0]], Math.max(this.map.getZoom(), 16), { animate: false });
        return;
      }
      if (go.whole) {
        this.goHome();
        return;
      }
    }
    if (!fresh) return;
    const view = memory.views.get(place);
    if (view) this.map.setView(view.center, view.zoom, { animate: false });
    else this.goHome();
  }

  goHome() {
    const [west, south, east, north] = this.data.bounds;
    // a view that nobody chose is not kept: another size of the map fits anew
    this.homing = true;
    // what stands on the map covers none of the district
    const top = this.chooser?.bar.offsetHeight ? this.chooser.bar.offsetHeight + 18 : 14;
    const bottom = this.chooser || this.extra ? Math.max(54, this.legend.offsetHeight) + 16 : 46;
    this.map.fitBounds([[south, west], [north, east]], { paddingTopLeft: [14, top], paddingBottomRight: [14, bottom], animate: false });
    this.homing = false;
    memory.views.delete(this.placed);
  }

  goTo(id) {
    const blob = this.layers.communities;
    const at = blob?.position.get(id);
    if (at === undefined) return false;
    const zoom = Math.max(Math.min(this.map.getZoom(), 17), 15.5);
    this.map.setView(this.latLng(blob, at), zoom, { animate: false });
    return true;
  }

  latLng(blob, at) {
    const point = this.L.point(blob.anchors[2 * at], blob.anchors[2 * at + 1]);
    return this.map.unproject(point.multiplyBy(1), 0);
  }

  // Where a community is in the pane, for those who click with a mouse.
  pixel(id) {
    const blob = this.layers.communities;
    const point = this.map.latLngToContainerPoint(this.latLng(blob, blob.position.get(id)));
    return [point.x, point.y];
  }

  moved() {
    if (!this.placed) return;
    if (!this.settling && !this.homing && !this.following && this.map.getSize().x) memory.views.set(this.placed, { center: this.map.getCenter(), zoom: this.map.getZoom() });
    this.redraw();
  }

  animate(event) {
    const { map, L } = this;
    const scale = map.getZoomScale(event.zoom, this.drawn.zoom);
    const origin = map._latLngToNewLayerPoint(this.drawn.corner, event.zoom, event.center);
    for (const canvas of [this.base, this.top]) L.DomUtil.setTransform(canvas, origin, scale);
  }

  frame() {
    const { map, L } = this;
    const size = map.getSize();
    const corner = map.containerPointToLayerPoint([-size.x * PAD, -size.y * PAD]).round();
    const origin = map.getPixelOrigin().add(corner);
    const zoom = map.getZoom();
    this.drawn = { zoom, corner: map.layerPointToLatLng(corner) };
    const view = {
      zoom, scale: 2 ** zoom, x: origin.x, y: origin.y,
      width: size.x * (1 + 2 * PAD), height: size.y * (1 + 2 * PAD),
    };
    for (const canvas of [this.base, this.top]) L.DomUtil.setPosition(canvas, corner);
    return view;
  }

  clear(canvas, view) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = `${view.width}px`;
      canvas.style.height = `${view.height}px`;
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    return context;
  }

  redraw() {
    if (!this.layers || !this.map.getSize().x) return;
    this.view = this.frame();
    this.drawBase();
    this.drawTop();
    this.drawScale();
  }

  shown(name) {
    const wanted = memory.layers.get(this.data.place) ?? {};
    return wanted[name] ?? !this.data.off?.includes(name);
  }

  drawBase() {
    const { view, layers, data } = this;
    const context = this.clear(this.base, view);
    if (layers.extent) draw.drawAreas(context, layers.extent, view, "#FFFFFF", "#B8C0C8");
    if (layers.barriers && this.shown("barriers")) draw.drawBarriers(context, layers.barriers, view);
    if (layers.streets && this.shown("streets")) draw.drawStreets(context, layers.streets, view);
    if (this.style?.units) units.drawUnits(context, layers, view, this.style, data.differ);
    else if (this.style) draw.drawShares(context, layers.communities, view, this.style);
    else if (layers.communities) draw.drawAreas(context, layers.communities, view, "#E3E7EB", "#5F6B76");
    if (layers.buildings && this.shown("buildings") && view.zoom >= 15) draw.drawAreas(context, layers.buildings, view, "rgba(40,52,64,0.20)", null);
    if (data.catchment) draw.drawCatchment(context, data.catchment, view, project, data.accent);
    this.drawFacilities(context);
    this.drawFindings(context);
    this.extra?.drawBase?.(context);
    if (this.style && view.zoom >= SIGNS_FROM) {
      this.pills = this.style.units ? units.placeNumbers(context, layers, view, this.style) : [];
      const taken = this.pills.map((pill) => pill.place);
      draw.drawLabels(context, layers.communities, view, this.style, { names: this.shown("names"), selected: this.selected, taken });
    }
  }

  drawFacilities(context) {
    const { view, layers, data } = this;
    const blob = layers.facilities;
    if (!blob || !this.shown("facilities")) return;
    const chosen = data.category;
    if (chosen) {
      draw.drawDots(context, blob, view, { wanted: (at) => blob.codes[at] === chosen, radius: view.zoom < 14 ? 3.6 : 5, colour: "#1F2933", pointed: true });
      return;
    }
    if (view.zoom < 15.5) draw.drawClusters(context, blob, view, { wanted: () => true, colour: "#37475A" });
    else draw.drawDots(context, blob, view, { wanted: () => true, radius: 3, colour: "#37475A" });
  }

  drawFindings(context) {
    const { view, layers } = this;
    const blob = layers.findings;
    if (!blob || !this.shown("findings")) return;
    for (const [code, colour] of [["info", "#5F6B76"], ["warning", "#B7791F"], ["error", "#A4262C"]]) {
      draw.drawDots(context, blob, view, { wanted: (at) => blob.codes[at] === code, radius: 4.6, colour });
    }
  }

  drawTop() {
    const { view, layers, data } = this;
    const context = this.clear(this.top, view);
    const blob = layers.communities;
    const at = (id) => (id === null ? undefined : blob?.position.get(id));
    if (this.style?.units && blob) this.drawUnitsTop(context, at);
    if (at(this.over) !== undefined && this.over !== this.selected) draw.drawOutline(context, blob, at(this.over), view, "#37475A", 1.6);
    if (at(this.selected) !== undefined) draw.drawOutline(context, blob, at(this.selected), view, data.accent, 3);
    const mine = data.selected === this.selected;
    if (layers.gates && this.shown("gates") && view.zoom >= 14) {
      draw.drawDots(context, layers.gates, view, {
        wanted: (g) => view.zoom >= 16 || layers.gates.codes[g] === this.selected,
        radius: 3.4, colour: "#FFFFFF", ring: "#1F2933",
      });
    }
    if (data.walk && mine) draw.drawWalk(context, data.walk, view, project, data.accent);
    if (data.marks) {
      for (const [lon, lat] of data.marks) {
        draw.drawWalk(context, { lines: [[[lon, lat]]] }, view, project, data.accent);
      }
    }
    this.extra?.drawTop?.(context);
  }

  // The units of what is chosen and pointed at, links, and what is picked.
  drawUnitsTop(context, at) {
    const { view, layers, data, style } = this;
    const unit = (id) => (at(id) === undefined ? -1 : style.unit[at(id)]);
    const [chosen, over] = [unit(this.selected), unit(this.over)];
    if (over >= 0 && over !== chosen) units.drawUnitOutline(context, layers, view, style, over, "#37475A", 3);
    if (chosen >= 0) units.drawUnitOutline(context, layers, view, style, chosen, data.accent, 4);
    if (this.chooser) units.drawPicked(context, layers.communities, view, this.chooser.shown(), data.accent);
    this.lines = units.drawLinks(context, layers.communities, view, data.links ?? [], this.pills ?? []);
    units.drawNumbers(context, this.pills ?? []);
  }

  drawScale() {
    const { map, data } = this;
    const y = map.getSize().y / 2;
    const metres = map.distance(map.containerPointToLatLng([0, y]), map.containerPointToLatLng([100, y]));
    const steps = [10, 20, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000];
    const length = steps.filter((step) => step <= metres).at(-1) ?? 10;
    const words = length < 1000 ? fill(data.texts.metres, { n: length }) : fill(data.texts.kilometres, { n: length / 1000 });
    this.scale.replaceChildren(el("span", "pq-scale-text", words), el("span", "pq-scale-bar"));
    this.scale.lastChild.style.width = `${(length / metres) * 100}px`;
  }

  hit(point) {
    const blob = this.layers?.communities;
    if (!blob || !point) return null;
    const { map } = this;
    const where = map.containerPointToLayerPoint(point).add(map.getPixelOrigin()).divideBy(2 ** map.getZoom());
    let best = null;
    let least = Infinity;
    for (let at = 0; at < blob.ids.length; at += 1) {
      const b = blob.boxes.subarray(4 * at, 4 * at + 4);
      if (where.x < b[0] || where.x > b[2] || where.y < b[1] || where.y > b[3]) continue;
      const size = (b[2] - b[0]) * (b[3] - b[1]);
      if (size < least && inside(blob, at, where)) {
        best = at;
        least = size;
      }
    }
    return best;
  }

  // Communities whose point lies in a box of the pane.
  within([left, top, right, bottom]) {
    const blob = this.layers?.communities;
    if (!blob) return [];
    return blob.ids.filter((id, at) => {
      const spot = this.map.latLngToContainerPoint(this.latLng(blob, at));
      return spot.x >= left && spot.x <= right && spot.y >= top && spot.y <= bottom;
    });
  }

  linkAt(spot) {
    if (!spot || !this.lines?.length) return null;
    const shift = this.map.getSize().multiplyBy(PAD);
    const [x, y] = [spot.x + shift.x, spot.y + shift.y];
    return this.lines.find(({ ends }) => units.distance(ends, x, y) < 6)?.link ?? null;
  }

  // What the hint says of a community: with units, the unit comes first.
  wordsOf(at) {
    const name = this.layers.communities.names[at] || this.data.texts.unnamed;
    const unit = this.style?.units ? this.style.unit[at] : -1;
    if (unit < 0) return [name, this.style?.notes?.[at] ?? ""];
    return [`${this.style.units.names[unit]} · ${name}`, this.style.units.notes[unit]];
  }

  // The point below the pointer: its layer and its place there.
  dot(point) {
    const { category } = this.data;
    const near = [];
    if (category || this.map.getZoom() >= 15.5) near.push(["facilities", (blob, at) => !category || blob.codes[at] === category]);
    near.push(["findings", () => true]);
    for (const [name, wanted] of near) {
      const blob = this.layers?.[name];
      if (!blob || !point || !this.shown(name)) continue;
      for (let at = 0; at < blob.ids.length; at += 1) {
        if (!wanted(blob, at)) continue;
        const spot = this.map.latLngToContainerPoint(this.latLng(blob, at));
        if (Math.abs(spot.x - point.x) < 7 && Math.abs(spot.y - point.y) < 7) return [blob, at];
      }
    }
    return null;
  }

  hover(point) {
    const blob = this.layers?.communities;
    if (!blob || this.chooser?.from) return;
    const at = this.hit(point);
    const over = at === null ? null : blob.ids[at];
    if (over !== this.over) {
      this.over = over;
      if (this.view) this.drawTop();
      linked.point(this);
    }
    const link = this.linkAt(point);
    const spot = this.dot(point);
    const extra = point && this.extra?.hover?.(point);
    this.pane.style.cursor = over === null && !extra ? "" : "pointer";
    if (extra) this.tell(point, ...extra);
    else if (link) this.tell(point, this.linkTitle(link), link.note);
    else if (spot) this.tell(point, spot[0].names[spot[1]] || this.data.texts.unnamed, spot[0].notes?.[spot[1]] ?? "");
    else if (at !== null) this.tell(point, ...this.wordsOf(at));
    else this.hint.style.display = "none";
  }

  linkTitle(link) {
    const blob = this.layers.communities;
    return [link.a, link.b].map((id) => blob.names[blob.position.get(id)] || id).join(" — ");
  }

  tell(point, title, note) {
    this.hint.replaceChildren(el("b", "", title));
    if (note) this.hint.append(el("span", "", note));
    this.hint.style.display = "block";
    const size = this.map.getSize();
    const right = point.x > size.x - 250;
    this.hint.style.left = right ? "" : `${point.x + 14}px`;
    this.hint.style.right = right ? `${size.x - point.x + 14}px` : "";
    this.hint.style.top = `${Math.min(point.y + 12, size.y - 64)}px`;
  }

  click(point) {
    if (this.extra?.click?.(point)) return;
    const at = this.hit(point);
    if (at === null) return;
    const id = this.layers.communities.ids[at];
    if (this.data.multi) {
      this.chooser.toggle(id);
      return;
    }
    this.selected = id === this.selected ? null : id;
    this.drawTop();
    if (this.chooser) {
      this.chooser.send({ kind: "select", id: this.selected });
      return;
    }
    this.report({ kind: "select", id: this.selected });
  }

  report(event) {
    memory.clicks = (memory.clicks ?? 0) + 1;
    this.send({ ...event, n: memory.clicks });
  }

  furnish() {
    const { data } = this;
    this.legend.replaceChildren(...legendRows(data.legend));
    this.legend.style.display = data.legend ? "" : "none";
    this.credit.textContent = data.credit ?? "";
    this.switches.replaceChildren(zooms(this), layerList(this));
  }
}

// Leaflet is a plain script; it is loaded once for the page.
export function prepare(address) {
  memory.leaflet ??= new Promise((resolve, reject) => {
    const sheet = el("link");
    sheet.rel = "stylesheet";
    sheet.href = `${address}leaflet.css`;
    const script = el("script");
    script.src = `${address}leaflet.js`;
    script.onload = () => resolve(window.L);
    script.onerror = reject;
    document.head.append(sheet, script);
  });
  return memory.leaflet;
}

export default function map({ data, parentElement, setTriggerValue }, library) {
  const host = root(parentElement, "pq-map");
  host.board ??= new Board(host, library);
  host.board.receive(data, (event) => setTriggerValue("event", event));
  return () => {
    host.board.close();
    host.remove();
  };
}
