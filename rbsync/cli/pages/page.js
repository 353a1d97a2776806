// Shows the pictures of a page that come into view, and hides what a filter leaves out.
const data = JSON.parse(document.getElementById("pictures").textContent);
const drawn = new Map();

async function show(figure) {
  if (drawn.has(figure)) return;
  drawn.set(figure, null);
  drawn.set(figure, await drawing(figure, data[figure.dataset.picture]));
  figure.dataset.ready = "true";
}

const figures = document.querySelectorAll("figure[data-picture]");
const seen = new IntersectionObserver(
  (entries) => entries.forEach((one) => one.isIntersecting && show(one.target)), { rootMargin: "400px" });
figures.forEach((one) => seen.observe(one));
addEventListener("beforeprint", () => figures.forEach(show));
document.querySelectorAll("input[name=mode]").forEach((one) =>
  one.addEventListener("change", () => drawn.forEach((picture) => picture && picture.draw())));

const filters = [...document.querySelectorAll("[data-filter]")];
function fits(element, filter) {
  const wanted = filter.value;
  if (!wanted) return true;
  if (filter.dataset.filter === "name") return element.dataset.text.includes(wanted.toLowerCase());
  const own = element.dataset[filter.dataset.filter];
  return own !== undefined && own.split("\n").includes(wanted);
}
function filterAll() {
  let count = 0;
  for (const one of document.querySelectorAll("[data-text]")) {
    one.hidden = !filters.every((filter) => fits(one, filter));
    count += !one.hidden;
  }
  for (const one of document.querySelectorAll("[data-group]"))
    one.hidden = !one.querySelector("[data-text]:not([hidden])");
  document.getElementById("count").textContent = `${count.toLocaleString("en")} shown`;
}
function ready() {
  // Rows are written without what can be told from where they stand.
  for (const row of document.querySelectorAll(".rows li")) {
    const group = row.closest("details");
    const section = row.closest("section");
    row.dataset.text = (group.dataset.folder + row.textContent).toLowerCase();
    row.dataset.folder = group.dataset.folder;
    row.dataset.action = section.dataset.action;
    row.dataset.reason = row.dataset.reason || "";
  }
}
ready();
filters.forEach((one) => one.addEventListener("input", filterAll));
