// Menus and dialogs, all of them `<dialog>`: focus goes in, Escape leaves, focus comes back.

import { $$, el, icon } from "./dom.js";
import { t } from "./words.js";

const serial = (() => {
  let last = 0;
  return () => `dialog-${(last += 1)}`;
})();

function open(dialog, { anchor, answer = () => null } = {}) {
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.showModal();
  if (anchor) place(dialog, anchor);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer());
    });
  });
}

function place(dialog, anchor) {
  if (window.innerWidth < 600 || !anchor.isConnected) return;
  dialog.classList.add("anchored");
  const at = anchor.getBoundingClientRect();
  const { width, height } = dialog.getBoundingClientRect();
  const below = at.bottom + 4 + height <= window.innerHeight || at.top < height;
  const top = below ? at.bottom + 4 : at.top - height - 4;
  const left = at.left + width > window.innerWidth - 8 ? at.right - width : at.left;
  dialog.style.setProperty("left", `${Math.max(8, left)}px`);
  dialog.style.setProperty("top", `${Math.max(8, Math.min(top, window.innerHeight - height - 8))}px`);
}

function titled(name, title, ...rest) {
  const id = serial();
  return el("dialog", { class: name, "aria-labelledby": id }, el("h2", { id }, title), ...rest);
}

// choose(title, [{value, label, hint, sign, checked, danger, disabled} | null]) -> the value, or null.
// null among the items is a line between them. `filter`: a field to type in; `free`: what was typed
// may be the answer; `anchor`: the button that it belongs to.
export function choose(title, items, { filter = items.length > 8, free = false, anchor, empty } = {}) {
  let chosen = null;
  const pick = (value) => {
    chosen = value;
    dialog.close();
  };
  const list = el("ul", { class: "menu", role: "list" });
  for (const item of items) {
    if (item === null) {
      list.append(el("li", { class: "menu-line", role: "presentation" }));
      continue;
    }
    const button = el(
      "button",
      {
        type: "button",
        class: item.danger ? "menu-item danger" : "menu-item",
        disabled: item.disabled,
        "aria-pressed": item.checked === undefined ? undefined : String(item.checked),
        onclick: () => pick(item.value),
      },
      item.sign ? icon(item.sign) : null,
      el("span", { class: "menu-label" }, item.label),
      item.hint ? el("span", { class: "menu-hint" }, item.hint) : null,
      item.checked ? icon("check") : null,
    );
    list.append(el("li", { "data-text": item.label.toLowerCase() }, button));
  }
  // What is new comes last, so that Enter takes what is there where that begins alike.
  const added = el("button", { type: "button", class: "menu-item", onclick: () => pick(field.value.trim()) });
  if (free) list.append(el("li", { hidden: true }, added));
  const nothing = el("p", { class: "menu-empty", hidden: items.length > 0 }, empty || t("dialog.nothing"));
  const field =
    filter || free
      ? el("input", { type: "text", class: "field", autocomplete: "off", placeholder: t(free ? "dialog.type" : "dialog.filter"), "aria-label": title })
      : null;
  const dialog = titled("menu-dialog", title, field, list, nothing);

  const buttons = () => $$(".menu-item:not(:disabled)", list).filter((each) => !each.parentElement.hidden);
  field?.addEventListener("input", () => {
    const words = field.value.trim().toLowerCase();
    const texts = [...list.children].map((line) => line.dataset.text);
    for (const line of list.children) line.hidden = !(line.dataset.text ?? "").includes(words);
    if (free) {
      added.textContent = t("dialog.new", { text: field.value.trim() });
      added.parentElement.hidden = !words || texts.includes(words);
    }
    nothing.hidden = free || buttons().length > 0;
  });
  dialog.addEventListener("keydown", (event) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement);
    if (event.key === "Enter" && event.target === field) {
      event.preventDefault();
      const typed = field.value.trim();
      const same = all.find((each) => each.parentElement.dataset.text === typed.toLowerCase());
      (same || all[0])?.click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = event.key === "ArrowDown" ? at + 1 : at - 1;
      (next < 0 && field ? field : all[(next + all.length) % all.length])?.focus();
    }
  });
  return open(dialog, { anchor, answer: () => chosen });
}

// ask(title, {detail, fields, ok, danger}) -> {name: value} of its fields, or null where left.
// A field: {name, label, type: "text" | "textarea" | "checkbox" | "datetime-local" | "select",
// value, options, required}. `check(values)` may return words that say what is wrong.
export function ask(title, { detail, fields = [], ok = t("dialog.ok"), danger = false, check, anchor } = {}) {
  let values = null;
  const inputs = new Map();
  const form = el("form", { method: "dialog", class: "ask" });
  if (detail) form.append(typeof detail === "string" ? el("p", {}, detail) : detail);
  for (const field of fields) {
    const input = made(field);
    inputs.set(field.name, input);
    form.append(
      field.type === "checkbox"
        ? el("label", { class: "check" }, input, el("span", {}, field.label))
        : el("label", { class: "labelled" }, el("span", {}, field.label), input),
    );
  }
  const wrong = el("p", { class: "problem", role: "alert", hidden: true });
  form.append(
    wrong,
    el(
      "div",
      { class: "ask-buttons" },
      el("button", { type: "button", onclick: () => dialog.close() }, t("dialog.cancel")),
      el("button", { type: "submit", class: danger ? "main danger" : "main" }, ok),
    ),
  );
  const dialog = titled("ask-dialog", title, form);
  form.addEventListener("submit", (event) => {
    const given = {};
    for (const [name, input] of inputs) given[name] = input.type === "checkbox" ? input.checked : input.value.trim();
    const words = check?.(given);
    if (words) {
      event.preventDefault();
      wrong.hidden = false;
      wrong.textContent = words;
      return;
    }
    values = given;
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return open(dialog, { anchor, answer: () => values });
}

function made({ type = "text", name, value, options = [], required }) {
  if (type === "textarea") return el("textarea", { name, class: "field", rows: 6, required, value: value ?? "" });
  if (type === "select") {
    const select = el("select", { name, class: "field" });
    for (const [key, label] of options) select.append(el("option", { value: key, selected: key === value }, label));
    return select;
  }
  const input = el("input", { type, name, required, class: type === "checkbox" ? undefined : "field", autocomplete: "off" });
  if (type === "checkbox") input.checked = Boolean(value);
  else if (value !== undefined) input.value = value;
  return input;
}

// tell(title, element or text): something to read. Ends when it is closed.
export function tell(title, body, { wide = false, anchor } = {}) {
  const close = el("button", { type: "button", class: "plain sign dialog-close", "aria-label": t("dialog.close"), onclick: () => dialog.close() }, icon("close"));
  const dialog = titled(wide ? "ask-dialog wide" : "ask-dialog", title, close, typeof body === "string" ? el("p", {}, body) : body);
  return open(dialog, { anchor });
}

export const sure = async (title, options) => (await ask(title, options)) !== null;
