// Leaflet's plane at zoom 0: a world 256 wide.
export const project = (lon, lat) => {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [((lon + 180) / 360) * 256, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 256];
};

// Whether a point lies in a shape with its holes.
export function inside(blob, at, where) {
  const { world, rings, shapes } = blob;
  let odd = false;
  for (let ring = shapes[at]; ring < shapes[at + 1]; ring += 1) {
    for (let v = rings[ring], last = rings[ring + 1] - 1; v < rings[ring + 1]; last = v, v += 1) {
      const y = world[2 * v + 1];
      const lastY = world[2 * last + 1];
      if (y > where.y === lastY > where.y) continue;
      const x = world[2 * v];
      if (where.x < ((world[2 * last] - x) * (where.y - y)) / (lastY - y) + x) odd = !odd;
    }
  }
  return odd;
}
