// A page of settings: told what is unsaved and what is wrong, saved unless others came first.

import { $, $$, el, icon, say } from "./dom.js";
import { Refusal } from "./http.js";
import { collected, markAll, merged, unmark } from "./settings_form.js";
import { says } from "./settings_says.js";
import { startTimes } from "./time.js";
import { t } from "./words.js";

const form = $("#set");
const place = $("#said");
const state = $("#save-state");
let was = JSON.parse($("#was").textContent);
let before = "";
let busy = false;
const checks = [];

// Something to look at before saving: returns whether all is right, having marked what is not.
export function checking(check) {
  checks.push(check);
}

export const now = () => collected(form, was);

function startNav() {
  const nav = $("#nav");
  const narrow = matchMedia("(max-width: 699px)");
  const fold = () => (nav.open = !narrow.matches);
  narrow.addEventListener("change", fold);
  fold();
}

// Rows: added from their template, moved, removed.
export function shown(list) {
  const none = $$("[data-none]").find((each) => each.dataset.none === list.dataset.list);
  if (none) none.hidden = list.childElementCount > 0;
  list.hidden = list.childElementCount === 0;
}

function add(button) {
  const list = $$("[data-list]").find((each) => each.dataset.list === button.dataset.add);
  const row = document.getElementById(`row-${button.dataset.add}`).content.firstElementChild.cloneNode(true);
  list.append(row);
  shown(list);
  document.dispatchEvent(new CustomEvent("settings:row", { detail: row }));
  $("input, select, textarea", row)?.focus();
  changed();
}

function act(button) {
  const row = button.closest("[data-row]");
  const list = row.parentElement;
  if (button.dataset.act === "remove") {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    shown(list);
    say(says("removed"));
    const focus = next ? $("summary, input:not([disabled]), select:not([disabled])", next) : $$("[data-add]").find((each) => each.dataset.add === list.dataset.list);
    focus?.focus();
  } else {
    if (button.dataset.act === "up") row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    button.focus();
    say(says("moved", { place: [...list.children].indexOf(row) + 1 }));
  }
  changed();
}

// What is unsaved.
export const isDirty = () => JSON.stringify(now()) !== before;

function changed() {
  if (busy) return;
  const is = isDirty();
  form.classList.toggle("dirty", is);
  $("#undo").hidden = !is;
  if (is) tell("unsaved", "warn");
  else if (state.dataset.says !== "saved") tell("");
}

function tell(key, tone = "", values = {}) {
  state.dataset.says = key;
  state.className = tone;
  state.replaceChildren(...(key === "saved" ? [icon("check"), " "] : []), key ? says(key, values) : "");
}

// Saving.
async function put(value, tag) {
  let response;
  try {
    response = await fetch(`/api/v1/settings/${form.dataset.part}`, {
      method: "PUT",
      credentials: "same-origin",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-Desk": $('meta[name="csrf"]').content, "If-Match": `"${tag}"` },
      body: JSON.stringify(value),
    });
  } catch {
    throw new Refusal({ status: 0, detail: t("dialog.unreachable") });
  }
  if (response.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  const json = await response.json().catch(() => ({}));
  const etag = response.headers.get("ETag")?.replaceAll('"', "");
  if (!response.ok) throw new Refusal({ detail: t("dialog.failed", { status: response.status }), ...json, status: response.status, etag });
  return { value: json, etag };
}

async function save(value = now(), tag = form.dataset.tag) {
  if (busy) return false;
  unmark(form);
  place.replaceChildren();
  if (!checks.every((check) => check())) {
    tell("wrong", "bad");
    return false;
  }
  busy = true;
  tell("saving");
  try {
    const saved = await put(value, tag);
    was = saved.value;
    form.dataset.tag = saved.etag;
    before = JSON.stringify(now());
    form.classList.remove("dirty");
    $("#undo").hidden = true;
    tell("saved", "good");
    document.dispatchEvent(new CustomEvent("settings:saved"));
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refused(error.problem, value);
    return false;
  } finally {
    busy = false;
  }
}

function refused(problem, mine) {
  if (problem.status === 412) {
    conflict(problem, mine);
    return;
  }
  const errors = problem.errors ?? [];
  const homeless = markAll(form, errors);
  if (errors.length && !homeless.length) tell("wrong", "bad");
  else {
    const told = homeless.map((each) => each.detail).join(" ");
    tell("failed", "bad", { detail: told || problem.detail });
  }
}

// Somebody else came first: what they changed, and what can be done.
function conflict(problem, mine) {
  tell("");
  const who = problem.by;
  const changes = (problem.changes ?? []).map((each) =>
    el("li", {}, el("b", {}, each.label), ": ", el("del", {}, brief(each.before)), " → ", el("ins", {}, brief(each.after))),
  );
  const take = el("button", { type: "button", onclick: leave }, says("conflict_take"));
  const on = async () => {
    const both = merged(was, mine, { ...problem.current });
    before = JSON.stringify(now());
    if (await save(both, problem.etag)) {
      sessionStorage.setItem("desk.saved", "1");
      leave();
    } else before = "";
  };
  place.replaceChildren(
    el(
      "section",
      { class: "conflict", role: "alert" },
      el("h2", {}, who ? says("conflict", { who }) : says("conflict_somebody"), problem.at ? el("time", { class: "faint small", datetime: problem.at }) : null),
      changes.length ? el("p", {}, says("conflict_what")) : null,
      changes.length ? el("ul", {}, ...changes) : null,
      el("p", { class: "help" }, says("conflict_how")),
      el("p", { class: "conflict-acts" }, take, el("button", { type: "button", class: "main", onclick: on }, says("conflict_mine"))),
    ),
  );
  place.scrollIntoView({ block: "start" });
  place.focus();
}

function brief(value) {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return says("nothing");
  if (typeof value !== "object") return String(value).slice(0, 200);
  const inside = Array.isArray(value) ? value : Object.values(value).filter((each) => each !== null && each !== "");
  return inside.map(brief).join(Array.isArray(value) ? ", " : " · ").slice(0, 200);
}

function leave() {
  before = JSON.stringify(now());
  location.reload();
}

function start() {
  for (const list of $$("[data-list]", form)) shown(list);
  before = JSON.stringify(now());
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.add) add(button);
    else if (button?.dataset.act) act(button);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  form.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=checkbox])");
    if ((event.ctrlKey || event.metaKey) && (event.key === "s" || event.key === "Enter")) {
      event.preventDefault();
      save();
    } else if (event.key === "Enter" && typing) event.preventDefault();
  });
  $("#undo").addEventListener("click", leave);
  window.addEventListener("beforeunload", (event) => isDirty() && event.preventDefault());
  document.addEventListener("settings:changed", changed);
  if (sessionStorage.getItem("desk.saved")) {
    sessionStorage.removeItem("desk.saved");
    tell("saved", "good");
  }
}

startTimes();
startNav();
// Further modules of the page say before that how their fields are read.
if (form) document.addEventListener("DOMContentLoaded", start);
