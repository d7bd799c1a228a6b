// A form in a panel: Python describes its fields, and is told what was typed once the
// button is pressed. What is typed and not yet sent outlives a redraw of the panel.
import { el, memory } from "./dom.js";

function input(field) {
  if (field.options) {
    const made = el("select");
    for (const [value, label] of field.options) {
      const one = el("option", "", label);
      one.value = value;
      made.append(one);
    }
    return made;
  }
  const made = el("input");
  made.type = field.type ?? "text";
  if (field.type === "date") made.max = "9999-12-31";
  else made.autocomplete = "off";
  if (field.numeric) made.inputMode = "decimal";
  if (field.hint) made.placeholder = field.hint;
  return made;
}

function row(field) {
  const made = el("label", field.wide ? "pq-wide" : "");
  made.classList.toggle("pq-missing", Boolean(field.missing));
  made.classList.toggle("pq-wrong", Boolean(field.wrong));
  const given = input(field);
  given.name = field.name;
  given.value = field.value ?? "";
  given.dataset.begun = given.value;
  if (field.title) made.title = field.title;
  made.append(el("span", "", field.label), given);
  if (field.wrong) made.append(el("span", "pq-told", field.wrong));
  return made;
}

export function form(block, send) {
  const made = el("form", "pq-form");
  made.dataset.key = block.key;
  if (block.title) made.append(el("div", "pq-sub", block.title));
  if (block.note) made.append(el("div", "pq-note", block.note));
  const rows = el("div", "pq-form-rows");
  rows.append(...block.fields.map(row));
  const line = el("div", "pq-form-line");
  const button = el("button", "pq-button pq-main", block.button);
  button.type = "submit";
  line.append(button);
  const tell = (event, values) => {
    memory.clicks = (memory.clicks ?? 0) + 1;
    send({ ...event, values, n: memory.clicks });
  };
  for (const other of block.buttons ?? []) {
    const one = el("button", "pq-button", other.label);
    one.type = "button";
    one.onclick = () => tell(other.event, {});
    line.append(one);
  }
  if (block.told) line.append(el("span", "pq-told", block.told));
  made.append(rows, line);
  made.onsubmit = (event) => {
    event.preventDefault();
    const values = {};
    for (const one of rows.querySelectorAll("input, select")) {
      if (one.value !== one.dataset.begun || block.whole) values[one.name] = one.value;
    }
    tell(block.event, values);
  };
  return made;
}

// Takes what was typed in the forms of a panel, and gives it back after a redraw. A
// field whose value Python has changed meanwhile shows that value.
export function keepTyped(host) {
  const typed = new Map();
  let active = null;
  for (const made of host.querySelectorAll("form.pq-form")) {
    for (const one of made.querySelectorAll("input, select")) {
      const name = `${made.dataset.key} ${one.name}`;
      if (one.value !== one.dataset.begun) typed.set(name, [one.dataset.begun, one.value]);
      if (one === document.activeElement) active = name;
    }
  }
  return () => {
    for (const made of host.querySelectorAll("form.pq-form")) {
      for (const one of made.querySelectorAll("input, select")) {
        const name = `${made.dataset.key} ${one.name}`;
        const [begun, value] = typed.get(name) ?? [];
        if (begun !== undefined && begun === one.dataset.begun) one.value = value;
        if (name === active) one.focus({ preventScroll: true });
      }
    }
  };
}
