// The plan by years: one row per unit, its bar in its year, what its networks leave it,
// and above them the funds of each year. A click selects a unit; a bar that is dragged
// to another year asks for it to be pinned there. Words and numbers come from Python.
import { el, find, memory, paint, root, whenKept } from "./dom.js";

const ROW = 30;
const SPARE = 8;
const FAR = 6;

class Gantt {
  constructor(host) {
    this.host = host;
    this.bar = el("div", "pq-table-bar");
    this.title = el("span", "pq-table-title");
    this.legend = el("span", "pq-matrix-legend");
    this.bar.append(this.title, this.legend);
    this.body = el("div", "pq-table-body pq-gantt-body");
    this.body.tabIndex = 0;
    this.body.setAttribute("role", "grid");
    this.head = el("div", "pq-gantt-head");
    this.room = el("div", "pq-table-room");
    this.empty = el("div", "pq-table-empty");
    this.body.append(this.head, this.room, this.empty);
    host.append(this.bar, this.body);
    this.body.onscroll = () => this.draw();
    this.body.onkeydown = (event) => this.key(event);
  }

  close() {
    if (this.waits) memory.waiting.delete(this.waits);
  }

  receive(data, send) {
    const fresh = this.data?.rows !== data.rows;
    const moved = this.data?.selected !== data.selected && this.told !== data.selected;
    this.data = data;
    this.send = send;
    this.body.style.height = `${data.height}px`;
    this.body.setAttribute("aria-label", data.texts.keys);
    this.host.classList.toggle("pq-stale", Boolean(data.stale));
    whenKept(this, [data.rows], () => {
      this.value = find(data.rows).value;
      this.furnish();
      if (fresh || moved) this.reveal();
      this.draw();
      this.host.dataset.ready = "yes";
    });
  }

  furnish() {
    const { years, looks, rows } = this.value;
    this.title.textContent = this.data.title;
    this.legend.replaceChildren(...looks.filter((look) => look.label).map((look) => {
      const one = el("span", "pq-matrix-key");
      one.append(paint(el("i", "pq-swatch"), look), el("span", "", look.label));
      return one;
    }));
    this.legend.append(...this.data.keys.map((key) => {
      const one = el("span", "pq-matrix-key");
      one.append(key.mark ? el("i", `pq-swatch pq-${key.mark}`) : el("span", "pq-gantt-mark", key.text), el("span", "", key.label));
      return one;
    }));
    this.host.style.setProperty("--pq-years", years.length);
    const cells = years.map((year, at) => this.heading(year, looks[at]));
    this.head.replaceChildren(el("div", "pq-gantt-name pq-note", this.data.texts.unit), ...cells, el("div", "pq-gantt-why pq-note", this.data.texts.note));
    this.empty.textContent = rows.length ? "" : this.data.texts.empty;
  }

  // Funds and places of one year: what is used, of what there is.
  heading(year, look) {
    const made = el("div", `pq-gantt-year${year.over ? " pq-over" : ""}`);
    made.title = year.title;
    const line = el("div", "pq-gantt-line");
    line.append(el("b", "", year.label), el("span", "pq-note", year.projects));
    const track = el("span", "pq-track");
    if (year.share !== null) {
      const fill = paint(el("i", "pq-fill"), { ...look, outline: "none" });
      fill.style.width = `${Math.min(100, 100 * year.share)}%`;
      track.append(fill);
      if (year.limit !== null) {
        const limit = el("i", "pq-limit");
        limit.style.left = `${Math.min(99.5, 100 * year.limit)}%`;
        track.append(limit);
      }
    }
    made.append(line, track, el("div", "pq-gantt-funds", year.funds));
    return made;
  }

  reveal() {
    const at = this.value.rows.findIndex((row) => row.id === this.data.selected);
    if (at < 0) return;
    const top = at * ROW;
    const inner = this.body.clientHeight - this.head.offsetHeight;
    if (top < this.body.scrollTop || top > this.body.scrollTop + inner - ROW) {
      this.body.scrollTop = Math.max(0, top - inner / 2);
    }
  }

  draw() {
    if (!this.value || this.held) return;
    const { rows } = this.value;
    this.room.style.height = `${rows.length * ROW}px`;
    const from = Math.max(0, Math.floor(this.body.scrollTop / ROW) - SPARE);
    const to = Math.min(rows.length, from + Math.ceil(this.data.height / ROW) + 2 * SPARE);
    const made = [];
    for (let at = from; at < to; at += 1) made.push(this.row(rows[at], at));
    this.room.replaceChildren(...made);
  }

