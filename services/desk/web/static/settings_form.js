// A form of settings, as a document: what its fields say, and where what is wrong is told.
//
// A field has `data-path`, where its value stands in the settings, and `data-type`. A list has
// `data-list`; each row of it keeps the whole member in `data-item`, and its fields have
// `data-field`, where they stand in the member ("" where the member is the value itself).

import { $$, el } from "./dom.js";

const SECONDS = { seconds: 1, minutes: 60, hours: 3600, days: 86400 };

// What a number field says; what is no number goes as it is, for the server to tell.
function number(text) {
  const plain = text.trim().replace(",", ".");
  return plain !== "" && Number.isFinite(Number(plain)) ? Number(plain) : text;
}

function duration(text, unit) {
  const many = number(text);
  return typeof many === "number" && many >= 0 ? `PT${Math.round(many * SECONDS[unit] * 1e6) / 1e6}S` : text;
}

const parts = (text, divider) => text.split(divider).map((each) => each.trim()).filter(Boolean);
const boxes = (place, on) => $$('input[type="checkbox"]', place).filter((box) => box.checked === on).map((box) => box.value);

const readers = {
  text: (field) => field.value.trim(),
  optional: (field) => field.value.trim() || null,
  bool: (field) => field.checked,
  number: (field) => number(field.value),
  whole: (field) => (field.value.trim() === "" ? null : number(field.value)),
  commas: (field) => parts(field.value, /[,;]/),
  lines: (field) => parts(field.value, "\n"),
  checked: (place) => boxes(place, true),
  unchecked: (place) => boxes(place, false),
};
for (const unit of Object.keys(SECONDS)) readers[unit] = (field) => duration(field.value, unit);

const following = [];

// What follows from what the form says: changes the document.
export function follows(change) {
  following.push(change);
}

// A further type of field: what it says.
export function reads(type, read) {
  readers[type] = read;
}

const read = (field) => readers[field.dataset.type](field);

function put(document_, path, value) {
  const steps = path.split(".");
  const last = steps.pop();
  let at = document_;
  for (const step of steps) at = at[step] ??= {};
  at[last] = value;
}

export const at = (document_, path) => path.split(".").reduce((value, step) => value?.[step], document_);

const rowsOf = (list) => [...list.children].filter((row) => row.matches("[data-row]"));

function member(row) {
  const fields = $$("[data-field]", row);
  if (fields.length === 1 && fields[0].dataset.field === "") return read(fields[0]);
  const made = JSON.parse(row.dataset.item);
  delete made.snooze_hours; // how long it is in hours: for the page alone
  for (const field of fields) put(made, field.dataset.field, read(field));
  return made;
}

// The settings as the form says them; what it has no fields for is as it was.
export function collected(form, was) {
  const made = structuredClone(was);
  for (const field of $$("[data-path]", form)) put(made, field.dataset.path, read(field));
  for (const list of $$("[data-list]", form)) put(made, list.dataset.list, rowsOf(list).map(member));
  for (const follow of following) follow(made);
  return made;
}

// What is wrong, at its field.

let serial = 0;

export function unmark(form) {
  for (const told of $$(".wrong", form)) {
    for (const field of $$(`[aria-describedby~="${told.id}"]`, form)) {
      const others = field.getAttribute("aria-describedby").split(" ").filter((id) => id !== told.id);
      if (others.length) field.setAttribute("aria-describedby", others.join(" "));
      else field.removeAttribute("aria-describedby");
      field.removeAttribute("aria-invalid");
    }
    told.remove();
  }
}

// Where a path of the settings is in the form: the field itself, one in a row, a row, a list.
function place(form, path) {
  const field = $$("[data-path]", form).find((each) => path === each.dataset.path || path.startsWith(`${each.dataset.path}.`));
  if (field) return field;
  for (const list of $$("[data-list]", form)) {
    const { list: name } = list.dataset;
    if (path !== name && !path.startsWith(`${name}.`)) continue;
    const [row, ...steps] = path.slice(name.length + 1).split(".");
    const found = rowsOf(list)[Number(row)];
    if (!found) return list;
    const inside = $$("[data-field]", found);
    return inside.find((each) => each.dataset.field === steps.join(".")) ?? inside.find((each) => each.dataset.field === steps[0]) ?? inside[0] ?? found;
  }
  return null;
}

// The element that takes the focus.
const control = (found) => (found.matches("input, select, textarea") ? found : found.querySelector("input, select, textarea") ?? found);

export function mark(field, text) {
  const told = el("p", { class: "wrong", id: `wrong-${(serial += 1)}` }, text);
  const focus = control(field);
  focus.setAttribute("aria-invalid", "true");
  focus.setAttribute("aria-describedby", [focus.getAttribute("aria-describedby"), told.id].filter(Boolean).join(" "));
  (focus.closest(".f, .labelled, fieldset") ?? field).append(told);
  for (let around = focus.parentElement?.closest("details"); around; around = around.parentElement?.closest("details")) around.open = true;
  return focus;
}

// Marks what is wrong; what has no place in the form is returned.
export function markAll(form, errors) {
  const homeless = [];
  let first = null;
  for (const error of errors) {
    const found = place(form, error.field);
    if (!found) homeless.push(error);
    else if (!first) first = mark(found, error.detail);
    else mark(found, error.detail);
  }
  first?.focus();
  return homeless;
}

// Mine put on top of theirs: what only one of us changed is as changed, of the rest mine counts.
export function merged(was, mine, theirs) {
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  if (same(mine, was)) return theirs;
  if (same(theirs, was) || same(mine, theirs)) return mine;
  const named = [was, mine, theirs].map(byName);
  if (named.every(Boolean)) {
    const [before, ours, others] = named;
    const kept = [...ours.keys(), ...[...others.keys()].filter((name) => !ours.has(name))];
    return kept
      .filter((name) => !(before.has(name) && (ours.has(name) ? !others.has(name) && same(ours.get(name), before.get(name)) : same(others.get(name), before.get(name)))))
      .map((name) => (ours.has(name) && others.has(name) ? merged(before.get(name), ours.get(name), others.get(name)) : (ours.get(name) ?? others.get(name))));
  }
  const plain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  if ([was, mine, theirs].every(plain)) {
    return Object.fromEntries(Object.keys({ ...theirs, ...mine }).map((name) => [name, merged(was[name], mine[name], theirs[name])]));
  }
  return mine;
}

// The members of a list by what tells them apart; null where nothing does.
function byName(list) {
  if (!Array.isArray(list)) return null;
  const name = (each) => each?.id ?? each?.word ?? (each?.value && `${each.channel} ${each.value}`) ?? (each?.examples && each.name);
  const named = new Map(list.map((each) => [name(each), each]));
  return named.has(undefined) || named.size !== list.length ? null : named;
}
