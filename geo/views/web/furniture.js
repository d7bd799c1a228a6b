// What stands around the map: legend, zoom buttons, list of layers.
import { el, memory, paint } from "./dom.js";

export function legendRows(legend) {
  if (!legend) return [];
  const rows = legend.rows.map((row) => {
    const line = el("div", "pq-legend-row");
    line.append(paint(el("i", "pq-swatch"), row.look));
    if (row.look.sign) line.append(el("span", "pq-sign", row.look.sign));
    line.append(el("span", "", row.label));
    if (row.count !== undefined) line.append(el("span", "pq-count", row.count));
    return line;
  });
  return [el("div", "pq-legend-title", legend.title), ...rows];
}

export function zooms(board) {
  const box = el("div", "pq-zooms");
  const { texts } = board.data;
  const button = (sign, title, act) => {
    const made = el("button", "", sign);
    made.type = "button";
    made.title = title;
    made.setAttribute("aria-label", title);
    made.onclick = act;
    box.append(made);
  };
  button("＋", texts.zoom_in, () => board.map.zoomIn());
  button("－", texts.zoom_out, () => board.map.zoomOut());
  button("⌂", texts.whole, () => board.goHome());
  return box;
}

export function layerList(board) {
  const list = el("details", "pq-layers");
  list.open = Boolean(memory.layersOpen);
  list.ontoggle = () => { memory.layersOpen = list.open; };
  list.append(el("summary", "", board.data.texts.layers));
  for (const [name, label] of board.data.switches) {
    const line = el("label");
    const box = el("input");
    box.type = "checkbox";
    box.checked = board.shown(name);
    box.onchange = () => {
      const { place } = board.data;
      memory.layers.set(place, { ...memory.layers.get(place), [name]: box.checked });
      board.redraw();
    };
    line.append(box, el("span", "", label));
    list.append(line);
  }
  return list;
}
