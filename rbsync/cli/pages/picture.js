"use strict";
// Draws labels, and changes of them. No names of others become markup here: text is only ever
// set as text.
const ADDED = [0, 158, 115], REMOVED = [213, 94, 0], SWAPPED = [230, 159, 0];
let opacity = 0.55;

const modeNow = () => document.querySelector("input[name=mode]:checked").value;

function loaded(source) {
  if (!source) return Promise.resolve(null);
  return new Promise((done) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => done(null);
    image.src = source;
  });
}

function pixels(image, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (image) pen.drawImage(image, 0, 0, width, height);
  return pen.getImageData(0, 0, width, height).data;
}

function numbers(image, width, height, wide) {
  const found = new Uint16Array(width * height);
  if (!image) return found;
  const read = pixels(image, width, height);
  for (let at = 0; at < found.length; at++) found[at] = read[4 * at] | (wide ? read[4 * at + 1] << 8 : 0);
  return found;
}

function rgb(text) {
  return [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
}

// A box for each class, which shows or hides it.
function classBoxes(classes, hidden, change) {
  const set = document.createElement("fieldset"), legend = document.createElement("legend");
  set.className = "classes";
  legend.textContent = "Classes shown";
  set.append(legend);
  classes.forEach(([name, colour], at) => {
    const label = document.createElement("label"), box = document.createElement("input");
    const swatch = document.createElement("span");
    Object.assign(box, { type: "checkbox", checked: true });
    swatch.className = "swatch";
    swatch.style.backgroundColor = colour;
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(at + 1);
      else hidden.add(at + 1);
      change();
    });
    label.append(box, swatch, document.createTextNode(name || "(no category)"));
    set.append(label);
  });
  return set;
}

// The sides of a body, at the edges of a plane through it: left, right, up and down.
function edgesOf(edges) {
  return [...(edges || "")].map((letter, at) => {
    const edge = document.createElement("span");
    edge.className = `edge ${["left", "right", "top", "bottom"][at]}`;
    edge.textContent = letter;
    edge.title = { L: "left", R: "right", A: "front", P: "back", S: "head", I: "feet" }[letter];
    return edge;
  });
}

class Picture {
  // The photograph is in bytes of four a pixel, the sides in numbers of the classes.
  constructor(figure, content, photo, sides, hidden) {
    this.figure = figure;
    // What both sides are called: of a conflict none is before the other.
    this.between = content.between || ["before", "after"];
    this.take(content, photo, sides);
    this.colours = content.classes.map((one) => rgb(one[1]));
    // Pictures of one scan hide the same classes, and are told of them once.
    this.hidden = hidden || new Set();
    this.build(!hidden);
    this.draw();
  }

  take(content, photo, sides) {
    const [width, height] = content.shown;
    Object.assign(this, { content, width, height, photo, sides });
  }

  // Another part of the same picture, whose classes are the same.
  show(content, photo, sides) {
    this.take(content, photo, sides);
    this.canvases.forEach((one) => this.size(one.canvas));
    this.draw();
  }

  size(canvas) {
    canvas.width = this.width;
    canvas.height = this.height;
    // Voxels of scans are no squares: a slice is as wide and high as it is in the body.
    const ratio = this.width / (this.height * (this.content.aspect || 1));
    canvas.style.aspectRatio = ratio;
    // All of a picture is in view at once, a tall one too.
    canvas.parentElement.style.maxWidth = `calc(80vh * ${ratio})`;
  }

  build(own) {
    const content = this.content;
    const pair = document.createElement("div");
    pair.className = "pair";
    this.canvases = ["before", "after"].map((side) => {
      const place = document.createElement("div"), text = document.createElement("p");
      const canvas = document.createElement("canvas"), frame = document.createElement("div");
      frame.className = "edged";
      frame.append(canvas, ...edgesOf(content.edges));
      this.size(canvas);
      canvas.setAttribute("role", "img");
      place.append(text, frame);
      pair.append(place);
      return { canvas, text, place, side };
    });
    this.pair = pair;
    const label = document.createElement("label");
    this.range = document.createElement("input");
    Object.assign(this.range, { type: "range", min: "0", max: "100", value: "50" });
    this.rangeText = document.createElement("span");
    this.rangeText.className = "quiet";
    label.append(this.rangeText, this.range);
    this.rangeLabel = label;
    this.range.addEventListener("input", () => this.draw());
    this.figure.prepend(pair, label, ...(own && content.classes.length ? [classBoxes(content.classes, this.hidden, () => this.draw())] : []));
  }

  number(side, at) {
    const found = this.sides[side][at];
    return this.hidden.has(found) ? 0 : found;
  }

  ground(at, dim) {
    if (!this.photo) return dim ? [64, 64, 64] : [138, 138, 134];
    const [r, g, b] = [0, 1, 2].map((one) => this.photo[4 * at + one]);
    if (!dim) return [r, g, b];
    const grey = Math.round((0.3 * r + 0.59 * g + 0.11 * b) * 0.55);
    return [grey, grey, grey];
  }

  mixed(at, amounts) {
    const colour = this.ground(at, false);
    for (const [side, amount] of amounts) {
      const found = this.number(side, at);
      if (!found || !amount) continue;
      const own = this.colours[found - 1], part = opacity * amount;
      for (let one = 0; one < 3; one++) colour[one] = colour[one] * (1 - part) + own[one] * part;
    }
    return colour;
  }

  differing(at) {
    const before = this.number(0, at), after = this.number(1, at);
    if (before === after) return this.ground(at, true);
    return before ? (after ? SWAPPED : REMOVED) : ADDED;
  }

