// Small marks with a sign or a number on the map, and where they are for the pointer.
import { stroke } from "./draw.js";
import { project } from "./plane.js";

const FONT = '"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif';
const HIGH = 20;
const PAD = 0.25;

// A place on the canvas from longitude and latitude.
export function spotOf({ view }, [lon, lat]) {
  const [x, y] = project(lon, lat);
  return [x * view.scale - view.x, y * view.scale - view.y];
}

// A point of the pane on the canvas, which is larger on all sides.
export function canvasSpot(board, pane) {
  const shift = board.map.getSize().multiplyBy(PAD);
  return [pane.x + shift.x, pane.y + shift.y];
}

export function paneSpot(board, event) {
  const box = board.pane.getBoundingClientRect();
  return board.L.point(event.clientX - box.left, event.clientY - box.top);
}

// Draws a tag around a point; returns the box it takes.
export function drawTag(context, x, y, text, { fill, ring = "#FFFFFF", ink = "#FFFFFF", bold = false, size = 12 }) {
  context.font = `600 ${size}px ${FONT}`;
  const high = HIGH - 12 + size;
  const width = Math.max(high, context.measureText(text).width + 10);
  const place = [x - width / 2, y - high / 2, x + width / 2, y + high / 2];
  const shape = (grow) => {
    context.beginPath();
    context.roundRect(place[0] - grow, place[1] - grow, width + 2 * grow, high + 2 * grow, high / 2);
  };
  if (bold) {
    shape(2.5);
    stroke(context, "#FFFFFF", 4);
    shape(2.5);
    stroke(context, ring, 2.2);
  }
  shape(0);
  context.fillStyle = fill;
  context.fill();
  stroke(context, bold ? "#FFFFFF" : ring, 1.5);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = ink;
  context.fillText(text, x, y + 0.5);
  return place;
}

export function apart(one, other) {
  return one[0] >= other[2] || other[0] >= one[2] || one[1] >= other[3] || other[1] >= one[3];
}
