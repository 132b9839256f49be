// The rows that are shown. None jumps: while the pointer or the focus is among them, and while one
// has scrolled, what is new waits; what left the view stays, greyed, until the agent moves on.

import { $, $$, el, icon, parsed, say } from "./dom.js";
import { openTicket, sort } from "./where.js";
import { t } from "./words.js";

const scroller = $("#list-scroll");
const button = $("#list-new");
const waiting = new Map(); // id -> html
export const chosen = new Set();
let pointerIn = false;
let edge = null; // the last row of the last page: what lies beyond comes by paging

export const list = () => $("#rows");
export const rows = () => $$(":scope > .row", list());
export const rowOf = (id) => document.getElementById(`row-${id}`);
export const linkOf = (row) => $(".row-open", row);
export const isHeld = () => pointerIn || scroller.contains(document.activeElement) || scroller.scrollTop > 0;

const keyOf = (row, name) => {
  const value = row.getAttribute(`data-key-${name}`);
  return value === "" || value === null ? Infinity : Number(value);
};

// The order of the list, ids deciding between equals.
function compare(one, other) {
  const order = list().dataset.sort || sort();
  const down = order.startsWith("-");
  const name = order.replace(/^[-+ ]/, "");
  const [a, b] = [keyOf(one, name), keyOf(other, name)];
  const by = a === b ? (one.dataset.id < other.dataset.id ? -1 : 1) : a - b;
  return down ? -by : by;
}

export function dress(row) {
  const { id } = row.dataset;
  const current = id === openTicket();
  row.classList.toggle("current", current);
  const link = linkOf(row);
  if (current) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
  $(".row-choose", row).checked = chosen.has(id);
  row.classList.toggle("chosen", chosen.has(id));
}

export function dressAll() {
  for (const row of rows()) dress(row);
}

// One row can be reached by Tab; the arrows and j, k move among them.
export function rove(row) {
  for (const link of $$('.row-open[tabindex="0"]', list())) link.tabIndex = -1;
  if (row) linkOf(row).tabIndex = 0;
}

const made = (html) => $(".row", parsed(html));

// The rows of a page that comes after those that are shown.
export function append(fresh) {
  for (const row of fresh) {
    if (rowOf(row.dataset.id) || waiting.has(row.dataset.id)) continue;
    list().append(row);
    dress(row);
  }
  if (fresh.length) edge = fresh.at(-1).cloneNode(false);
}

// All anew: another view, or other filters.
export function began() {
  waiting.clear();
  edge = rows().at(-1)?.cloneNode(false) || null;
  announce();
  dressAll();
  rove(rows().find((row) => row.dataset.id === openTicket()) || rows()[0]);
}

// A ticket as it now is; `inside`: whether it is in this list (still). `html` null: it is nowhere.
export function changed(id, html, inside = html !== null) {
  const row = rowOf(id);
  if (!inside) {
    waiting.delete(id);
    if (row) leave(row, html);
  } else if (row) {
    replace(row, html);
  } else if (isHeld()) {
    waiting.set(id, html);
  } else {
    insert(html);
  }
  announce();
}

function replace(row, html) {
  const fresh = renewed(row, html);
  if (fresh && !isHeld()) put(fresh);
}

// The row as the ticket is now, in its place; null where what came is older than what is shown.
function renewed(row, html) {
  const fresh = made(html);
  if (Number(fresh.dataset.seq) < Number(row.dataset.seq)) return null;
  const focused = row.contains(document.activeElement) ? document.activeElement.className : "";
  const { tabIndex } = linkOf(row);
  row.replaceWith(fresh);
  dress(fresh);
  linkOf(fresh).tabIndex = tabIndex;
  if (focused) $(`.${focused.split(" ")[0]}`, fresh)?.focus({ preventScroll: true });
  return fresh;
}

function put(row) {
  const after = rows().find((other) => other !== row && !other.classList.contains("left") && compare(row, other) < 0);
  if (!row.isConnected || (after || null) !== row.nextElementSibling) list().insertBefore(row, after || null);
}

