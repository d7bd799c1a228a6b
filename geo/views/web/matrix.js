// A matrix of signs, communities by clauses: one canvas shows what is in sight, so
// that a thousand rows scroll as ten do. The content comes from the browser's memory;
// a click on a cell, a row or a column is told to Python, the selection comes back.
import { el, fill, find, memory, root, whenKept } from "./dom.js";

const ROW = 26;
const BAND = 22;
const NAME = 206;
const COUNTS = 62;
const LEAST = 30;
const MOST = 84;
const FONT = '"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif';
const INK = "#1F2933";
const SOFT = "#5F6B76";
const LINE = "#DDE2E7";
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-12, 0], PageDown: [12, 0] };

class Matrix {
  constructor(host) {
    this.host = host;
    this.bar = el("div", "pq-table-bar");
    this.title = el("span", "pq-table-title");
    this.legend = el("span", "pq-matrix-legend");
    this.search = el("input", "pq-search");
    this.search.type = "search";
    this.bar.append(this.title, this.legend, this.search);
    this.body = el("div", "pq-matrix-body");
    this.body.tabIndex = 0;
    this.body.setAttribute("role", "grid");
    this.room = el("div", "pq-matrix-room");
    this.canvas = el("canvas", "pq-matrix-canvas");
    this.hint = el("div", "pq-hint");
    this.spoken = el("div", "pq-unseen");
    this.spoken.setAttribute("aria-live", "polite");
    this.empty = el("div", "pq-table-empty");
    this.room.append(this.canvas);
    this.body.append(this.room);
    host.append(this.bar, this.body, this.empty, this.hint, this.spoken);
    this.listen();
  }

