"use strict";
// A scan as a whole: each plane with a slider through its slices, and all of it in three dimensions.
const PLANES = [["sagittal", 0], ["coronal", 1], ["axial", 2]], SOLID = 256;

async function readScan(name) {
  const answer = await fetch(`scan?${new URLSearchParams({ name })}`);
  if (answer.status !== 200) return null;
  const data = await answer.arrayBuffer();
  const end = new Uint8Array(data).indexOf(10);
  const scan = JSON.parse(new TextDecoder().decode(data.slice(0, end)));
  const number = scan.shape[0] * scan.shape[1] * scan.shape[2];
  // Numbers of two bytes begin at even places, which the line before them need not end at.
  const body = data.slice(end + 1);
  scan.parts.forEach((part, at) => { scan[part] = new Uint16Array(body, 2 * at * number, number); });
  const none = new Uint16Array(scan.before && scan.after ? 0 : number);
  scan.sides = [scan.before || none, scan.after || none];
  return scan;
}

class Plane {
  constructor(place, scan, [title, axis], hidden) {
    const [across, down] = [0, 1, 2].filter((one) => one !== axis);
    Object.assign(this, { scan, title, axis, across, down });
    const shown = [scan.shape[across], scan.shape[down]], number = shown[0] * shown[1];
    const content = { shown, before: scan.before, after: scan.after, classes: scan.classes, objects: scan.objects, between: scan.between, edges: scan.edges[title], aspect: scan.sizes[down] / scan.sizes[across] };
    const figure = document.createElement("figure");
    figure.dataset.name = `${place.dataset.name}, ${title}`;
    this.said = document.createElement("figcaption");
    this.said.className = "quiet";
    figure.append(this.said);
    place.append(figure);
    this.picture = new Picture(figure, content, new Uint8ClampedArray(4 * number), [new Uint16Array(number), new Uint16Array(number)], hidden);
    this.last = scan.shape[axis] - 1;
    this.slider = sliderOf(figure, `Slice of ${title}`, this.last, () => this.draw());
    this.slider.parentElement.hidden = !this.last;
    this.slider.value = this.middle();
    // A wheel over the picture leads through it; over one slice it moves the page.
    if (this.last) figure.querySelector(".pair").addEventListener("wheel", (event) => {
      event.preventDefault();
      this.slider.value = Number(this.slider.value) + Math.sign(event.deltaY);
      this.draw();
    }, { passive: false });
    this.draw();
  }

  // The slice with the most that differs, else that is labelled, else the one in the middle.
  middle() {
    const [before, after] = this.scan.sides, [a, b] = this.scan.shape;
    const step = [1, a, a * b][this.axis], length = this.scan.shape[this.axis];
    const differ = new Uint32Array(length), labelled = new Uint32Array(length);
    for (let at = 0; at < after.length; at++) {
      if (!after[at] && !before[at]) continue;
      const slice = Math.floor(at / step) % length;
      labelled[slice]++;
      if (after[at] !== before[at]) differ[slice]++;
    }
    for (const counts of [differ, labelled]) {
      const most = Math.max(...counts);
      if (most) return counts.indexOf(most);
    }
    return Math.floor(length / 2);
  }

  draw() {
    const { scan, picture, across, down, axis } = this, [a, b] = scan.shape, steps = [1, a, a * b];
    const at = Number(this.slider.value), { width, height } = picture;
    const [black, white] = scan.window, [low, high] = scan.range;
    const unit = (high - low) / 65535, whole = white - black || 1;
    for (let row = 0; row < height; row++) {
      // What is up or in front stands in the first row.
      let from = at * steps[axis] + (height - 1 - row) * steps[down], to = row * width;
      for (let column = 0; column < width; column++, from += steps[across], to++) {
        const grey = 255 * (low + scan.values[from] * unit - black) / whole;
        picture.photo[4 * to] = picture.photo[4 * to + 1] = picture.photo[4 * to + 2] = grey;
        picture.sides[0][to] = scan.sides[0][from];
        picture.sides[1][to] = scan.sides[1][from];
      }
    }
    const every = scan.whole[axis] / scan.shape[axis] > 1 ? `, every ${Math.round(scan.whole[axis] / scan.shape[axis])}. slice` : "";
    this.said.textContent = this.last ? `${this.title} ${at + 1} of ${this.last + 1}${every}` : "";
    picture.draw();
  }
}

function sliderOf(place, text, last, change) {
  const label = document.createElement("label"), slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: "0", max: String(last), step: "1" });
  label.className = "slider";
  const said = document.createElement("span");
  said.className = "quiet";
  said.textContent = text;
  label.append(said, slider);
  place.append(label);
  slider.addEventListener("input", change);
  return slider;
}