  paint(canvas, colour) {
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const image = pen.createImageData(this.width, this.height);
    for (let at = 0; at < this.width * this.height; at++) {
      const own = colour(at);
      for (let one = 0; one < 3; one++) image.data[4 * at + one] = own[one];
      image.data[4 * at + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
    return pen;
  }

  outlines(pen, side, style) {
    const longest = Math.max(this.width, this.height);
    for (const [number, shape, points] of this.content.objects[side]) {
      if (this.hidden.has(number)) continue;
      const at = points.map(([x, y]) => [x * this.width, y * this.height]);
      pen.strokeStyle = style.colour || this.content.classes[number - 1][1];
      const thick = Math.max(1.5, longest / 250), colour = pen.strokeStyle;
      pen.globalAlpha = style.alpha ?? 1;
      pen.setLineDash(style.dashed ? [longest / 60, longest / 80] : []);
      pen.beginPath();
      if (shape === "ellipse" || shape === "point") {
        const [[a, b], [c, d]] = at, least = shape === "point" ? longest / 100 : 0;
        pen.ellipse((a + c) / 2, (b + d) / 2, Math.max((c - a) / 2, least), Math.max((d - b) / 2, least), 0, 0, 7);
      } else if (shape === "bbox2d") {
        pen.rect(at[0][0], at[0][1], at[1][0] - at[0][0], at[1][1] - at[0][1]);
      } else {
        at.forEach(([x, y], one) => (one ? pen.lineTo(x, y) : pen.moveTo(x, y)));
        if (shape === "polygon") pen.closePath();
      }
      // A dark seam on both sides: a red line is not seen on what is red.
      pen.lineWidth = thick + longest / 200;
      pen.strokeStyle = "rgba(0,0,0,.55)";
      if (!style.dashed) pen.stroke();
      pen.lineWidth = thick;
      pen.strokeStyle = colour;
      pen.stroke();
      pen.globalAlpha = 1;
    }
  }

  tell(mode) {
    const [first, second] = this.canvases, [before, after] = this.between, name = this.figure.dataset.name;
    const capital = (text) => text[0].toUpperCase() + text.slice(1);
    // Of what changes in time, something is added; of two sides, only one has it.
    const [added, removed] = before === "before" ? ["added", "removed"] : [`only ${after}`, `only ${before}`];
    this.rangeText.textContent = mode === "swipe" ? `Swipe: ${after} on the left of the line` : `Blend: from ${before} to ${after}`;
    const told = { one: "labels", pair: before, swipe: "swipe", onion: "blend", difference: "difference" }[mode];
    first.text.textContent = { one: after === "after" ? "" : capital(after), pair: capital(before), swipe: `${capital(after)} | ${before}`, onion: "Blend",
      difference: `Difference: green ${added}, vermilion ${removed}, yellow another class` }[mode];
    second.text.textContent = capital(after);
    first.canvas.setAttribute("aria-label", `${name}: ${told}`);
    second.canvas.setAttribute("aria-label", `${name}: ${after}`);
  }

  // Where no side has labels, or both have the same, each way of comparing would show nothing.
  get isCompared() {
    const { before, after, objects, same } = this.content;
    return !same && Boolean(before || after || objects.some((one) => one.length));
  }

  draw() {
    const mode = this.isCompared ? modeNow() : "one";
    const [first, second] = this.canvases, part = this.range.value / 100;
    const isPair = mode === "pair", slides = mode === "swipe" || mode === "onion";
    this.pair.classList.toggle("two", isPair);
    second.place.hidden = !isPair;
    this.rangeLabel.hidden = !slides;
    this.tell(mode);
    const edge = Math.round(this.width * part);
    const colour = {
      one: (at) => this.mixed(at, [[1, 1]]),
      pair: (at) => this.mixed(at, [[0, 1]]),
      swipe: (at) => this.mixed(at, [[at % this.width < edge ? 1 : 0, 1]]),
      onion: (at) => this.mixed(at, [[0, 1 - part], [1, part]]),
      difference: (at) => this.differing(at),
    }[mode];
    const pen = this.paint(first.canvas, colour);
    if (mode === "difference") {
      this.outlines(pen, 0, { colour: "rgb(213,94,0)", dashed: true });
      this.outlines(pen, 1, { colour: "rgb(0,158,115)" });
    } else if (mode === "onion") {
      this.outlines(pen, 0, { alpha: 1 - part, dashed: true });
      this.outlines(pen, 1, { alpha: part });
    } else if (mode === "swipe") {
      this.clipped(pen, 0, edge, 1);
      this.clipped(pen, edge, this.width, 0);
      pen.fillStyle = "#fff";
      pen.fillRect(edge - 1, 0, 2, edge > 0 && edge < this.width ? this.height : 0);
    } else if (mode === "one") {
      this.outlines(pen, 1, {});
    } else {
      this.outlines(pen, 0, {});
      this.outlines(this.paint(second.canvas, (at) => this.mixed(at, [[1, 1]])), 1, {});
    }
  }

  clipped(pen, from, to, side) {
    pen.save();
    pen.beginPath();
    pen.rect(from, 0, to - from, this.height);
    pen.clip();
    this.outlines(pen, side, {});
    pen.restore();
  }
}

async function unpacked(content) {
  const parts = await Promise.all([content.photo, content.before, content.after].map(loaded));
  const [width, height] = content.shown;
  const photo = parts[0] ? pixels(parts[0], width, height) : null;
  // Grey PNGs have the number in all three values; of two bytes only red and green count.
  const wide = content.classes.length > 255;
  return [photo, parts.slice(1).map((one) => numbers(one, width, height, wide))];
}

async function drawing(figure, content, hidden) {
  return new Picture(figure, content, ...(await unpacked(content)), hidden);
}
