// Maps with the same word in `link` move together and share the pointer.
import { memory } from "./dom.js";

function others(board) {
  const name = board.data?.link;
  if (!name || board.following || board.settling) return [];
  return [...memory.maps.values()].filter((one) => one !== board && one.data?.link === name && one.map.getSize().x);
}

function lead(other, move) {
  other.following = true;
  move(other.map);
  other.following = false;
}

export function join(board) {
  const { map } = board;
  map.on("move", () => {
    if (map._animatingZoom) return; // the others run their own animation
    for (const other of others(board)) {
      lead(other, (its) => {
        if (its.getZoom() !== map.getZoom()) {
          its.setView(map.getCenter(), map.getZoom(), { animate: false });
          return;
        }
        const shift = its.project(map.getCenter()).subtract(its.project(its.getCenter())).round();
        if (!shift.x && !shift.y) return;
        its._rawPanBy(shift);
        its.fire("move");
      });
    }
  });
  map.on("zoomanim", (event) => {
    if (event.noUpdate) return;
    for (const other of others(board)) lead(other, (its) => its.setView(event.center, event.zoom, { animate: true }));
  });
  map.on("moveend", () => {
    for (const other of others(board)) {
      lead(other, (its) => {
        const near = its.latLngToContainerPoint(map.getCenter()).distanceTo(its.getSize().divideBy(2)) < 1;
        if (its._animatingZoom) return;
        if (near && its.getZoom() === map.getZoom()) its.fire("moveend");
        else its.setView(map.getCenter(), map.getZoom(), { animate: false });
      });
    }
  });
}

export function point(board) {
  for (const other of others(board)) {
    if (other.over === board.over) continue;
    other.over = board.over;
    if (other.view) other.drawTop();
  }
}
