"use strict";
// Leads into a picture: what a screen has no room for is read anew, in all of its pixels.
const LEAST = 64, LARGE = 1000;
const STEPS = [["Left", -1, 0], ["Right", 1, 0], ["Up", 0, -1], ["Down", 0, 1]];

class Zoom {
  // `read` gives the content of a part, in fractions of the picture.
  constructor(picture, read) {
    const { size, box } = picture.content, [width, height] = size;
    Object.assign(this, { picture, read, size, turn: 0 });
    this.part = [box[0] / width, box[1] / height, box[2] / width, box[3] / height];
    const tools = document.createElement("div");
    tools.className = "zoom";
    const button = (text, act) => {
      const one = document.createElement("button");
      Object.assign(one, { type: "button", textContent: text, onclick: act });
      tools.append(one);
      return one;
    };
    this.nearer = button("Closer", () => this.scale(0.5));
    this.rest = [button("Farther", () => this.scale(2)), button("Whole", () => this.go([0, 0, 1, 1])),
      ...STEPS.map(([text, x, y]) => button(text, () => this.move(x / 2, y / 2)))];
    this.said = document.createElement("output");
    this.said.className = "quiet";
    tools.append(this.said);
    picture.pair.after(tools);
    for (const { canvas } of picture.canvases) this.listen(canvas);
    this.tell();
  }

  listen(canvas) {
    const place = (event) => [event.offsetX / canvas.clientWidth, event.offsetY / canvas.clientHeight];
    let from = null;
    canvas.addEventListener("dblclick", (event) => this.scale(0.5, ...place(event)));
    canvas.addEventListener("pointerdown", (event) => { from = place(event); canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointerup", (event) => {
      const to = place(event), [x, y] = from ? [from[0] - to[0], from[1] - to[1]] : [0, 0];
      from = null;
      if (Math.hypot(x, y) > 0.02) this.move(x, y);
    });
  }

  // The point at (x, y) of what is shown stays where it is.
  scale(factor, x = 0.5, y = 0.5) {
    const [left, top, width, height] = this.part;
    this.go([left + width * x * (1 - factor), top + height * y * (1 - factor), width * factor, height * factor]);
  }

  move(x, y) {
    const [left, top, width, height] = this.part;
    this.go([left + width * x, top + height * y, width, height]);
  }

  async go([left, top, width, height]) {
    const own = [width, height].map((one, at) => Math.min(1, Math.max(LEAST / this.size[at], one)));
    const next = [Math.min(Math.max(left, 0), 1 - own[0]), Math.min(Math.max(top, 0), 1 - own[1]), ...own];
    const turn = ++this.turn, content = await this.read(next);
    // Who pressed on meanwhile sees the last step alone.
    if (!content || turn !== this.turn) return;
    const parts = await unpacked(content);
    if (turn !== this.turn) return;
    this.part = next;
    this.picture.show(content, ...parts);
    this.tell();
  }

  tell() {
    const [left, top, width, height] = this.picture.content.box, isWhole = width === this.size[0] && height === this.size[1];
    const scale = this.picture.content.scale < 1 ? ` at ${Math.round(this.picture.content.scale * 100)} %` : "";
    this.rest.forEach((one) => { one.hidden = isWhole; });
    this.nearer.disabled = width <= LEAST && height <= LEAST;
    this.said.textContent = isWhole ? `${width} x ${height} pixels${scale}`
      : `${width} x ${height} of ${this.size[0]} x ${this.size[1]} pixels, from ${left}, ${top}${scale}`;
  }
}
