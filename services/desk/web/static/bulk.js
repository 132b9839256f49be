// Many tickets at once: which are chosen. What is then done with them is in doing.js.

import { $, $$, el, icon } from "./dom.js";
import { actions, does } from "./doing.js";
import { key } from "./keys.js";
import { chosen, dress, dressAll, list, rowOf, rows } from "./rows.js";
import { focusedRow } from "./list.js";
import { openTicket } from "./where.js";
import { t } from "./words.js";

const bar = $("#bulk");
const box = $("#choose-all");
let all = false; // all of the view, also what is not shown
let from = null; // where shift-click begins

const total = () => Number(list().dataset.total);
const inWords = () => (list().dataset.capped === "1" ? t("list.total_capped", { n: total() }) : total());

// What an action is meant for: the chosen ones, all of the view, or the row that has the focus.
function meant() {
  if (all) return { all, count: total() };
  const ids = chosen.size ? [...chosen] : focusedRow() && !openTicket() ? [focusedRow().dataset.id] : [];
  return { ids, count: ids.length };
}

function choose(row, yes = !chosen.has(row.dataset.id)) {
  if (yes) chosen.add(row.dataset.id);
  else chosen.delete(row.dataset.id);
  all = false;
  from = row.dataset.id;
  dress(row);
}

function through(row, yes) {
  const shown = rows();
  const [one, other] = [shown.indexOf(rowOf(from) ?? row), shown.indexOf(row)].sort((a, b) => a - b);
  for (const each of shown.slice(one, other + 1)) choose(each, yes);
  from = row.dataset.id;
}

function none() {
  all = false;
  chosen.clear();
  dressAll();
  shown();
}

function every(yes = true) {
  for (const row of rows()) choose(row, yes);
  shown();
}

function shown() {
  const known = rows().length;
  box.checked = chosen.size > 0 && chosen.size >= known;
  box.indeterminate = chosen.size > 0 && !box.checked;
  if (!chosen.size) {
    const focused = bar.contains(document.activeElement);
    bar.hidden = true;
    if (focused) $('.row-open[tabindex="0"]')?.focus();
    return;
  }
  const count = all ? inWords() : chosen.size;
  const words = t(all ? "bulk.all_chosen" : "bulk.chosen", { count });
  if (bar.dataset.words === words && !bar.hidden && bar.dataset.known === String(known)) return;
  Object.assign(bar.dataset, { words, known });
  const focused = bar.contains(document.activeElement) ? document.activeElement.dataset.does : null;
  const offer = box.checked && !all && total() > chosen.size;
  bar.replaceChildren(
    el("span", { class: "bulk-count", role: "status" }, words),
    el("button", { type: "button", class: "plain sign", "aria-label": t("bulk.clear"), title: `${t("bulk.clear")} (Esc)`, onclick: none }, icon("close")),
    el(
      "div",
      { class: "bulk-line" },
      ...actions.filter(({ first }) => first).map(({ name, sign, keys }) =>
        el("button", { type: "button", "data-does": name, title: `${t(`bulk.${name}`)} (${keys})` }, icon(sign), t(`bulk.${name}`)),
      ),
      el("button", { type: "button", "data-does": "more", class: "sign", "aria-haspopup": "dialog", "aria-label": t("bulk.more"), title: t("bulk.more") }, icon("more")),
    ),
    offer ? el("button", { type: "button", class: "plain", onclick: () => { all = true; shown(); } }, t("bulk.choose_all", { count: inWords() })) : "",
  );
  bar.hidden = false;
  if (focused) $(`[data-does="${focused}"]`, bar)?.focus();
}

export function startBulk() {
  $("#list-body").addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    const checkbox = event.target.closest(".row-choose");
    if (!row || (!checkbox && !(event.shiftKey && event.target.closest(".row-open")))) return;
    const yes = checkbox ? checkbox.checked : true;
    if (!checkbox) event.preventDefault();
    if (event.shiftKey && from) through(row, yes);
    else choose(row, yes);
    shown();
  });
  // Shift-click chooses rows, not their words.
  $("#list-body").addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
  box.addEventListener("change", () => (box.checked ? every() : none()));
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-does]");
    if (button) does(button.dataset.does, meant(), button);
  });
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const buttons = $$("button", bar);
    if (by) buttons[(buttons.indexOf(document.activeElement) + by + buttons.length) % buttons.length].focus();
  });
  document.addEventListener("desk:chosen", shown);
  document.addEventListener("desk:done-with", none);
  const group = { group: "list" };
  key("x", t("keys.choose"), () => { if (focusedRow()) { choose(focusedRow()); shown(); } }, group);
  key("*", t("keys.choose_all"), () => every(), group);
  key("Escape", t("keys.clear"), none, { ...group, when: () => chosen.size > 0 });
  for (const { name, keys } of actions) {
    // A reply to one ticket is written in its pane.
    const when = () => (name === "reply" ? chosen.size : meant().count) > 0;
    if (keys) key(keys, t(`bulk.${name}`), () => does(name, meant(), $(`[data-does="${name}"]`, bar) || focusedRow()), { ...group, when });
  }
}
