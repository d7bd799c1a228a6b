// Picking several communities (click, box, Esc), undo and redo by keys, and the bar
// on the map that tells what is picked. The browser shows a pick at once; Python
// gets the whole selection, and what it has not answered yet is sent again.
import { el, fill, memory } from "./dom.js";

const BOX_LEAST = 4;
const OPEN = '[data-testid="stPopoverBody"], [role="dialog"], [role="listbox"]';

function typing(event) {
  const field = event.composedPath?.()[0] ?? event.target;
  if (!(field instanceof Element)) return false;
  if (field.closest("[contenteditable=''], [contenteditable=true], textarea, select")) return true;
  const input = field.closest("input");
  return Boolean(input) && !["checkbox", "radio", "button", "range"].includes(input.type);
}

export class Chooser {
  constructor(board) {
    this.board = board;
    this.picked = new Set();
    this.waiting = [];
    this.sent = 0;
    this.bar = el("div", "pq-tools");
    this.frame = el("div", "pq-box");
    board.host.append(this.bar, this.frame);
    const { host } = board;
    host.addEventListener("pointerdown", (event) => this.press(event), true);
    for (const name of ["mousedown", "touchstart"]) {
      // Leaflet must not drag the map while a box is drawn
      host.addEventListener(name, (event) => this.from && event.stopPropagation(), true);
    }
    host.addEventListener("click", (event) => this.swallow(event), true);
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
  }

  close() {
    document.removeEventListener("keydown", this.onKey);
  }

  receive(data) {
    this.data = data;
    const seen = data.seen ?? 0;
    this.waiting = this.waiting.filter((event) => event.n > seen);
    // what the user did meanwhile counts more than an answer to what was before
    if (!this.waiting.length) this.picked = new Set(data.selection ?? []);
    if (!data.multi) this.boxing = false;
    const doubles = this.board.map.doubleClickZoom;
    if (data.multi) doubles.disable();
    else doubles.enable();
    this.furnish();
  }

  send(event) {
    memory.clicks = (memory.clicks ?? 0) + 1;
    const told = { ...event, n: memory.clicks };
    // of several selections only the last one counts
    const earlier = this.waiting.filter((one) => one.kind !== "selection");
    this.waiting = [...earlier, told];
    this.board.send({ ...told, earlier });
  }

  toggle(id) {
    if (this.picked.has(id)) this.picked.delete(id);
    else this.picked.add(id);
    this.changed();
  }

  clear() {
    if (!this.picked.size) return;
    this.picked.clear();
    this.changed();
  }

  changed() {
    this.board.drawTop();
    this.count();
    this.send({ kind: "selection", ids: [...this.picked] });
  }

  // What is picked now, with what the box being drawn holds.
  shown() {
    if (!this.inBox) return this.picked;
    const found = new Set(this.picked);
    for (const id of this.inBox) {
      if (this.away) found.delete(id);
      else found.add(id);
    }
    return found;
  }