  listen() {
    this.body.onscroll = () => this.later();
    this.body.onmousemove = (event) => this.point(event);
    this.body.onmouseleave = () => this.point(null);
    this.body.onclick = (event) => this.click(event);
    this.body.onkeydown = (event) => this.key(event);
    this.body.onfocus = () => this.draw();
    this.body.onblur = () => this.draw();
    this.search.oninput = () => {
      this.arrange();
      this.draw();
    };
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.body);
  }

  close() {
    this.observer.disconnect();
    if (this.waits) memory.waiting.delete(this.waits);
    if (memory.matrix === this) memory.matrix = null;
  }

  receive(data, send) {
    const fresh = this.data?.rows !== data.rows;
    const moved = this.data && (this.data.row !== data.row || this.data.column !== data.column);
    this.data = data;
    this.send = send;
    memory.matrix = this;
    this.search.placeholder = data.texts.search;
    this.search.setAttribute("aria-label", data.texts.search);
    this.body.setAttribute("aria-label", data.texts.keys);
    this.host.classList.toggle("pq-stale", Boolean(data.stale));
    whenKept(this, [data.rows], () => {
      this.value = find(data.rows).value;
      if (fresh) this.arrange();
      this.furnish();
      if (moved || !this.shown) this.follow();
      this.shown = true;
      this.draw();
      this.host.dataset.ready = "yes";
    });
  }

  arrange() {
    const { ids, names } = this.value;
    const wanted = this.search.value.trim().toLowerCase();
    this.order = [...ids.keys()].filter((at) => !wanted || `${names[at]} ${ids[at]}`.toLowerCase().includes(wanted));
    this.rowOf = new Map(this.order.map((at, place) => [ids[at], place]));
    this.columnOf = new Map(this.value.columns.map((column, place) => [column.id, place]));
    const last = this.order.length - 1;
    if (this.focus && this.focus[0] > last) this.focus = null;
    this.title.textContent = fill(this.data.title, { shown: this.order.length.toLocaleString("en-US"), all: ids.length.toLocaleString("en-US") });
  }

  furnish() {
    const { data, value } = this;
    this.legend.replaceChildren(...data.classes.map((look) => {
      const one = el("span", "pq-matrix-key");
      const sign = el("b", "", look.sign);
      sign.style.color = look.ink;
      one.append(sign, el("span", "", look.label));
      return one;
    }));
    this.head = BAND + (data.upright ? this.upright() : this.slanted());
    this.body.setAttribute("aria-rowcount", value.ids.length);
    this.body.setAttribute("aria-colcount", value.columns.length);
    const nothing = !this.order.length || !value.columns.length;
    this.empty.textContent = nothing ? data.texts.empty : "";
    this.body.style.display = nothing ? "none" : "";
    // where the panel goes below it, both are to be in sight
    const most = window.innerWidth <= 1100 ? Math.min(data.height, this.head + 9 * ROW) : data.height;
    this.body.style.height = `${Math.min(most, this.head + Math.max(1, this.order.length) * ROW + 16)}px`;
  }

  upright() {
    const longest = Math.max(2, ...this.value.columns.map((one) => [...one.label].length));
    return Math.min(12, longest) * 13.5 + 12;
  }

  slanted() {
    const pen = this.canvas.getContext("2d");
    pen.font = `12px ${FONT}`;
    const longest = Math.max(20, ...this.value.columns.map((one) => pen.measureText(one.label).width));
    return Math.min(210, longest) + 14;
  }

  measure() {
    const count = Math.max(1, this.value.columns.length);
    const free = this.body.clientWidth - NAME;
    this.cell = Math.min(MOST, Math.max(LEAST, Math.floor(free / count)));
    this.width = NAME + this.cell * count;
    this.height = this.head + this.order.length * ROW;
    this.room.style.width = `${this.width}px`;
    this.room.style.height = `${this.height}px`;
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    if (!this.order || !this.body.clientWidth) return;
    this.measure();
    const [width, height] = [this.body.clientWidth, this.body.clientHeight];
    const ratio = window.devicePixelRatio || 1;
    const { canvas } = this;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.view = { x: this.body.scrollLeft, y: this.body.scrollTop, width, height };
    this.drawCells(pen);
    this.drawNames(pen);
    this.drawHead(pen);
    this.drawCorner(pen);
    this.drawFocus(pen);
  }

  span() {
    const { x, y, width, height } = this.view;
    const rows = [Math.max(0, Math.floor(y / ROW)), Math.min(this.order.length, Math.ceil((y + height - this.head) / ROW))];
    const columns = [Math.max(0, Math.floor(x / this.cell)), Math.min(this.value.columns.length, Math.ceil((x + width - NAME) / this.cell))];
    return { rows, columns };
  }

  spot(row, column) {
    return [NAME + column * this.cell - this.view.x, this.head + row * ROW - this.view.y];
  }

  code(row, column) {
    return this.value.cells[this.order[row]][column];
  }

  drawCells(pen) {
    const { rows, columns } = this.span();
    const { classes } = this.data;
    pen.save();
    pen.beginPath();
    pen.rect(NAME, this.head, this.view.width, this.view.height);
    pen.clip();
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (let row = rows[0]; row < rows[1]; row += 1) {
      const hands = this.value.hands?.[this.value.ids[this.order[row]]] ?? [];
      for (let column = columns[0]; column < columns[1]; column += 1) {
        const look = classes[this.code(row, column)];
        if (!look) continue;
        const [x, y] = this.spot(row, column);
        const strong = look.strong && this.value.columns[column].hard;
        if (look.fill) {
          pen.globalAlpha = strong ? 1 : 0.17;
          pen.fillStyle = look.fill;
          pen.fillRect(x + 1, y + 1, this.cell - 2, ROW - 2);
          pen.globalAlpha = 1;
        }
        pen.fillStyle = strong ? "#FFFFFF" : look.ink;
        pen.font = `${look.sign === "●" ? 12 : 13}px ${FONT}`;
        pen.fillText(look.sign, x + this.cell / 2, y + ROW / 2 + 1);
        if (hands.includes(column)) this.drawHand(pen, x, y);
      }
    }
    this.drawCross(pen);
    pen.restore();
  }

  // What a person decided carries a corner, so that it is never taken for the tool's.
  drawHand(pen, x, y) {
    pen.fillStyle = INK;
    pen.beginPath();
    pen.moveTo(x + this.cell - 10, y + 1);
    pen.lineTo(x + this.cell - 1, y + 1);
    pen.lineTo(x + this.cell - 1, y + 10);
    pen.fill();
  }

  // Row and column of what is chosen, and of what is pointed at.
  drawCross(pen) {
    const chosen = [this.rowOf.get(this.data.row), this.columnOf.get(this.data.column)];
    const tint = (at, colour) => {
      pen.fillStyle = colour;
      if (at[0] !== undefined) pen.fillRect(NAME, this.spot(at[0], 0)[1], this.view.width, ROW);
      if (at[1] !== undefined) pen.fillRect(this.spot(0, at[1])[0], this.head, this.cell, this.view.height);
    };
    tint(chosen, "rgba(11,92,173,0.07)");
    if (this.over) tint([this.over[0] ?? undefined, this.over[1] ?? undefined], "rgba(31,41,51,0.05)");
    if (chosen[0] === undefined || chosen[1] === undefined) return;
    const [x, y] = this.spot(...chosen);
    pen.strokeStyle = "#0B5CAD";
    pen.lineWidth = 2.5;
    pen.strokeRect(x + 1, y + 1, this.cell - 2, ROW - 2);
  }

  drawNames(pen) {
    const { rows } = this.span();
    const { ids, names, tags } = this.value;
    pen.save();
    pen.beginPath();
    pen.rect(0, this.head, NAME, this.view.height);
    pen.clip();
    pen.fillStyle = "#FFFFFF";
    pen.fillRect(0, this.head, NAME, this.view.height);
    pen.textBaseline = "middle";
    const chosen = this.rowOf.get(this.data.row);
    for (let row = rows[0]; row < rows[1]; row += 1) {
      const at = this.order[row];
      const y = this.spot(row, 0)[1];
      if (row === chosen || row === this.over?.[0]) {
        pen.fillStyle = row === chosen ? "#EAF2FA" : "#F3F8FD";
        pen.fillRect(0, y, NAME, ROW);
      }
      if (tags?.[at]) {
        pen.fillStyle = "#0B5CAD";
        pen.fillRect(0, y + 4, 3, ROW - 8);
      }
      pen.textAlign = "left";
      pen.font = `13px ${FONT}`;
      pen.fillStyle = INK;
      pen.fillText(this.cut(pen, names[at] || ids[at], NAME - COUNTS - 14), 10, y + ROW / 2);
      this.drawCounts(pen, at, y);
    }
    pen.strokeStyle = LINE;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(NAME - 0.5, this.head);
    pen.lineTo(NAME - 0.5, this.view.height);
    pen.stroke();
    pen.restore();
  }

  drawCounts(pen, at, y) {
    let x = NAME - 8;
    pen.textAlign = "right";
    pen.font = `11px ${FONT}`;
    for (const [code, look] of [...this.data.classes.entries()].reverse()) {
      if (!look.counted) continue;
      const count = [...this.value.cells[at]].filter((one) => one === String(code)).length;
      if (count) {
        pen.fillStyle = look.ink;
        pen.fillText(`${look.sign}${count}`, x, y + ROW / 2 + 1);
      }
      x -= COUNTS / 2;
    }
  }

  drawHead(pen) {
    const { columns } = this.span();
    pen.save();
    pen.beginPath();
    pen.rect(NAME, 0, this.view.width, this.head);
    pen.clip();
    pen.fillStyle = "#F4F6F8";
    pen.fillRect(NAME, 0, this.view.width, this.head);
    const chosen = this.columnOf.get(this.data.column);
    for (let column = columns[0]; column < columns[1]; column += 1) {
      const one = this.value.columns[column];
      const x = this.spot(0, column)[0];
      if (column === chosen || column === this.over?.[1]) {
        pen.fillStyle = column === chosen ? "#DCEAF7" : "#E8EEF4";
        pen.fillRect(x, BAND, this.cell, this.head - BAND);
      }
      pen.fillStyle = one.hard ? INK : SOFT;
      pen.font = `${one.hard ? "600 " : ""}12px ${FONT}`;
      if (this.data.upright) this.drawUpright(pen, one.label, x + this.cell / 2);
      else this.drawSlanted(pen, one.label, x + this.cell / 2);
    }
    this.drawGroups(pen);
    pen.strokeStyle = LINE;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(NAME, this.head - 0.5);
    pen.lineTo(NAME + this.view.width, this.head - 0.5);
    pen.stroke();
    pen.restore();
  }

  drawUpright(pen, label, x) {
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const letters = [...label];
    const most = Math.floor((this.head - BAND - 10) / 13.5);
    const shown = letters.length > most ? [...letters.slice(0, most - 1), "⋮"] : letters;
    const top = this.head - 6 - shown.length * 13.5;
    shown.forEach((letter, at) => pen.fillText(letter, x, top + at * 13.5));
  }

  drawSlanted(pen, label, x) {
    pen.save();
    pen.translate(x, this.head - 7);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    pen.fillText(this.cut(pen, label, this.head - BAND - 12), 0, 0);
    pen.restore();
  }

  // Columns of one stage below its name.
  drawGroups(pen) {
    const { columns } = this.value;
    let from = 0;
    for (let at = 1; at <= columns.length; at += 1) {
      if (at < columns.length && columns[at].group === columns[from].group) continue;
      const [left, right] = [this.spot(0, from)[0], this.spot(0, at)[0]];
      const start = Math.max(left, NAME);
      const end = Math.min(right, this.view.width);
      if (end > start) {
        pen.font = `12px ${FONT}`;
        pen.fillStyle = SOFT;
        pen.textAlign = "left";
        pen.textBaseline = "middle";
        pen.fillText(this.cut(pen, columns[from].group, end - start - 10), start + 6, BAND / 2);
        pen.strokeStyle = LINE;
        pen.lineWidth = 1;
        pen.beginPath();
        pen.moveTo(left + 0.5, 0);
        pen.lineTo(left + 0.5, this.head);
        pen.stroke();
      }
      from = at;
    }
  }

  drawCorner(pen) {
    pen.fillStyle = "#F4F6F8";
    pen.fillRect(0, 0, NAME, this.head);
    pen.fillStyle = SOFT;
    pen.font = `12px ${FONT}`;
    pen.textAlign = "left";
    pen.textBaseline = "bottom";
    pen.fillText(this.cut(pen, this.data.texts.corner, NAME - 20), 10, this.head - 7);
    pen.strokeStyle = LINE;
    pen.lineWidth = 1;
    pen.strokeRect(-0.5, -0.5, NAME, this.head);
  }

  drawFocus(pen) {
    if (!this.focus || document.activeElement !== this.body) return;
    const [x, y] = this.spot(...this.focus);
    if (x < NAME || y < this.head) return;
    pen.strokeStyle = INK;
    pen.lineWidth = 1.5;
    pen.setLineDash([3, 2]);
    pen.strokeRect(x + 1, y + 1, this.cell - 2, ROW - 2);
    pen.setLineDash([]);
  }

  cut(pen, text, room) {
    if (pen.measureText(text).width <= room) return text;
    let shown = [...text];
    while (shown.length && pen.measureText(`${shown.join("")}…`).width > room) shown = shown.slice(0, -1);
    return `${shown.join("")}…`;
  }

  // Row and column below a place of the body; null for the row of names and the head.
  under(event) {
    const box = this.body.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (x < 0 || y < 0 || x >= this.body.clientWidth || y >= this.body.clientHeight) return null;
    const row = y < this.head ? null : Math.floor((y - this.head + this.body.scrollTop) / ROW);
    const column = x < NAME ? null : Math.floor((x - NAME + this.body.scrollLeft) / this.cell);
    if (row !== null && row >= this.order.length) return null;
    if (column !== null && column >= this.value.columns.length) return null;
    if (column !== null && y < BAND) return null;
    return row === null && column === null ? null : [row, column];
  }

  point(event) {
    const found = event && this.order ? this.under(event) : null;
    const same = String(found) === String(this.over);
    this.over = found;
    this.body.style.cursor = found ? "pointer" : "";
    if (!found) this.hint.style.display = "none";
    else this.tell(event, found);
    if (!same) this.later();
  }

  words(row, column) {
    const name = row === null ? "" : this.value.names[this.order[row]] || this.value.ids[this.order[row]];
    const one = column === null ? null : this.value.columns[column];
    const look = one && row !== null ? this.data.classes[this.code(row, column)] : null;
    const title = [name, one?.full].filter(Boolean).join(" · ");
    if (look) return [title, `${look.sign} ${look.label}`];
    if (one && row === null) return [title, one.note];
    return [title, one ? this.data.texts.none : this.value.notes?.[this.order[row]] ?? ""];
  }

  tell(event, [row, column]) {
    const [title, note] = this.words(row, column);
    this.hint.replaceChildren(el("b", "", title));
    if (note) this.hint.append(el("span", "", note));
    this.hint.style.display = "block";
    const box = this.host.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const right = x > box.width - 270;
    this.hint.style.left = right ? "" : `${x + 14}px`;
    this.hint.style.right = right ? `${box.width - x + 14}px` : "";
    this.hint.style.top = `${Math.min(y + 14, box.height - 70)}px`;
  }

  click(event) {
    const found = this.order && this.under(event);
    if (!found) return;
    if (found[0] !== null && found[1] !== null) this.focus = found;
    this.choose(found);
  }

  choose([row, column]) {
    if (row !== null && column !== null && !this.data.classes[this.code(row, column)]) return;
    const id = row === null ? "" : this.value.ids[this.order[row]];
    const rule = column === null ? "" : this.value.columns[column].id;
    const same = id === this.data.row && rule === this.data.column;
    this.data = { ...this.data, row: same ? "" : id, column: same ? "" : rule };
    this.draw();
    memory.clicks = (memory.clicks ?? 0) + 1;
    this.send({ kind: "cell", id: same ? "" : id, rule: same ? "" : rule, n: memory.clicks });
  }

  key(event) {
    if (!this.order?.length || !this.value.columns.length) return;
    const step = STEPS[event.key];
    if (step) {
      const [row, column] = this.focus ?? [this.rowOf.get(this.data.row) ?? 0, this.columnOf.get(this.data.column) ?? 0];
      const begun = this.focus ? step : [0, 0];
      this.focus = [
        Math.min(this.order.length - 1, Math.max(0, row + begun[0])),
        Math.min(this.value.columns.length - 1, Math.max(0, column + begun[1])),
      ];
      this.reveal(...this.focus);
      this.spoken.textContent = this.words(...this.focus).join(" ");
      this.draw();
    } else if ((event.key === "Enter" || event.key === " ") && this.focus) this.choose(this.focus);
    else return;
    event.preventDefault();
  }

  reveal(row, column) {
    this.measure();
    const { body } = this;
    if (row !== null) {
      const top = row * ROW;
      const inner = body.clientHeight - this.head - ROW;
      if (top < body.scrollTop) body.scrollTop = top;
      else if (top > body.scrollTop + inner) body.scrollTop = top - inner;
    }
    if (column === null) return;
    const left = column * this.cell;
    const room = body.clientWidth - NAME - this.cell;
    if (left < body.scrollLeft) body.scrollLeft = left;
    else if (left > body.scrollLeft + room) body.scrollLeft = left - room;
  }

  // What is chosen elsewhere comes into sight.
  follow() {
    const row = this.rowOf.get(this.data.row) ?? null;
    const column = this.columnOf.get(this.data.column) ?? null;
    if (row !== null || column !== null) this.reveal(row, column);
  }

  // Where a cell is in the window, for those who click with a mouse.
  pixel(id, rule) {
    const [row, column] = [this.rowOf.get(id), this.columnOf.get(rule)];
    this.reveal(row, column);
    this.draw();
    const box = this.body.getBoundingClientRect();
    const [x, y] = this.spot(row, column);
    return [box.left + x + this.cell / 2, box.top + y + ROW / 2];
  }
}

export default function matrix({ data, parentElement, setTriggerValue }) {
  const host = root(parentElement, "pq-matrix");
  host.matrix ??= new Matrix(host);
  host.matrix.receive(data, (event) => setTriggerValue("event", event));
  return () => {
    host.matrix.close();
    host.remove();
  };
}
