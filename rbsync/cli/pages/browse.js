// The list of datapoints, of which only those in view are there, and the page of one of them.
const byId = (id) => document.getElementById(id);
const CARD = { width: 176, height: 196 }, PAGE = 100, KEPT = 40;
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb]/g;
const pages = new Map(), cards = new Map();
const filters = ["words", "status", "folder", "category", "order", "least", "largest"];
let total = 0, across = 1, width = CARD.width, current = 0, asked = 0, drawings = [], planned = false;

// What cannot be seen is spelt out: else a name could look like another one.
function shown(text) {
  return String(text).replace(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function made(tag, text, kind) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = shown(text);
  if (kind) element.className = kind;
  return element;
}

async function read(path, given) {
  const answer = await fetch(`${path}?${new URLSearchParams(given)}`);
  return answer.json();
}

function wanted() {
  const given = Object.fromEntries(filters.map((one) => [one, byId(one).value]).filter(([, value]) => value));
  for (const bound of ["least", "largest"]) if (given[bound]) given[bound] = Math.round(given[bound] * 1024);
  return given;
}

async function page(number) {
  if (!pages.has(number)) {
    // Pages that were looked at long ago are asked for again: not all of 100,000 are kept.
    if (pages.size >= KEPT) pages.delete(pages.keys().next().value);
    const turn = asked;
    pages.set(number, read("rows", { ...wanted(), at: number * PAGE, most: PAGE }).then((found) => {
      if (turn === asked) total = found.total;
      return found.rows;
    }));
  }
  return pages.get(number);
}

async function begin() {
  const turn = ++asked;
  pages.clear();
  await page(0);
  if (turn !== asked) return;
  current = Math.min(current, Math.max(0, total - 1));
  byId("count").textContent = `${total.toLocaleString("en")} shown`;
  // A run that goes on lays the list anew, and whoever stands in it with the keyboard stays there.
  const stood = byId("grid").contains(document.activeElement);
  cards.forEach((card) => card.remove());
  cards.clear();
  laid();
  if (stood && total) focusOn(current);
}

function laid() {
  const grid = byId("grid");
  across = Math.max(1, Math.floor(grid.clientWidth / CARD.width));
  width = grid.clientWidth / across;
  grid.style.height = `${Math.ceil(total / across) * CARD.height}px`;
  draw();
}

function draw() {
  if (byId("list").hidden) return;
  const top = byId("grid").getBoundingClientRect().top;
  const first = Math.max(0, Math.floor(-top / CARD.height) - 1) * across;
  const last = Math.min(total, (Math.ceil((innerHeight - top) / CARD.height) + 1) * across);
  for (const [at, card] of cards) if ((at < first || at >= last) && at !== current) { card.remove(); cards.delete(at); }
  for (let at = first; at < last; at++) if (!cards.has(at)) put(at);
}

function put(at) {
  const card = made("li"), link = made("a"), turn = asked;
  Object.assign(card.style, { width: `${width}px`, height: `${CARD.height}px`,
    transform: `translate(${(at % across) * width}px, ${Math.floor(at / across) * CARD.height}px)` });
  card.setAttribute("aria-setsize", total);
  card.setAttribute("aria-posinset", at + 1);
  link.tabIndex = at === current ? 0 : -1;
  link.href = "#";
  link.addEventListener("click", () => stand(at));
  card.append(link);
  cards.set(at, card);
  // In the order of places, so that a screen reader meets them as they are seen.
  const next = [...byId("grid").children].find((one) => Number(one.getAttribute("aria-posinset")) > at + 1);
  byId("grid").insertBefore(card, next || null);
  page(Math.floor(at / PAGE)).then((rows) => turn === asked && cards.get(at) === card && fill(link, rows[at % PAGE]));
}

function fill(link, row) {
  if (!row) return;
  const frame = made("span", "", "frame"), image = new Image();
  link.href = `#${encodeURIComponent(row.name)}`;
  link.title = shown(row.said || row.name);
  image.alt = "";
  image.decoding = "async";
  image.onerror = () => image.replaceWith(made("span", "no picture", "quiet"));
  // Not while it flies by: a scroll to the end would ask for all of them.
  setTimeout(() => { if (link.isConnected) image.src = `thumbnail?name=${encodeURIComponent(row.name)}`; }, 90);
  frame.append(image);
  link.replaceChildren(frame, made("span", row.name, "name"), made("span", row.status, `state ${row.status.replace(" ", "-")}`));
}

function move(event) {
  const rows = Math.max(1, Math.floor(innerHeight / CARD.height));
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across,
    PageDown: rows * across, PageUp: -rows * across, Home: -total, End: total };
  if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  focusOn(Math.min(total - 1, Math.max(0, current + steps[event.key])));
}

// One of the list can be reached by Tab: the one where somebody was last.
function stand(at) {
  const before = cards.get(current);
  if (before) before.firstChild.tabIndex = -1;
  current = at;
  const link = cards.get(at)?.firstChild;
  if (link) link.tabIndex = 0;
}

