// What narrows the list: search, order, the panel of filters and the chips of those that are set.

import { $, $$, el } from "./dom.js";
import { get } from "./http.js";
import { key } from "./keys.js";
import { filters, go, params, sort } from "./where.js";
import { t } from "./words.js";

const form = $("#filters");
const button = $("#filter");
const search = $('#search input[type="search"]');

// A day is meant from its start to its end, where the agent is.
const dayToTime = (name, day) => {
  const at = new Date(`${day}T00:00`);
  if (name.endsWith("_before")) at.setDate(at.getDate() + 1);
  return at.toISOString();
};
const timeToDay = (name, time) => {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "";
  if (name.endsWith("_before")) at.setDate(at.getDate() - 1);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
};

function fill() {
  const set = filters();
  for (const input of $$("input, select", form)) {
    const values = set.getAll(input.name);
    if (input.type === "checkbox") input.checked = values.includes(input.value);
    else if (input.type === "date") input.value = values[0] ? timeToDay(input.name, values[0]) : "";
    else input.value = values.join(", ");
  }
}

function read() {
  const set = new URLSearchParams();
  for (const input of $$("input, select", form)) {
    const value = input.value.trim();
    if (input.type === "checkbox") {
      if (input.checked) set.append(input.name, value);
    } else if (!value) continue;
    else if (input.type === "date") set.append(input.name, dayToTime(input.name, value));
    else if ("many" in input.dataset) for (const one of value.split(",")) one.trim() && set.append(input.name, one.trim());
    else set.append(input.name, value);
  }
  return set;
}

function narrow(set, { keepSearch = true } = {}) {
  go((next) => {
    for (const name of new Set(filters().keys())) if (name !== "q" || !keepSearch) next.delete(name);
    for (const [name, value] of set) next.append(name, value);
  });
}

export function shut({ focus = true } = {}) {
  if (form.hidden) return;
  form.hidden = true;
  button.setAttribute("aria-expanded", "false");
  if (focus) button.focus();
}

function show() {
  fill();
  form.hidden = false;
  button.setAttribute("aria-expanded", "true");
  $("input, select", form).focus();
  knowTags();
}

let known = false;
async function knowTags() {
  if (known) return;
  known = true;
  const answer = await get("/api/v1/tags").catch(() => []);
  const tags = (Array.isArray(answer) ? answer : answer.items || []).map((tag) => tag.name ?? tag);
  $("#known-tags").replaceChildren(...tags.map((tag) => el("option", { value: tag })));
}

let typed = 0;
function find() {
  clearTimeout(typed);
  const words = search.value.trim();
  if (words === (params().get("q") || "")) return;
  go((next) => (words ? next.set("q", words) : next.delete("q")));
}

function shown() {
  const set = [...filters().keys()].filter((name) => name !== "q");
  button.classList.toggle("main", set.length > 0);
  button.classList.toggle("plain", set.length === 0);
  const words = set.length ? t("list.filter.active", { count: set.length }) : t("list.filter.title");
  button.setAttribute("aria-label", words);
  button.title = `${words} (f)`;
  if (document.activeElement !== search) search.value = params().get("q") || "";
  $("#sort").value = sort().replace(/^[+ ]/, "");
}

export function startFilters() {
  button.addEventListener("click", () => (form.hidden ? show() : shut()));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const set = read();
    shut();
    narrow(set);
  });
  form.addEventListener("keydown", (event) => event.key === "Escape" && shut());
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest("#filters, #filter, dialog")) shut({ focus: false });
  });
  $("#filters-clear").addEventListener("click", () => {
    shut();
    narrow([], { keepSearch: false });
  });
  $("#list-body").addEventListener("click", (event) => {
    const chip = event.target.closest("[data-unfilter]");
    if (event.target.closest("[data-unfilter-all]")) narrow([], { keepSearch: false });
    if (!chip) return;
    const { unfilter: name, value } = chip.dataset;
    go((next) => {
      const rest = next.getAll(name).filter((one) => one !== value);
      next.delete(name);
      for (const one of rest) next.append(name, one);
    });
  });
  $("#search").addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  search.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(find, 350);
  });
  search.addEventListener("keydown", (event) => event.key === "Escape" && !search.value && search.blur());
  $("#sort").addEventListener("change", (event) => go((next) => next.set("sort", event.target.value)));
  document.addEventListener("desk:moved", shown);
  document.addEventListener("desk:listed", shown);
  key("/", t("keys.search"), () => search.focus(), { group: "list" });
  key("f", t("keys.filter"), () => (form.hidden ? show() : shut()), { group: "list" });
  shown();
}

export const filtersNow = () => (form.hidden ? filters() : withSearch(read()));

function withSearch(set) {
  if (params().get("q")) set.set("q", params().get("q"));
  return set;
}
