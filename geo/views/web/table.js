// A sortable table of any length: only the rows in sight are elements. Rows come
// from the browser's memory; a click is told to Python, a selection comes from it.
import { el, fill, find, memory, paint, root, whenKept } from "./dom.js";

const ROW = 30;
const SPARE = 6;

class Table {
  constructor(host) {
    this.host = host;
    this.bar = el("div", "pq-table-bar");
    this.title = el("span", "pq-table-title");
    this.search = el("input", "pq-search");
    this.search.type = "search";
    this.bar.append(this.title, this.search);
    this.body = el("div", "pq-table-body");
    this.body.tabIndex = 0;
    this.head = el("div", "pq-table-head");
    this.head.setAttribute("role", "row");
    this.room = el("div", "pq-table-room");
    this.empty = el("div", "pq-table-empty");
    this.body.append(this.head, this.room, this.empty);
    this.body.setAttribute("role", "grid");
    host.append(this.bar, this.body);
    this.body.onscroll = () => this.draw();
    this.body.onkeydown = (event) => this.key(event);
    this.search.oninput = () => this.arrange();
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
    this.search.placeholder = data.texts.search;
    this.search.setAttribute("aria-label", data.texts.search);
    whenKept(this, [data.rows], () => {
      this.rows = find(data.rows).value;
      if (fresh) this.arrange();
      if (fresh || moved) this.reveal();
      this.draw();
      this.host.dataset.ready = "yes";
    });
  }

  sort() {
    return memory.sorts.get(this.data.key) ?? this.data.sort;
  }

  arrange() {
    const { ids, columns } = this.rows;
    const wanted = this.search.value.trim().toLowerCase();
    const texts = this.data.columns.filter((c) => c.kind === "text").map((c) => columns[c.name]);
    this.order = [...ids.keys()].filter((at) => !wanted || texts.some((t) => String(t[at] ?? "").toLowerCase().includes(wanted)));
    const [name, direction] = this.sort() ?? [];
    if (name) {
      const values = columns[`${name}_sort`] ?? columns[name];
      const compare = new Intl.Collator(this.data.lang === "zh" ? "zh-CN" : "en", { numeric: true }).compare;
      this.order.sort((a, b) => {
        const [x, y] = [values[a], values[b]];
        if (x === null || y === null) return (x === null) - (y === null) || a - b;
        const found = typeof x === "number" ? x - y : compare(x, y);
        return (direction === "down" ? -found : found) || a - b;
      });
    }
    this.headings();
    this.draw();
  }

  headings() {
    const [sorted, direction] = this.sort() ?? [];
    const grid = this.data.columns.map((c) => c.width ?? "1fr").join(" ");
    this.host.style.setProperty("--pq-columns", grid);
    this.head.replaceChildren(...this.data.columns.map((column) => {
      const made = el("button", `pq-th pq-${column.kind}`, column.label);
      made.type = "button";
      if (column.name === sorted) made.append(el("i", "", direction === "down" ? " ▾" : " ▴"));
      made.title = this.data.texts.sort;
      made.onclick = () => {
        const first = column.kind === "text" ? "up" : "down";
        const other = first === "up" ? "down" : "up";
        memory.sorts.set(this.data.key, [column.name, column.name === sorted && direction === first ? other : first]);
        this.arrange();
      };
      return made;
    }));
    this.title.textContent = fill(this.data.title, { shown: this.order.length.toLocaleString("en-US"), all: this.rows.ids.length.toLocaleString("en-US") });
    this.empty.textContent = this.order.length ? "" : this.data.texts.empty;
  }

  reveal() {
    const at = this.order?.findIndex((row) => this.rows.ids[row] === this.data.selected) ?? -1;
    if (at < 0) return;
    const top = at * ROW;
    const inner = this.body.clientHeight - ROW;
    if (top < this.body.scrollTop || top > this.body.scrollTop + inner - ROW) {
      this.body.scrollTop = Math.max(0, top - inner / 2);
    }
  }

  draw() {
    if (!this.order) return;
    this.room.style.height = `${this.order.length * ROW}px`;
    const from = Math.max(0, Math.floor(this.body.scrollTop / ROW) - SPARE);
    const to = Math.min(this.order.length, from + Math.ceil(this.data.height / ROW) + 2 * SPARE);
    const rows = [];
    for (let at = from; at < to; at += 1) rows.push(this.row(at));
    this.room.replaceChildren(...rows);
  }

  row(at) {
    const id = this.rows.ids[this.order[at]];
    const line = el("div", "pq-tr");
    line.setAttribute("role", "row");
    line.style.transform = `translateY(${at * ROW}px)`;
    line.dataset.id = id;
    if (id === this.data.selected) line.classList.add("pq-chosen");
    for (const column of this.data.columns) line.append(this.cell(column, this.order[at]));
    line.onclick = () => this.choose(id);
    return line;
  }

  cell(column, row) {
    const value = this.rows.columns[column.name][row];
    const made = el("div", `pq-td pq-${column.kind}`);
    if (value === null || value === "") {
      made.textContent = column.missing ?? "—";
      made.classList.add("pq-none");
    } else if (column.kind === "class") {
      const look = this.data.classes[value];
      made.append(paint(el("i", "pq-swatch"), look), el("span", "pq-sign", look.sign ?? ""), el("span", "", look.label));
    } else if (column.kind === "stack") {
      made.classList.add("pq-stack-cell");
      made.append(this.stack(column, value));
    } else if (column.kind === "number") {
      const number = Number(value).toLocaleString("en-US", { minimumFractionDigits: column.digits ?? 0, maximumFractionDigits: column.digits ?? 0 });
      made.textContent = column.unit ? fill(column.unit, { value: number }) : number;
    } else {
      made.textContent = value;
      made.title = value;
    }
    return made;
  }

  // Parts of a whole side by side, as wide as their shares of it.
  stack(column, parts) {
    const track = el("span", "pq-track pq-stack");
    parts.forEach((part, at) => {
      if (!part) return;
      const piece = paint(el("i", ""), { ...column.parts[at], outline: "none" });
      piece.style.width = `${100 * part / column.whole}%`;
      piece.title = `${column.parts[at].label} ${part.toLocaleString("en-US", { maximumFractionDigits: 1 })}`;
      track.append(piece);
    });
    return track;
  }

  choose(id) {
    this.told = id;
    this.data = { ...this.data, selected: id };
    this.draw();
    memory.clicks = (memory.clicks ?? 0) + 1;
    this.send({ kind: "row", id, n: memory.clicks });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !this.order?.length) return;
    event.preventDefault();
    const now = this.order.findIndex((row) => this.rows.ids[row] === this.data.selected);
    const next = Math.min(this.order.length - 1, Math.max(0, now + step));
    this.choose(this.rows.ids[this.order[next]]);
    this.reveal();
  }
}

export default function table({ data, parentElement, setTriggerValue }) {
  const host = root(parentElement, "pq-table");
  host.table ??= new Table(host);
  host.table.receive(data, (event) => setTriggerValue("event", event));
  return () => {
    host.table.close();
    host.remove();
  };
}