function focusOn(at) {
  stand(at);
  const grid = byId("grid"), top = grid.getBoundingClientRect().top + scrollY + Math.floor(at / across) * CARD.height;
  if (top < scrollY) scrollTo(0, top);
  else if (top + CARD.height > scrollY + innerHeight) scrollTo(0, top + CARD.height - innerHeight);
  draw();
  if (!cards.has(at)) put(at);
  const link = cards.get(at).firstChild;
  link.tabIndex = 0;
  link.focus({ preventScroll: true });
}

function options(id, found) {
  const select = byId(id), chosen = select.value;
  const all = select.firstElementChild;
  select.replaceChildren(all, ...found.map(([value, number]) => {
    const option = made("option", `${value} (${number.toLocaleString("en")})`);
    option.value = value;
    return option;
  }));
  select.value = chosen;
}

async function count() {
  const found = await read("counts", {});
  for (const id of ["status", "folder", "category"]) options(id, found[id]);
  tell(found.status);
  byId("why").hidden = found.is_planned && !found.why;
  byId("why").textContent = found.is_planned ? `There is no plan: ${shown(found.why)}` : "The plan is being made.";
  // What is planned has another status from now on, and without a state the first rows come now.
  if ((found.is_planned && !planned) || (!total && found.status.length)) { planned = found.is_planned; begin(); }
  // Classes of many labels are read meanwhile.
  if (!found.is_done) setTimeout(count, 2000);
}

function tell(counts) {
  byId("counts").replaceChildren(...counts.map(([status, number]) => {
    const one = made("li", undefined, status.replace(" ", "-"));
    one.append(made("b", number.toLocaleString("en")), ` ${status}`);
    return one;
  }));
}

function follow() {
  const events = new EventSource("events");
  events.onmessage = ({ data }) => {
    const found = JSON.parse(data), running = byId("running");
    if (found.error) return;
    const counts = Object.entries(found.counts).sort();
    tell(counts);
    running.hidden = !found.running;
    if (found.running) {
      const seconds = Math.max(0, Math.round(Date.now() / 1000 - found.running.since));
      running.textContent = `A run is at work (${shown(found.running.who)}, since ${seconds} s): ${counts.map(([one, number]) => `${number.toLocaleString("en")} ${one}`).join(", ")}.`;
    }
    if (found.number && !byId("list").hidden) begin();
    if (found.number) count();
  };
}

async function open() {
  const name = decodeURIComponent(location.hash.slice(1));
  byId("list").hidden = Boolean(name);
  byId("one").hidden = !name;
  document.title = name ? `${shown(name)} - rbsync browse` : "rbsync browse";
  if (!name) {
    laid();
    if (cards.size) focusOn(current);
    return;
  }
  drawings = [];
  byId("title").textContent = shown(name);
  byId("said").textContent = "";
  for (const id of ["figures", "scan", "facts"]) {
    byId(id).replaceChildren();
    byId(id).hidden = false;
    delete byId(id).dataset.ready;
  }
  byId("title").focus();
  scrollTo(0, 0);
  for (const id of ["earlier", "later"]) byId(id).hidden = true;
  const found = await read("datapoint", { name });
  neighbours(name);
  if (decodeURIComponent(location.hash.slice(1)) === name) tellOne(found);
}

function tellOne(found) {
  if (found.error) { byId("said").textContent = shown(found.error); return; }
  byId("said").textContent = shown([found.status, found.said, found.labels].filter(Boolean).join(" · "));
  document.querySelector(`input[value=${found.changes ? "difference" : "one"}]`).checked = true;
  draws(found, found.name).then(() => found.is_scan && leads(found));
  const facts = byId("facts");
  const add = (title, ...parts) => parts.length && facts.append(made("h2", title), ...parts);
  if (found.changes?.classes.length) add("Changes", table(found.changes.classes, found.between));
  add("Conflict", ...waysOf(found));
  add("Items", list(found.items, "ol"));
  add("Metadata", ...described(found));
  add("History", ...found.life.map((one, at) => lived(found.name, one, at)));
  add("Commands", ...found.commands.flatMap((one) => [made("p", one.what, "quiet"), made("code", one.command)]));
  facts.dataset.ready = "true";
}

// Those before and after it in the list, where it was found in the list.
async function neighbours(name) {
  const at = current, found = await Promise.all([at - 1, at, at + 1].map(async (one) => one < 0 ? undefined : (await page(Math.floor(one / PAGE)))[one % PAGE]));
  [["earlier", found[0]], ["later", found[2]]].forEach(([id, row]) => {
    byId(id).hidden = !row || !found[1] || found[1].name !== name;
    if (row) byId(id).href = `#${encodeURIComponent(row.name)}`;
  });
}

