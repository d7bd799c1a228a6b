// Shared by the app's own components: the browser's memory, and elements whose
// words are set by textContent only, because names out of files are hostile input.

export const memory = (window.__pianqu ??= {
  blobs: new Map(),
  waiting: new Set(),
  views: new Map(),
  applied: new Map(),
  layers: new Map(),
  sorts: new Map(),
  maps: new Map(),
});

const MOST_BLOBS = 40;

export function el(tag, name = "", text = null) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== null && text !== undefined) made.textContent = text;
  return made;
}

export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

// A root of our own inside the component's element; it outlives reruns.
export function root(parent, name) {
  let made = parent.querySelector(`:scope > .${name}`);
  if (!made) {
    made = el("div", `pq ${name}`);
    parent.appendChild(made);
  }
  return made;
}

export function keep(blob) {
  memory.blobs.delete(blob.key);
  memory.blobs.set(blob.key, blob);
  while (memory.blobs.size > MOST_BLOBS) {
    memory.blobs.delete(memory.blobs.keys().next().value);
  }
  for (const told of [...memory.waiting]) told();
}

export function find(key) {
  const blob = memory.blobs.get(key);
  if (blob) {
    // the most recently used stay
    memory.blobs.delete(key);
    memory.blobs.set(key, blob);
  }
  return blob;
}

// Calls `then` once all keys are there, now or when the last one arrives.
export function whenKept(owner, keys, then) {
  if (owner.waits) memory.waiting.delete(owner.waits);
  owner.waits = null;
  const missing = () => keys.some((key) => !memory.blobs.has(key));
  if (!missing()) {
    then();
    return;
  }
  owner.waits = () => {
    if (missing()) return;
    memory.waiting.delete(owner.waits);
    owner.waits = null;
    then();
  };
  memory.waiting.add(owner.waits);
}

// Fill, hatching and outline of one class, for swatches outside the canvas.
export function paint(swatch, look) {
  swatch.style.backgroundColor = look.fill ?? "transparent";
  if (look.hatch) {
    swatch.style.backgroundImage = `repeating-linear-gradient(45deg, ${look.hatch} 0 1px, transparent 1px 4px)`;
  }
  if (look.fills) {
    const part = 100 / look.fills.length;
    const stops = look.fills.map((fill, at) => `${fill} ${at * part}% ${(at + 1) * part}%`);
    swatch.style.backgroundImage = `linear-gradient(90deg, ${stops.join(", ")})`;
    swatch.style.width = `${Math.max(14, 8 * look.fills.length)}px`;
  }
  if (look.mark) swatch.classList.add(`pq-mark-${look.mark}`);
  swatch.style.borderStyle = look.outline ?? "solid";
  if (look.stroke) swatch.style.borderColor = look.stroke;
  return swatch;
}