// All in their places; those that are there already are not touched.
function order() {
  const staying = rows().filter((row) => !row.classList.contains("left"));
  let at = list().firstElementChild;
  for (const row of staying.sort(compare)) {
    while (at?.classList.contains("left")) at = at.nextElementSibling;
    if (at === row) at = at.nextElementSibling;
    else list().insertBefore(row, at);
  }
}

function insert(html) {
  const row = made(html);
  if (list().dataset.next && edge && compare(row, edge) > 0) return;
  $("#list-body .empty")?.remove();
  put(row);
  dress(row);
  if (!$('.row-open[tabindex="0"]', list())) rove(row);
}

// It shows the ticket as it is now, though it is not of this list any more.
function leave(row, html) {
  const { id } = row.dataset;
  if (!isHeld() && id !== openTicket() && !chosen.has(id)) {
    row.remove();
    return;
  }
  const { height } = row.getBoundingClientRect();
  const shown = (html && renewed(row, html)) || row;
  if (shown.classList.contains("left")) return;
  shown.classList.add("left");
  $(".row-facts", shown).prepend(el("span", { class: "row-gone" }, t("list.left")));
  // A name or a tag more makes a line some pixels higher: not while somebody may be about to click.
  const more = shown.getBoundingClientRect().height - height;
  if (Math.abs(more) < 8) shown.style.setProperty("height", `${height}px`);
}

// The agent has moved on: what left goes, what waited comes.
export function settle({ all = true } = {}) {
  for (const row of $$(".row.left", list())) {
    const { id } = row.dataset;
    if (id === openTicket() || row.contains(document.activeElement)) continue;
    if (chosen.delete(id)) document.dispatchEvent(new CustomEvent("desk:chosen"));
    row.remove();
  }
  if (!all) return;
  const fresh = [...waiting.values()];
  waiting.clear();
  for (const html of fresh) insert(html);
  order();
  announce();
}

function announce() {
  const count = waiting.size;
  const text = count ? t("list.new", { count }) : "";
  if (button.textContent === text) return;
  button.replaceChildren(...(count ? [icon("down"), text] : []));
  button.hidden = count === 0;
  if (count) say(text);
}

export function showNew() {
  if (!waiting.size) return;
  settle();
  scroller.scrollTop = 0;
  const [first] = rows();
  rove(first);
  linkOf(first).focus({ preventScroll: true });
}

export function newest() {
  return waiting;
}

// Who else is there (VWS 6), and who is online, without asking for the row again.
export function others(id, all) {
  const place = rowOf(id) && $("[data-others]", rowOf(id));
  if (!place) return;
  const me = $('meta[name="who"]').content;
  place.replaceChildren();
  for (const state of ["writing", "looking"]) {
    const names = all.filter((one) => one.state === state && one.agent !== me).map(({ name }) => name);
    const shown = t(`list.${state}`, { names: names.join(", ") });
    if (names.length) place.append(el("span", {}, icon(state === "writing" ? "pen" : "eye"), shown));
  }
}

export function online(agent, isOnline) {
  for (const row of rows()) {
    if (row.dataset.assignee === agent) $(".row-offline", row)?.toggleAttribute("hidden", isOnline);
  }
}

let settling = 0;
function later() {
  clearTimeout(settling);
  settling = setTimeout(() => isHeld() || settle(), 300);
}

// The pointer rests over the list's column, its head too: whoever is about to click is there.
const area = $("#list");
area.addEventListener("pointerenter", (event) => {
  pointerIn = event.pointerType !== "touch";
});
area.addEventListener("pointermove", (event) => {
  pointerIn = event.pointerType !== "touch";
});
area.addEventListener("pointerleave", () => {
  pointerIn = false;
  later();
});
area.addEventListener("focusout", later);
scroller.addEventListener("scroll", () => scroller.scrollTop === 0 && later(), { passive: true });
button.addEventListener("click", showNew);
document.addEventListener("desk:opened", () => pointerIn || settle({ all: false }));
