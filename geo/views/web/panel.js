// The panel beside the map and the line of numbers above it: blocks that Python
// describes and this file builds, every word by textContent.
import { curve } from "./curve.js";
import { el, memory, paint, root } from "./dom.js";
import { form, keepTyped } from "./form.js";

function act(made, event, send) {
  if (!event) return made;
  made.classList.add("pq-act");
  made.tabIndex = 0;
  made.setAttribute("role", "button");
  const tell = () => {
    memory.clicks = (memory.clicks ?? 0) + 1;
    send({ ...event, n: memory.clicks });
  };
  made.onclick = (click) => {
    click.stopPropagation();
    tell();
  };
  made.onkeydown = (key) => {
    if (key.key !== "Enter" && key.key !== " ") return;
    key.preventDefault();
    key.stopPropagation();
    tell();
  };
  return made;
}

function state(look) {
  const made = el("span", "pq-state");
  made.append(paint(el("i", "pq-swatch"), look), el("span", "pq-sign", look.sign ?? ""), el("span", "", look.label));
  return made;
}

const BUILD = {
  numbers(block, send) {
    const made = el("div", "pq-numbers");
    for (const number of block.items) {
      const item = act(el("div", "pq-number"), number.event, send);
      if (number.active) item.classList.add("pq-active");
      const value = el("div", "pq-value");
      value.append(el("b", "", number.value), el("span", "", number.unit ?? ""));
      item.append(el("div", "pq-label", number.label), value);
      if (number.note) item.append(el("div", "pq-note", number.note));
      made.append(item);
    }
    return made;
  },

  heading(block, send) {
    const made = el("div", "pq-heading");
    const line = el("div", "pq-heading-line");
    line.append(el("h3", "", block.title));
    for (const button of block.buttons ?? []) {
      const one = el("button", "pq-button", button.label);
      one.type = "button";
      line.append(act(one, button.event, send));
    }
    made.append(line);
    if (block.note) made.append(el("div", "pq-note", block.note));
    return made;
  },

  text(block) {
    return el("p", `pq-text${block.strong ? " pq-strong" : ""}${block.alarm ? " pq-alarm" : ""}${block.soft ? " pq-note" : ""}`, block.text);
  },

  verdict(block) {
    const made = el("div", "pq-verdict");
    made.style.borderLeftColor = block.look.fill ?? "#5F6B76";
    const line = el("div", "pq-verdict-line");
    line.append(el("b", "", block.title), state(block.look));
    if (block.certainty) line.append(el("span", "pq-tag", block.certainty));
    made.append(line);
    for (const text of block.texts) made.append(el("p", "pq-text", text));
    return made;
  },

  facts(block) {
    const made = el("dl", "pq-facts");
    for (const [label, value] of block.items) made.append(el("dt", "", label), el("dd", "", value));
    return made;
  },

  // Distance against threshold, one line per category.
  bars(block, send) {
    const made = el("div", "pq-bars");
    if (block.head) {
      const head = el("div", "pq-bar pq-bar-head");
      head.append(...block.head.map((text) => el("span", "", text)));
      made.append(head);
    }
    for (const row of block.rows) {
      const line = act(el("div", "pq-bar"), row.event, send);
      if (row.active) line.classList.add("pq-active");
      line.dataset.id = row.id;
      if (row.title) line.title = row.title;
      const label = el("span", "pq-bar-label");
      label.append(el("span", "pq-sign", row.look.sign ?? ""), el("span", "", row.label));
      label.firstChild.style.color = row.look.ink ?? row.look.fill ?? "#5F6B76";
      const track = el("span", "pq-track");
      if (row.share !== null && row.share !== undefined) {
        const bar = paint(el("i", "pq-fill"), { ...row.look, outline: row.outline ?? "none", stroke: "#1F2933" });
        bar.style.width = `${Math.max(1.5, Math.min(100, 100 * row.share))}%`;
        track.append(bar);
        if (row.share > 1) track.append(el("i", "pq-more", "›"));
      } else track.append(paint(el("i", "pq-fill pq-fill-none"), row.look));
      if (row.limit) {
        const limit = el("i", "pq-limit");
        limit.style.left = `${100 * row.limit}%`;
        track.append(limit);
      }
      const value = el("span", "pq-bar-value", row.value);
      if (row.note) value.prepend(el("span", "pq-note", `${row.note} · `));
      line.append(label, track, value);
      made.append(line);
    }
    return made;
  },

  // Shares of states, one line per category or the like.
  stacks(block, send) {
    const made = el("div", "pq-bars pq-stacks");
    if (block.head) {
      const head = el("div", "pq-bar pq-bar-head");
      head.append(...block.head.map((text) => el("span", "", text)));
      made.append(head);
    }
    for (const row of block.rows) {
      const line = act(el("div", "pq-bar"), row.event, send);
      if (row.active) line.classList.add("pq-active");
      line.dataset.id = row.id;
      if (row.title) line.title = row.title;
      const track = el("span", "pq-track pq-stack");
      for (const part of row.parts) {
        if (!part.share) continue;
        const piece = paint(el("i", ""), { ...part.look, outline: "none" });
        piece.style.width = `${100 * part.share}%`;
        piece.title = part.title;
        track.append(piece);
      }
      line.append(el("span", "pq-bar-label", row.label), track, el("span", "pq-bar-value", row.value));
      made.append(line);
    }
    return made;
  },

  // Terms with a sign: what adds grows to the right, what takes to the left.
  terms(block, send) {
    const changed = [...block.rows, block.sum].some((row) => row?.change);
    const made = el("div", `pq-bars pq-terms${changed ? " pq-changed" : ""}`);
    // the sum may be larger than each of its terms
    const shares = [...block.rows, block.sum].map((row) => row?.share ?? 0);
    const least = Math.min(0, ...shares);
    const most = Math.max(0, ...shares);
    const room = most - least || 1;
    const line = (row, name = "") => {
      const one = act(el("div", `pq-bar ${name}`), row.event, send);
      if (row.title) one.title = row.title;
      const track = el("span", "pq-track pq-signed");
      const zero = el("i", "pq-zero");
      zero.style.left = `${(100 * -least) / room}%`;
      if (row.share) {
        const bar = el("i", row.share < 0 ? "pq-term pq-minus" : "pq-term pq-plus");
        bar.style.left = `${(100 * (Math.min(0, row.share) - least)) / room}%`;
        bar.style.width = `max(2px, ${(100 * Math.abs(row.share)) / room}%)`;
        track.append(bar);
      }
      track.append(zero);
      const label = el("span", "pq-bar-label");
      label.append(el("span", "", row.label));
      one.append(label, track, el("span", "pq-bar-value", row.value));
      if (changed) one.append(el("span", "pq-bar-value pq-change", row.change ?? ""));
      return one;
    };
    made.append(...block.rows.map((row) => line(row)));
    if (block.sum) made.append(line(block.sum, "pq-sum"));
    if (block.note) made.append(el("div", "pq-note", block.note));
    return made;
  },

  list(block, send) {
    const made = el("ol", "pq-list");
    block.rows.forEach((row, at) => {
      const line = act(el("li", ""), row.event, send);
      if (row.active) line.classList.add("pq-active");
      line.dataset.id = row.id;
      if (row.rank !== "") {
        const rank = el("span", "pq-rank", row.rank ?? String(at + 1));
        if (row.ink) rank.style.color = row.ink;
        line.append(rank);
      }
      const words = el("div", "pq-list-words");
      words.append(el("b", "", row.title));
      if (row.note) words.append(el("span", "pq-note", row.note));
      line.append(words);
      if (row.value) line.append(el("span", "pq-list-value", row.value));
      if (row.button) {
        const button = el("button", "pq-button", row.button.label);
        button.type = "button";
        line.append(act(button, row.button.event, send));
      }
      made.append(line);
    });
    return made;
  },

  states(block) {
    const made = el("div", "pq-state-line");
    for (const item of block.items) {
      const one = state(item.look);
      one.append(el("span", "pq-note", item.note ?? ""));
      made.append(one);
    }
    return made;
  },

  sources(block) {
    const made = el("div", "pq-sources");
    made.append(el("div", "pq-sub", block.title));
    for (const item of block.items) {
      const line = el("p", "");
      line.append(el("span", "", item.text));
      if (item.mark) line.append(el("span", "pq-mark", item.mark));
      made.append(line);
    }
    return made;
  },

  curve(block, send) {
    return curve(block, (made, event) => act(made, event, send));
  },

  quote(block) {
    const made = el("blockquote", "pq-quote");
    made.append(el("span", "", block.text));
    if (block.note) made.append(el("div", "pq-note", block.note));
    return made;
  },

  form(block, send) {
    return form(block, send);
  },

  folded(block, send) {
    const made = el("details", "pq-folded");
    made.append(el("summary", "", block.title));
    for (const inner of block.blocks) made.append(BUILD[inner.kind](inner, send));
    return made;
  },
};

export default function panel({ data, parentElement, setTriggerValue }) {
  const host = root(parentElement, "pq-panel");
  host.classList.toggle("pq-boxed", Boolean(data.height));
  host.style.height = data.height ? `${data.height}px` : "";
  const send = (event) => setTriggerValue("event", event);
  const opened = new Set([...host.querySelectorAll("details[open] > summary")].map((s) => s.textContent));
  const top = host.scrollTop;
  const typed = keepTyped(host);
  host.replaceChildren(...data.blocks.map((block) => BUILD[block.kind](block, send)));
  typed();
  for (const fold of host.querySelectorAll("details")) {
    fold.open = opened.has(fold.firstChild.textContent);
  }
  host.scrollTop = host.dataset.subject === data.subject ? top : 0;
  host.dataset.subject = data.subject;
  host.dataset.ready = String((Number(host.dataset.ready) || 0) + 1);
}
