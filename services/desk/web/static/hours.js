// A week to paint: what is typed for each day says what counts, painting types it.

import { $, $$, el } from "./dom.js";
import { checking } from "./settings.js";
import { mark, reads } from "./settings_form.js";
import { says } from "./settings_says.js";
import { asSettings, covers, DAY, painted, parsed, said, touches } from "./spans.js";

const STEP = 30;
const MANY = DAY / STEP;
const days = $$("[data-day]");
const names = days.map((day) => $(`label[for="${day.id}"]`).textContent);
const week = $("#week");
const clock = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

const spans = () => days.map((day) => parsed(day.value) ?? []);

reads("week", () => days.flatMap((day) => asSettings(day.dataset.day, parsed(day.value) ?? [])));

checking(() => {
  const wrong = days.filter((day) => parsed(day.value) === null);
  for (const day of wrong) mark(day, says("hours_wrong"));
  wrong[0]?.focus();
  return wrong.length === 0;
});

// cells[day][step]
const cells = days.map((_, day) =>
  Array.from({ length: MANY }, (_, step) => el("div", { role: "gridcell", class: step % 2 ? "half" : "hour", tabindex: "-1", "data-at": `${day},${step}` })),
);

function build() {
  const hours = Array.from({ length: 24 }, (_, hour) => el("div", { role: "columnheader", class: "week-hour", "aria-colspan": "2" }, el("span", { class: hour % 3 ? "said" : undefined }, String(hour))));
  week.append(
    el(
      "div",
      { role: "grid", class: "week", "aria-label": says("week"), "aria-describedby": "week-keys", "aria-multiselectable": "true" },
      el("div", { role: "row", class: "week-row" }, el("div", { role: "columnheader", class: "week-day" }, el("span", { class: "said" }, says("week"))), ...hours),
      ...cells.map((row, day) => el("div", { role: "row", class: "week-row" }, el("div", { role: "rowheader", class: "week-day" }, names[day]), ...row)),
    ),
  );
  cells[0][18].tabIndex = 0;
  week.hidden = false;
  // Where there is no room for the whole day, it begins in the morning.
  week.scrollLeft = cells[0][14].offsetLeft - cells[0][0].offsetLeft;
}

function show() {
  const now = spans();
  for (const [day, row] of cells.entries()) {
    const eve = now[(day + 6) % 7].map(([from, until]) => [from - DAY, until - DAY]);
    const all = [...now[day], ...eve];
    for (const [step, cell] of row.entries()) {
      const [from, until] = [step * STEP, (step + 1) * STEP];
      const open = covers(all, from, until);
      const some = !open && touches(all, from, until);
      cell.classList.toggle("open", open);
      cell.classList.toggle("some", some);
      cell.setAttribute("aria-selected", String(open || some));
      cell.setAttribute("aria-label", `${names[day]} ${clock(from)}–${clock(until)}, ${says(open || some ? "open" : "closed")}`);
    }
  }
}

const place = (cell) => cell.dataset.at.split(",").map(Number);

// Paint the rectangle between two cells.
function paint(one, other, open, base = spans()) {
  const [[a, b], [c, d]] = [place(one), place(other)];
  let now = base;
  for (let day = Math.min(a, c); day <= Math.max(a, c); day += 1) {
    now = painted(now, day, Math.min(b, d) * STEP, (Math.max(b, d) + 1) * STEP, open);
  }
  for (const [day, field] of days.entries()) {
    const text = said(now[day]);
    if (parsed(field.value) !== null && text !== said(parsed(field.value))) field.value = text;
  }
  show();
  document.dispatchEvent(new CustomEvent("settings:changed"));
}

function byPointer() {
  let from = null;
  let open = true;
  let base = [];
  week.addEventListener("pointerdown", (event) => {
    const cell = event.target.closest("[data-at]");
    if (!cell || event.button !== 0) return;
    if (event.pointerType !== "touch") event.preventDefault();
    [from, open, base] = [cell, cell.getAttribute("aria-selected") !== "true", spans()];
    if (event.pointerType === "touch") return; // it may be scrolling: `click` tells
    focus(cell);
    paint(from, cell, open, base);
  });
  week.addEventListener("pointermove", (event) => {
    if (!from || event.pointerType === "touch") return;
    const cell = document.elementFromPoint(event.clientX, event.clientY)?.closest("#week [data-at]");
    if (cell) paint(from, cell, open, base);
  });
  week.addEventListener("click", (event) => {
    if (event.pointerType !== "touch" || !from) return;
    paint(from, from, open, base);
    from = null;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, (event) => {
      if (event.pointerType !== "touch") from = null;
    });
  }
}

function focus(cell) {
  for (const old of $$('[data-at][tabindex="0"]', week)) old.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus({ preventScroll: false });
}

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -MANY], End: [0, MANY], PageUp: [-7, 0], PageDown: [7, 0] };
const within = (value, most) => Math.max(0, Math.min(most, value));

function byKeys() {
  week.addEventListener("keydown", (event) => {
    const cell = event.target.closest("[data-at]");
    if (!cell || event.ctrlKey || event.altKey || event.metaKey) return;
    const [day, step] = place(cell);
    const move = MOVES[event.key];
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      paint(cell, cell, cell.getAttribute("aria-selected") !== "true");
    } else if (move) {
      event.preventDefault();
      const next = cells[within(day + move[0], 6)][within(step + move[1], MANY - 1)];
      if (event.shiftKey) paint(cell, next, cell.getAttribute("aria-selected") === "true");
      focus(next);
    }
  });
}

build();
show();
byPointer();
byKeys();
for (const day of days) day.addEventListener("input", show);
