// Takes geometry and tables once and keeps them in the browser under their key;
// the map and the tables then only receive styles and selections.
import { keep, memory } from "./dom.js";

const WORLD = 256;

function unpack(bytes) {
  // a copy, because the section must start at a multiple of four
  const whole = bytes.slice().buffer;
  const length = new DataView(whole).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, length)));
  const start = 4 + length + ((4 - (length % 4)) % 4);
  const sections = {};
  for (const [name, [from, count]] of Object.entries(head.sections ?? {})) {
    sections[name] = new Int32Array(whole, start + 4 * from, count);
  }
  return { ...head, ...sections };
}

// Microdegrees to Leaflet's plane at zoom 0 (a world 256 wide).
function toWorld(microdegrees) {
  const world = new Float64Array(microdegrees.length);
  for (let i = 0; i < microdegrees.length; i += 2) {
    const lat = (microdegrees[i + 1] / 1e6) * (Math.PI / 180);
    world[i] = (microdegrees[i] / 1e6 + 180) / 360 * WORLD;
    world[i + 1] = (0.5 - Math.log(Math.tan(Math.PI / 4 + lat / 2)) / (2 * Math.PI)) * WORLD;
  }
  return world;
}

function boxes(shapes, rings, world) {
  const found = new Float64Array(4 * (shapes.length - 1));
  for (let s = 0; s + 1 < shapes.length; s += 1) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let v = rings[shapes[s]]; v < rings[shapes[s + 1]]; v += 1) {
      box[0] = Math.min(box[0], world[2 * v]);
      box[1] = Math.min(box[1], world[2 * v + 1]);
      box[2] = Math.max(box[2], world[2 * v]);
      box[3] = Math.max(box[3], world[2 * v + 1]);
    }
    found.set(box, 4 * s);
  }
  return found;
}

function ready(blob) {
  if (blob.kind !== "shapes") return blob;
  const world = toWorld(blob.xy);
  return {
    ...blob,
    xy: null,
    world,
    boxes: boxes(blob.shapes, blob.rings, world),
    anchors: toWorld(blob.anchors),
    position: new Map(blob.ids.map((id, at) => [id, at])),
  };
}

export default function store({ data }) {
  if (!data || !data.length) return;
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const head = new TextDecoder().decode(data.subarray(4, 4 + Math.min(length, 200)));
  const key = /"key":\s*"([^"]+)"/.exec(head)?.[1];
  if (key && memory.blobs.has(key)) return;
  keep(ready(unpack(data)));
}