async function draws({ pictures: contents, between }, name, at) {
  const place = byId("figures"), made_ = [];
  delete place.dataset.ready;
  place.replaceChildren();
  place.className = contents.length > 1 ? "strip" : "";
  if (!contents.length) place.append(made("p", "no picture", "quiet"));
  // Of frames with the same classes one box hides a class in all.
  const alike = contents.length > 1 && new Set(contents.map((one) => JSON.stringify(one.classes))).size === 1;
  const hidden = alike ? new Set() : undefined;
  for (const content of contents) {
    const figure = made("figure");
    figure.dataset.name = shown(name);
    if (content.title) figure.append(made("figcaption", content.title, "quiet"));
    place.append(figure);
    const picture = await drawing(figure, { ...content, between }, hidden);
    made_.push(picture);
    if (Math.max(...content.size) <= LARGE) continue;
    new Zoom(picture, async (part) => {
      const answer = await fetch(`part?${new URLSearchParams({ name, title: content.title, part: part.join(), at: at ?? "" })}`);
      return answer.status === 200 ? answer.json() : null;
    });
  }
  if (alike && contents[0].classes.length) place.append(classBoxes(contents[0].classes, hidden, () => made_.forEach((one) => one.draw())));
  drawings = made_;
  place.dataset.ready = "true";
}

// All slices of a scan. Its planes say no more then, unless there are boxes on them.
async function leads({ name, pictures, between }) {
  const place = byId("scan");
  place.dataset.name = shown(name);
  const scans = await scanned(place, name, between);
  if (decodeURIComponent(location.hash.slice(1)) !== name) return;
  drawings.push(...scans);
  byId("figures").hidden = scans.length > 0 && pictures.every((one) => one.objects.every((side) => !side.length));
  place.dataset.ready = "true";
}

function list(texts, tag) {
  const found = made(tag);
  found.append(...texts.slice(0, 200).map((one) => made("li", one)));
  return found;
}

function described(found) {
  const told = Object.entries(found.metadata).map(([key, value]) => `${key}: ${value}`);
  if (found.ground_truth) told.push("ground truth");
  if (found.priority !== null) told.push(`priority ${found.priority}`);
  if (found.size !== null) told.push(`${found.size.toLocaleString("en")} bytes`);
  return told.length ? [list(told, "ul")] : [];
}

function table(classes, between) {
  const box = made("div", undefined, "scroll"), found = made("table"), head = found.createTHead().insertRow();
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Classes");
  for (const one of ["class", ...between, "gained", "lost"]) {
    const cell = made("th", one[0].toUpperCase() + one.slice(1));
    cell.scope = "col";
    head.append(cell);
  }
  const body = found.createTBody();
  for (const one of classes) {
    const row = body.insertRow(), name = made("th", one.name);
    name.scope = "row";
    row.append(name, ...["before", "after", "gained", "lost"].map((key) => made("td", one[key].toLocaleString("en"))));
  }
  box.append(found);
  return box;
}

function lived(name, one, at) {
  const line = made("p", `${new Date(one.time * 1000).toISOString().slice(0, 19).replace("T", " ")} ${one.verb} ${one.facets.join(", ")} ${one.labels}`);
  if (one.has_before) {
    looked(line, "compare", name, at).lastChild.setAttribute("aria-label", `Compare with what was there before ${one.verb} of run ${one.run}`);
  }
  return line;
}

// The pairs of sides of a conflict, of which one is shown.
function waysOf({ name, ways }) {
  const lines = ways.map((one) => looked(made("p"), one.text, name, one.at));
  const buttons = lines.map((one) => one.lastChild);
  const press = (at) => buttons.forEach((one, other) => one.setAttribute("aria-pressed", other === at));
  buttons.forEach((one, at) => one.addEventListener("click", () => press(at)));
  press(0);
  return lines;
}

// A button that shows two versions, of which the server knows one by `at`.
function looked(line, text, name, at) {
  const button = made("button", text);
  button.type = "button";
  button.onclick = async () => {
    const found = await read("version", { name, at });
    byId("said").textContent = shown(`${found.between ? `${found.between.join(" and ")}: ` : ""}${found.labels || "nothing differs"}`);
    document.querySelector("input[value=pair]").checked = true;
    byId("figures").hidden = false;
    draws(found, name, at);
  };
  line.append(" ", button);
  return line;
}

filters.forEach((one) => byId(one).addEventListener("input", () => { current = 0; begin(); }));
document.querySelectorAll("input[name=mode]").forEach((one) => one.addEventListener("change", () => drawings.forEach((each) => each.draw())));
byId("opacity").addEventListener("input", () => { opacity = byId("opacity").value / 100; drawings.forEach((each) => each.draw()); });
byId("grid").addEventListener("keydown", move);
addEventListener("keydown", (event) => {
  if (byId("one").hidden) return;
  if (event.key === "Escape") location.hash = "";
  // A slider or a choice has the arrows for itself.
  const id = { ArrowLeft: "earlier", ArrowRight: "later" }[event.key];
  if (id && !byId(id).hidden && !event.target.matches("input, select, [role=region]")) byId(id).click();
});
[["earlier", -1], ["later", 1]].forEach(([id, step]) => byId(id).addEventListener("click", () => stand(current + step)));
addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
addEventListener("resize", () => { cards.forEach((card) => card.remove()); cards.clear(); laid(); });
addEventListener("hashchange", open);
begin().then(() => {
  document.body.dataset.ready = "true";
  if (location.hash.length > 1) open();
  count();
  follow();
});
