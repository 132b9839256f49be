// Keys: who wants one registers it, `?` shows them all. None acts while one types, save those with
// Ctrl; and who needs single keys for something else (speech, switches) can turn them off.

import { $, el, kept } from "./dom.js";
import { tell } from "./dialogs.js";
import { t } from "./words.js";

const registered = [];
let begun = "";
let begunAt = 0;

// key("e", label, fn): one key; "g m": one after the other; "Ctrl+Enter": also while one types.
// `when` says whether it applies now; among those that share a key, one with `when` goes first.
// `group` is a heading of the help: "list", "ticket", "go", "page".
export function key(keys, label, run, { when, group = "page" } = {}) {
  registered.push({ keys, label, run, when, group });
}

export function typing(target = document.activeElement) {
  if (!target) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !["checkbox", "radio", "button", "submit"].includes(target.type);
}

function pressed(event) {
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && (event.key.length > 1 || parts.length)) parts.push("Shift");
  parts.push(event.key.length === 1 && parts.length === 0 ? event.key : event.key.replace(/^.$/, (letter) => letter.toUpperCase()));
  return parts.join("+");
}

function candidate(keys) {
  const same = registered.filter((one) => one.keys === keys);
  return same.find((one) => one.when?.()) || same.find((one) => !one.when);
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || $("dialog[open]:modal")) return;
  const name = pressed(event);
  const modified = name.startsWith("Ctrl") || name.startsWith("Alt");
  if (!modified && (typing(event.target) || !kept.get("keys", true))) return;
  // A focused button or link keeps its own Enter and Space.
  if ((name === "Enter" || name === " ") && event.target.closest("button, summary, a, input")) return;
  const inTime = event.timeStamp - begunAt < 1500;
  const keys = begun && inTime ? `${begun} ${name}` : name;
  begun = "";
  if (!modified && registered.some((one) => one.keys.startsWith(`${keys} `))) {
    begun = keys;
    begunAt = event.timeStamp;
    return;
  }
  const found = candidate(keys);
  if (!found) return;
  event.preventDefault();
  found.run(event);
}

const NAMES = { Enter: "↵", Escape: "Esc", ArrowDown: "↓", ArrowUp: "↑" };

export function shownKeys(keys) {
  const shown = el("span", { class: "keys" });
  for (const step of keys.split(" ")) {
    for (const part of step.split("+")) shown.append(el("kbd", {}, NAMES[part] || part));
  }
  return shown;
}

export function help() {
  const groups = el("div", { class: "help-groups" });
  for (const group of ["list", "ticket", "go", "page"]) {
    const seen = new Map();
    for (const one of registered.filter((each) => each.group === group)) {
      if (!seen.has(one.label)) seen.set(one.label, []);
      const keys = seen.get(one.label);
      if (!keys.includes(one.keys)) keys.push(one.keys);
    }
    if (!seen.size) continue;
    const list = el("dl", { class: "help-keys" });
    for (const [label, keys] of seen) {
      const shown = el("dd", {});
      for (const each of keys) shown.append(shownKeys(each));
      list.append(el("div", {}, el("dt", {}, label), shown));
    }
    groups.append(el("section", {}, el("h3", {}, t(`keys.group.${group}`)), list));
  }
  const box = el("input", { type: "checkbox", onchange: () => kept.set("keys", box.checked) });
  box.checked = kept.get("keys", true);
  const off = el("label", { class: "check help-off" }, box, el("span", {}, t("keys.on")));
  return tell(t("keys.title"), el("div", {}, groups, off), { wide: true });
}

document.addEventListener("keydown", onKey);
key("?", t("keys.help"), help);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) help();
});