  row(row, at) {
    const { years, looks } = this.value;
    const line = el("div", "pq-tr pq-gantt-row");
    line.setAttribute("role", "row");
    line.style.transform = `translateY(${at * ROW}px)`;
    line.dataset.id = row.id;
    if (row.id === this.data.selected) line.classList.add("pq-chosen");
    if (row.year < 0) line.classList.add("pq-left");
    const name = el("div", "pq-gantt-name");
    name.append(el("span", "pq-rank", row.rank), el("b", "", row.name), el("span", "pq-note", row.size));
    name.title = row.members;
    line.append(name);
    years.forEach((year, place) => {
      const cell = el("div", "pq-gantt-cell");
      if (!row.allowed[place]) {
        cell.classList.add("pq-shut");
        cell.title = this.data.texts.shut;
      }
      if (row.year === place) cell.append(this.piece(row, place, looks[place]));
      for (const mark of row.marks.filter((one) => one.at === place)) {
        const made = el("span", "pq-gantt-mark", mark.text);
        made.title = mark.title;
        cell.append(made);
      }
      line.append(cell);
    });
    const why = el("div", "pq-gantt-why", row.why);
    why.title = row.why;
    line.append(why);
    line.onclick = () => this.choose(row.id);
    return line;
  }

  // The bar of a unit in its year; it can be dragged to another.
  piece(row, place, look) {
    const made = paint(el("div", `pq-gantt-bar${row.pinned ? " pq-pinned" : ""}${row.broken ? " pq-broken" : ""}`), { ...look, outline: "solid" });
    made.style.color = look.ink;
    made.textContent = `${row.pinned ? "◆ " : ""}${row.label}`;
    made.title = row.title;
    if (!this.data.movable) return made;
    made.onpointerdown = (event) => {
      if (event.button) return;
      made.setPointerCapture(event.pointerId);
      this.held = { x: event.clientX, place, line: made.parentElement.parentElement };
    };
    made.onpointermove = (event) => this.drag(event, made);
    made.onpointerup = (event) => this.drop(event, row, made);
    made.onpointercancel = () => this.let(made);
    return made;
  }

  cellAt(event) {
    const cells = [...this.held.line.querySelectorAll(".pq-gantt-cell")];
    return cells.findIndex((cell) => {
      const box = cell.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX < box.right;
    });
  }

  drag(event, made) {
    if (!this.held) return;
    const by = event.clientX - this.held.x;
    if (!this.held.moved && Math.abs(by) < FAR) return;
    this.held.moved = true;
    made.style.transform = `translateX(${by}px)`;
    made.classList.add("pq-dragged");
    const over = this.cellAt(event);
    this.held.line.querySelectorAll(".pq-gantt-cell").forEach((cell, at) => cell.classList.toggle("pq-aim", at === over));
  }

  drop(event, row, made) {
    if (!this.held) return;
    const { moved, place } = this.held;
    const over = moved ? this.cellAt(event) : -1;
    this.let(made);
    if (!moved) return;
    // what ends a drag is no click on the row
    made.parentElement?.addEventListener("click", (click) => click.stopPropagation(), { once: true, capture: true });
    if (over >= 0 && over !== place) this.tell({ kind: "pin", id: row.id, year: this.value.years[over].year });
    else this.draw();
  }

  let(made) {
    this.held = null;
    made.style.transform = "";
    made.classList.remove("pq-dragged");
    this.room.querySelectorAll(".pq-aim").forEach((cell) => cell.classList.remove("pq-aim"));
  }

  choose(id) {
    this.told = id;
    this.data = { ...this.data, selected: id };
    this.draw();
    this.tell({ kind: "unit", id });
  }

  tell(event) {
    memory.clicks = (memory.clicks ?? 0) + 1;
    this.send({ ...event, n: memory.clicks });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = this.value?.rows;
    if (!step || !rows?.length) return;
    event.preventDefault();
    const now = rows.findIndex((row) => row.id === this.data.selected);
    this.choose(rows[Math.min(rows.length - 1, Math.max(0, now + step))].id);
    this.reveal();
  }
}

export default function gantt({ data, parentElement, setTriggerValue }) {
  const host = root(parentElement, "pq-gantt");
  host.gantt ??= new Gantt(host);
  host.gantt.receive(data, (event) => setTriggerValue("event", event));
  return () => {
    host.gantt.close();
    host.remove();
  };
}