const VERTEX = `#version 300 es
out vec2 place;
void main() {
  place = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;
  gl_Position = vec4(place, 0.0, 1.0);
}`;
// Along each line of sight: the brightest value and all of them, and the first label with its surface in the light.
const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler3D;
precision highp usampler3D;
in vec2 place;
out vec4 colour;
uniform sampler3D values;
uniform usampler3D labels;
uniform sampler2D palette;
uniform mat3 turn;
uniform vec3 size;
uniform float opacity;
uniform int steps;
vec4 own(uint number) { return texelFetch(palette, ivec2(number & 255u, number >> 8u), 0); }
float solid(vec3 at) { return own(texture(labels, at).r).a; }
void main() {
  vec3 eye = turn * vec3(place * 0.74, -2.0), look = turn * vec3(0.0, 0.0, 1.0);
  vec3 near = (-size - eye) / look, far = (size - eye) / look;
  vec3 low = min(near, far), high = max(near, far);
  float from = max(max(low.x, low.y), low.z), to = min(min(high.x, high.y), high.z), most = 0.0, sum = 0.0;
  colour = vec4(0.04, 0.045, 0.05, 1.0);
  if (from >= to) return;
  vec4 hit = vec4(0.0);
  for (int step = 0; step < steps; step++) {
    vec3 at = (eye + look * mix(from, to, (float(step) + 0.5) / float(steps))) / size * 0.5 + 0.5;
    float value = texture(values, at).r;
    most = max(most, value);
    sum += value;
    vec4 found = own(texture(labels, at).r);
    if (found.a > 0.0) {
      vec3 one = 1.5 / vec3(textureSize(labels, 0)), normal = vec3(
        solid(at - vec3(one.x, 0, 0)) - solid(at + vec3(one.x, 0, 0)),
        solid(at - vec3(0, one.y, 0)) - solid(at + vec3(0, one.y, 0)),
        solid(at - vec3(0, 0, one.z)) - solid(at + vec3(0, 0, one.z)));
      float light = length(normal) > 0.0 ? 0.35 + 0.65 * abs(dot(normalize(normal), look)) : 0.8;
      hit = vec4(found.rgb * light, 1.0);
      break;
    }
  }
  vec3 grey = vec3(most * 0.25 + sum / float(steps) * (to - from) * 0.9);
  colour = vec4(hit.a > 0.0 ? mix(grey, hit.rgb, 0.35 + 0.65 * opacity) : grey, 1.0);
}`;

class Solid {
  constructor(place, scan, hidden) {
    Object.assign(this, { scan, hidden, yaw: 0.6, pitch: 0.35 });
    const canvas = document.createElement("canvas");
    this.pen = canvas.getContext("webgl2", { preserveDrawingBuffer: true, antialias: false });
    if (!this.pen) return;
    canvas.width = canvas.height = 420;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${place.dataset.name} in three dimensions`);
    const figure = document.createElement("figure"), said = document.createElement("figcaption");
    said.className = "quiet";
    said.textContent = "In three dimensions; drag to turn it";
    figure.append(canvas, said);
    this.sliders = ["Turn", "Tilt"].map((text) => sliderOf(figure, text, 360, () => {
      [this.yaw, this.pitch] = this.sliders.map((one) => (one.value - 180) * Math.PI / 180);
      this.draw();
    }));
    place.append(figure);
    canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons) return;
      this.yaw += event.movementX / 120;
      this.pitch = Math.max(-1.55, Math.min(1.55, this.pitch + event.movementY / 120));
      this.slide();
      this.draw();
    });
    this.slide();
    this.prepare();
    this.draw();
  }

  // The sliders stand where a drag has led, within one turn.
  slide() {
    [this.yaw, this.pitch].forEach((one, at) => {
      this.sliders[at].value = (((one * 180 / Math.PI + 180) % 360) + 360) % 360;
    });
  }

  prepare() {
    const pen = this.pen, program = pen.createProgram();
    for (const [kind, text] of [[pen.VERTEX_SHADER, VERTEX], [pen.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = pen.createShader(kind);
      pen.shaderSource(shader, text);
      pen.compileShader(shader);
      pen.attachShader(program, shader);
    }
    pen.linkProgram(program);
    pen.useProgram(program);
    this.place = Object.fromEntries(["values", "labels", "palette", "turn", "size", "opacity", "steps"].map((one) => [one, pen.getUniformLocation(program, one)]));
    pen.pixelStorei(pen.UNPACK_ALIGNMENT, 1);
    [["values", pen.TEXTURE_3D, pen.LINEAR], ["labels", pen.TEXTURE_3D, pen.NEAREST], ["palette", pen.TEXTURE_2D, pen.NEAREST]].forEach(([one, kind, way], unit) => {
      pen.activeTexture(pen.TEXTURE0 + unit);
      pen.bindTexture(kind, pen.createTexture());
      for (const end of [pen.TEXTURE_MIN_FILTER, pen.TEXTURE_MAG_FILTER]) pen.texParameteri(kind, end, way);
      for (const end of [pen.TEXTURE_WRAP_S, pen.TEXTURE_WRAP_T, pen.TEXTURE_WRAP_R]) pen.texParameteri(kind, end, pen.CLAMP_TO_EDGE);
      pen.uniform1i(this.place[one], unit);
    });
    // Every browser has room for so many voxels a side.
    this.shape = this.scan.shape.map((one) => Math.min(one, SOLID));
    const lengths = this.scan.shape.map((one, at) => one * this.scan.sizes[at]), longest = Math.hypot(...lengths);
    // Two for each voxel on the way: fewer would miss some, and more show nothing else.
    pen.uniform1i(this.place.steps, Math.min(400, Math.ceil(2 * Math.hypot(...this.shape))));
    pen.uniform3f(this.place.size, ...lengths.map((one) => one / longest));
    this.fill();
  }

  asked() {
    return [modeNow() === "difference", ...[...this.hidden].sort()].join();
  }

  // As the window, the classes and the way of comparing have it now.
  fill() {
    const { pen, scan, shape: [x, y, z] } = this;
    if (!pen) return;
    const values = new Uint8ClampedArray(x * y * z), labels = new Uint16Array(x * y * z);
    const [black, white] = scan.window, [low, high] = scan.range, unit = (high - low) / 65535;
    this.filled = this.asked();
    this.differs = modeNow() === "difference";
    const number = (side, at) => (this.hidden.has(scan.sides[side][at]) ? 0 : scan.sides[side][at]);
    const picks = [x, y, z].map((one, axis) => Array.from({ length: one }, (_, at) => Math.floor(at * scan.shape[axis] / one)));
    let to = 0;
    for (const c of picks[2]) for (const b of picks[1]) for (const a of picks[0]) {
      const from = a + scan.shape[0] * (b + scan.shape[1] * c), before = number(0, from), after = number(1, from);
      values[to] = 255 * (low + scan.values[from] * unit - black) / (white - black || 1);
      labels[to++] = !this.differs ? after : before === after ? 0 : before ? (after ? 3 : 2) : 1;
    }
    pen.activeTexture(pen.TEXTURE0);
    pen.texImage3D(pen.TEXTURE_3D, 0, pen.R8, x, y, z, 0, pen.RED, pen.UNSIGNED_BYTE, new Uint8Array(values.buffer));
    pen.activeTexture(pen.TEXTURE1);
    pen.texImage3D(pen.TEXTURE_3D, 0, pen.R16UI, x, y, z, 0, pen.RED_INTEGER, pen.UNSIGNED_SHORT, labels);
  }

  draw() {
    const pen = this.pen;
    if (!pen) return;
    if (this.filled !== this.asked()) this.fill();
    const colours = this.differs ? [ADDED, REMOVED, SWAPPED] : this.scan.classes.map((one) => rgb(one[1]));
    const palette = new Uint8Array(4 * 65536);
    colours.forEach((one, at) => palette.set([...one, 255], 4 * (at + 1)));
    pen.activeTexture(pen.TEXTURE2);
    pen.texImage2D(pen.TEXTURE_2D, 0, pen.RGBA, 256, 256, 0, pen.RGBA, pen.UNSIGNED_BYTE, palette);
    const [a, b] = [Math.cos(this.yaw), Math.sin(this.yaw)], [c, d] = [Math.cos(this.pitch), Math.sin(this.pitch)];
    // To the right, up, and away: as the planes have it, and then turned and tilted.
    pen.uniformMatrix3fv(this.place.turn, false, [a, b, 0, -b * d, a * d, c, -b * c, a * c, -d]);
    pen.uniform1f(this.place.opacity, opacity);
    pen.viewport(0, 0, 420, 420);
    pen.drawArrays(pen.TRIANGLES, 0, 3);
  }
}

// Shows a scan in a place; what is returned is drawn again with `draw`.
async function scanned(place, name, between) {
  const scan = await readScan(name);
  if (!scan) return [];
  scan.between = between;
  const hidden = new Set(), [x, y, z] = scan.shape, drawn = [];
  for (const plane of PLANES) {
    const others = scan.shape.filter((_, axis) => axis !== plane[1]);
    // Of one slice two of the planes are lines.
    if (Math.min(...others) < 2 && Math.max(...scan.shape) > 1) continue;
    drawn.push(new Plane(place, scan, plane, hidden));
  }
  if (Math.min(x, y, z) > 1) drawn.push(new Solid(place, scan, hidden));
  const all = () => drawn.forEach((one) => one.draw());
  const tools = document.createElement("div");
  tools.className = "scan-tools";
  ["Black at", "White at"].forEach((text, end) => {
    const [low, high] = scan.range, tell = () => {
      slider.previousSibling.textContent = `${text} ${Number(scan.window[end].toPrecision(4)).toLocaleString("en")}`;
    };
    const slider = sliderOf(tools, text, 1000, () => {
      scan.window[end] = low + (high - low) * slider.value / 1000;
      tell();
      drawn.forEach((one) => one.fill && one.fill());
      all();
    });
    slider.value = 1000 * (scan.window[end] - low) / (high - low || 1);
    tell();
  });
  if (scan.classes.length) tools.append(classBoxes(scan.classes, hidden, all));
  place.append(tools);
  return drawn;
}
