// New gates (开门) on the map: each place as a tag with its rank, the chosen one with
// its wall, the communities that gain, and the walks before and after.
import { drawOutline, pathOf, stroke, words } from "./draw.js";
import { project } from "./plane.js";
import { apart, canvasSpot, drawTag, spotOf } from "./tags.js";

const INK = "#1F2933";
const GAINED = "#00664B";
const NEAR = 11;

export class Openings {
  constructor(board) {
    this.board = board;
    this.spots = [];
  }

  receive(data) {
    this.data = data.openings;
  }

  drawTop(context) {
    const { board, data } = this;
    const blob = board.layers.communities;
    for (const id of data.gaining) {
      const at = blob?.position.get(id);
      if (at !== undefined && id !== board.selected) drawOutline(context, blob, at, board.view, GAINED, 2.4);
    }
    this.line(context, data.walls, [["#FFFFFF", 8, []], [INK, 4, []]]);
    this.line(context, data.before, [["#FFFFFF", 6, []], ["#5F6B76", 3, [7, 5]]]);
    this.line(context, data.after, [["#FFFFFF", 7, []], [board.data.accent, 4, []]]);
    this.drawTags(context);
    for (const { at, text, colour } of data.labels) {
      const [x, y] = spotOf(board, at);
      words(context, text, x, y - 16, 12, colour, true);
    }
  }

  line(context, lines, looks) {
    if (!lines.length) return;
    context.lineJoin = "round";
    for (const [colour, width, dash] of looks) {
      pathOf(context, lines, this.board.view, project, false);
      stroke(context, colour, width, dash);
    }
  }

  // Ranks where they fit, the best first; what would overlap is a dot.
  drawTags(context) {
    const { board, data } = this;
    this.spots = [];
    const taken = [];
    const chosen = data.list.filter((one) => one.id === data.chosen);
    const others = data.list.filter((one) => one.id !== data.chosen);
    for (const one of [...chosen, ...others]) {
      const [x, y] = spotOf(board, one.at);
      const box = [x - 13, y - 11, x + 13, y + 11];
      const room = taken.every((other) => apart(other, box));
      if (room) taken.push(box);
      this.spots.push({ one, x, y, room });
    }
    for (const { x, y, room } of this.spots) {
      if (room) continue;
      context.beginPath();
      context.arc(x, y, 4, 0, 2 * Math.PI);
      context.fillStyle = board.data.accent;
      context.fill();
      stroke(context, "#FFFFFF", 1.3);
    }
    for (const { one, x, y, room } of [...this.spots].reverse()) {
      if (!room) continue;
      const bold = one.id === data.chosen;
      drawTag(context, x, y, String(one.rank), { fill: one.gains ? board.data.accent : "#5F6B76", ring: bold ? INK : "#FFFFFF", bold });
    }
  }

  at(pane) {
    if (!pane || !this.board.view) return null;
    const [x, y] = canvasSpot(this.board, pane);
    let best = null;
    let least = NEAR;
    for (const spot of this.spots) {
      const away = Math.hypot(spot.x - x, spot.y - y);
      if (away < least) [best, least] = [spot.one, away];
    }
    return best;
  }

  hover(pane) {
    const found = this.at(pane);
    return found && [found.title, found.note];
  }

  click(pane) {
    const found = this.at(pane);
    if (!found) return false;
    this.board.report({ kind: "opening", id: found.id });
    return true;
  }

  // Where an opening is in the pane, for those who use a mouse.
  pixel(id) {
    const found = this.spots.find(({ one }) => one.id === id);
    const shift = this.board.map.getSize().multiplyBy(0.25);
    return found ? [found.x - shift.x, found.y - shift.y] : null;
  }
}