  press(event) {
    const { board } = this;
    if (!this.data?.multi || event.button !== 0 || !(event.shiftKey || this.boxing)) return;
    if (!board.pane.contains(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    this.from = this.spot(event);
    board.hint.style.display = "none";
    const move = (next) => this.stretch(next);
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

  spot(event) {
    const box = this.board.pane.getBoundingClientRect();
    return [
      Math.min(box.width, Math.max(0, event.clientX - box.left)),
      Math.min(box.height, Math.max(0, event.clientY - box.top)),
    ];
  }

  stretch(event) {
    const [x, y] = this.from;
    const [u, v] = this.spot(event);
    const box = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
    if (!this.inBox && box[2] - box[0] < BOX_LEAST && box[3] - box[1] < BOX_LEAST) return;
    this.away = event.altKey;
    this.inBox = this.board.within(box);
    Object.assign(this.frame.style, {
      display: "block", left: `${box[0]}px`, top: `${box[1]}px`,
      width: `${box[2] - box[0]}px`, height: `${box[3] - box[1]}px`,
    });
    this.board.drawTop();
    this.count();
  }

  release(event) {
    const drawn = this.inBox;
    const picked = this.shown();
    this.from = null;
    this.inBox = null;
    this.frame.style.display = "none";
    if (!drawn) return; // a click with Shift: it toggles
    this.skip = true;
    setTimeout(() => { this.skip = false; }, 0);
    this.box(false);
    if (event.type === "pointercancel" || !drawn.length) {
      this.board.drawTop();
      this.count();
      return;
    }
    this.picked = picked;
    this.changed();
  }

  // The click with which a box ends is no click on a community.
  swallow(event) {
    if (!this.skip) return;
    this.skip = false;
    event.stopPropagation();
    event.preventDefault();
  }

  key(event) {
    if (!this.board.host.isConnected) {
      this.close();
      return;
    }
    if (event.defaultPrevented || typing(event)) return;
    if (event.key === "Escape" && this.data?.multi) {
      // Esc closes what lies above the map first
      if (document.querySelector(OPEN)) return;
      if (this.boxing) this.box(false);
      else this.clear();
      return;
    }
    if (!this.data?.keys || event.altKey || !(event.ctrlKey || event.metaKey)) return;
    const key = event.key.toLowerCase();
    const kind = { z: event.shiftKey ? "redo" : "undo", y: "redo" }[key];
    if (!kind) return;
    event.preventDefault();
    this.send({ kind });
  }

  box(on) {
    this.boxing = on;
    this.board.pane.classList.toggle("pq-boxing", on);
    this.boxButton?.classList.toggle("pq-on", on);
    this.boxButton?.setAttribute("aria-pressed", String(on));
  }

  furnish() {
    const { data } = this;
    const parts = [];
    if (data.title) parts.push(el("b", "pq-map-title", data.title));
    if (data.multi) {
      const { texts } = data;
      this.boxButton = this.button(`▭ ${texts.box}`, texts.box_title, () => this.box(!this.boxing));
      this.words = el("span", "pq-picked");
      this.words.setAttribute("aria-live", "polite");
      this.acts = data.actions.map((action) => {
        const made = this.button(action.label, action.disabled || action.title || "", () => {
          this.send({ kind: "action", id: action.id, ids: [...this.picked] });
        });
        made.classList.add("pq-do");
        made.action = action;
        return made;
      });
      this.clearing = this.button("✕", texts.clear_title, () => this.clear());
      parts.push(this.boxButton, this.words, ...this.acts, this.clearing);
    }
    this.bar.replaceChildren(...parts);
    this.bar.style.display = parts.length ? "" : "none";
    if (!data.multi) return;
    this.box(Boolean(this.boxing));
    this.count();
  }

  button(label, title, act) {
    const made = el("button", "", label);
    made.type = "button";
    made.title = title;
    if (label === "✕") made.setAttribute("aria-label", title);
    made.onclick = act;
    return made;
  }

  // Says how many are picked, and shows the buttons that fit them.
  count() {
    const { data, board } = this;
    if (!data?.multi || !this.words) return;
    const { texts } = data;
    const picked = this.shown();
    const blob = board.layers?.communities;
    let sum = 0;
    let unknown = 0;
    for (const id of picked) {
      const one = board.style?.households?.[blob?.position.get(id)];
      if (one === null || one === undefined) unknown += 1;
      else sum += one;
    }
    const key = { 0: "households", [picked.size]: "households_none" }[unknown] ?? "households_least";
    const households = fill(texts[key], { value: sum.toLocaleString("en-US") });
    this.words.textContent = picked.size ? fill(texts.picked, { count: picked.size.toLocaleString("en-US"), households }) : texts.none;
    this.words.classList.toggle("pq-none", !picked.size);
    for (const button of this.acts) {
      const { least = 1, most = Infinity, disabled } = button.action;
      button.style.display = picked.size ? "" : "none";
      button.disabled = Boolean(disabled) || picked.size < least || picked.size > most;
    }
    this.clearing.style.display = picked.size ? "" : "none";
  }
}
