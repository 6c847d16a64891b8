"use strict";
// What the page can do beyond being read: copy numbers, and read values off curves. Without it nothing is missing but that.
if (!matchMedia("(min-width: 68rem)").matches) document.querySelector(".contents").removeAttribute("open");

// On paper nothing can be unfolded.
for (const event of ["beforeprint", "afterprint"]) {
  addEventListener(event, () => {
    for (const fold of document.querySelectorAll("main details")) {
      if (event === "beforeprint") fold.dataset.was = fold.open ? "open" : "";
      fold.open = event === "beforeprint" || fold.dataset.was === "open";
    }
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages opened from disk have no clipboard in some browsers.
    const area = Object.assign(document.createElement("textarea"), {value: text, className: "hidden"});
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function rowsOf(figure) {
  const numbers = figure.querySelector("script.numbers");
  if (numbers) return JSON.parse(numbers.textContent);
  return [...figure.querySelectorAll("tr")].map(row => [...row.cells].map(cell => cell.innerText.trim()));
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const rows = rowsOf(button.closest("figure"));
    const decimal = Intl.NumberFormat(document.documentElement.lang).format(0.5)[1];
    const shown = value => value === null ? "" : typeof value === "number" ? String(value).replace(".", decimal) : value;
    const done = await copy(rows.map(row => row.map(shown).join("\t")).join("\n"));
    button.nextElementSibling.textContent = done ? button.dataset.done : button.dataset.failed;
    setTimeout(() => { button.nextElementSibling.textContent = ""; }, 4000);
  });
}

for (const reader of document.querySelectorAll(".reader")) {
  const figure = reader.closest("figure"), slider = reader.querySelector("input"), told = reader.querySelector("output");
  const points = rowsOf(figure).slice(1), names = JSON.parse(reader.dataset.names);
  const end = Math.max(...points.map(row => row[1]));
  const percent = Intl.NumberFormat(document.documentElement.lang, {style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1});
  const at = (group, day) => points.filter(row => row[0] === group && row[1] <= day).at(-1);
  const last = group => Math.max(0, ...points.filter(row => row[0] === group).map(row => row[1]));
  Object.assign(slider, {min: 0, max: end, value: Math.round(end / 2)});
  reader.hidden = false;

  const tell = () => {
    const day = Number(slider.value), parts = [];
    for (const [group, name] of Object.entries(names)) {
      const row = at(group, day);
      if (!row || day > last(group) || row[2] === null) continue;
      const limits = row[3] === null || row[4] === null ? "" : ` (${percent.format(row[3])} – ${percent.format(row[4])})`;
      parts.push(`${name} ${percent.format(row[2])}${limits}`);
    }
    told.value = `${day} ${reader.dataset.unit}: ${parts.join("; ")}`;
    slider.setAttribute("aria-valuetext", told.value);
    for (const drawing of figure.querySelectorAll(".drawing")) guide(drawing, day / end);
  };

  // The axes are the second patch of the drawing; their right edge lies a hundredth beyond the last point.
  const axesOf = drawing => drawing.querySelector('[id$="patch_2"]')?.getBoundingClientRect();
  const guide = (drawing, part) => {
    const axes = axesOf(drawing), line = drawing.querySelector(".guide"), box = drawing.getBoundingClientRect();
    if (!axes || !axes.width) return;
    line.style.left = `${axes.left - box.left + part / 1.01 * axes.width}px`;
    line.style.top = `${axes.top - box.top}px`;
    line.style.height = `${axes.height}px`;
  };

  for (const drawing of figure.querySelectorAll(".drawing")) {
    drawing.append(Object.assign(document.createElement("span"), {className: "guide"}));
    drawing.addEventListener("pointermove", event => {
      const axes = axesOf(drawing);
      slider.value = Math.round((event.clientX - axes.left) / axes.width * 1.01 * end);
      tell();
    });
  }
  slider.addEventListener("input", tell);
  addEventListener("resize", tell);
  tell();
}
