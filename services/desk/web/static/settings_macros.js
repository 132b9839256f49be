// Macros: found by typing, their placeholders put in, and how they will look.

import { $, $$, el } from "./dom.js";
import { shown } from "./settings.js";
import { says } from "./settings_says.js";

const samples = JSON.parse($("#samples").textContent);
const list = $('[data-list="macros"]');
const PLACE = /\{\{\s*([a-z_]+\.[a-z_]+)\s*(?:\|\s*default\([^{}]*?\)\s*)?\}\}/g;

function preview(row) {
  const text = $('[data-field="text"]', row).value;
  const made = [];
  let after = 0;
  for (const match of text.matchAll(PLACE)) {
    made.push(text.slice(after, match.index));
    const known = Object.hasOwn(samples, match[1]);
    made.push(el("mark", { class: known ? "known" : "unknown", title: match[1] }, known ? samples[match[1]] : `${match[0]} (${says("unknown_place")})`));
    after = match.index + match[0].length;
  }
  made.push(text.slice(after));
  $("[data-preview]", row).replaceChildren(...(text.trim() ? made : [el("span", { class: "faint" }, says("preview_empty"))]));
  const name = $('[data-field="name"]', row).value.trim();
  if (name) $("[data-title]", row).textContent = name;
  $(".macro-snooze", row).hidden = $('[data-field="status"]', row).value !== "snoozed";
}

function put(button) {
  const field = $('[data-field="text"]', button.closest("[data-row]"));
  field.setRangeText(`{{${button.dataset.place}}}`, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// A new macro has an id that no other one has.
function name(row) {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const id = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  row.dataset.item = JSON.stringify({ ...JSON.parse(row.dataset.item), id });
}

function find() {
  const words = $("#find").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of $$("[data-row]", list)) {
    const text = `${$('[data-field="name"]', row).value} ${$('[data-field="text"]', row).value}`.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
}

for (const row of $$("[data-row]", list)) preview(row);
list.addEventListener("input", (event) => preview(event.target.closest("[data-row]")));
list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-place]");
  if (button) put(button);
});
document.addEventListener("settings:row", ({ detail }) => {
  name(detail);
  preview(detail);
  list.prepend(detail);
  shown(list);
});
$("#find").addEventListener("input", (event) => {
  event.stopPropagation();
  find();
});
