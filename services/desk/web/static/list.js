// The list: loads, pages, opens, moves, and takes what happens.

import { $, $$, el, fire, parsed, say } from "./dom.js";
import { get, Refusal } from "./http.js";
import { key } from "./keys.js";
import { on } from "./live.js";
import { append, began, changed, chosen, dressAll, linkOf, list, newest, online, others, rove, rowOf, rows, showNew } from "./rows.js";
import { column, filters, go, listQuery, openTicket, view } from "./where.js";
import { t } from "./words.js";

const scroller = $("#list-scroll");
const body = $("#list-body");
const more = $("#more");
let turn = 0;
let paging = false;

// Another view, other filters, another order: all anew.
export async function load() {
  const mine = (turn += 1);
  scroller.setAttribute("aria-busy", "true");
  const focused = scroller.contains(document.activeElement);
  try {
    const html = await get(`/desk/list?${listQuery()}`);
    if (mine !== turn) return;
    body.replaceChildren(parsed(html));
    scroller.scrollTop = 0;
    began();
    headed();
    if (focused) (rows()[0] ? linkOf(rows()[0]) : body).focus({ preventScroll: true });
    say(`${$("#list-title").textContent}: ${$("#list-total").textContent}`);
  } catch (error) {
    if (mine === turn) failed(error);
  } finally {
    if (mine === turn) scroller.removeAttribute("aria-busy");
  }
  // A page may end before it is full, where much was looked at for it.
  if (mine === turn && nearEnd()) page();
}

function failed(error) {
  const again = el("button", { type: "button", onclick: load }, t("list.retry"));
  const problem = el("div", { class: "list-problem", role: "alert" }, el("p", {}, error.message), el("p", {}, again));
  // What another view showed does not stand under this one's name.
  for (const shown of $$(".list-problem, .empty, .chips, .row", body)) shown.remove();
  Object.assign(list().dataset, { next: "", total: "", capped: "0" });
  headed();
  body.prepend(problem);
}

function headed() {
  const { total, capped } = list().dataset;
  $("#list-total").textContent = capped === "1" ? t("list.total_capped", { n: total }) : total;
  more.hidden = !list().dataset.next;
  fire("desk:listed");
}

async function page() {
  const { next } = list().dataset;
  if (!next || paging) return;
  paging = true;
  more.disabled = true;
  const mine = turn;
  try {
    const fresh = parsed(await get(`/desk/list?${listQuery({ cursor: next })}`));
    if (mine !== turn) return;
    list().dataset.next = $("#rows", fresh)?.dataset.next || "";
    append($$(".row", fresh));
    const none = $(".empty", fresh);
    if (none && !rows().length) body.append(none);
    headed();
    dressAll();
  } catch (error) {
    // Until that has come, nothing is asked for with a cursor of what was shown before.
    if (error.problem?.code === "invalid_cursor") await load();
    else more.textContent = `${error.message} ${t("list.retry")}`;
  } finally {
    paging = false;
    more.disabled = false;
    if (nearEnd()) page();
  }
}

const nearEnd = () => !more.hidden && more.textContent === t("list.more") && more.getBoundingClientRect().top < scroller.getBoundingClientRect().bottom + 400;

// After an absence: the first page and all that is shown are asked for again, and taken one by one,
// so that nothing jumps.
let refreshing = null;
export function refresh() {
  refreshing ??= refreshed().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function refreshed() {
  const mine = turn;
  try {
    const fresh = parsed(await get(`/desk/list?${listQuery()}`));
    if (mine !== turn) return;
    const first = $$(".row", fresh);
    const seen = new Set(first.map((row) => row.dataset.id));
    for (const row of first) changed(row.dataset.id, row.outerHTML);
    Object.assign(list().dataset, { total: $("#rows", fresh).dataset.total, capped: $("#rows", fresh).dataset.capped });
    headed();
    await ask([...rows().map((row) => row.dataset.id), ...newest().keys()].filter((id) => !seen.has(id)));
  } catch (error) {
    if (mine === turn) missed(error);
  }
}

// What could not be asked for is asked for again: soon, and when the desk answers again.
let stale = false;
function missed(error) {
  if (!(error instanceof Refusal)) throw error;
  if (stale) return;
  stale = true;
  setTimeout(again, 3000);
}

function again() {
  if (!stale) return;
  stale = false;
  refresh();
}

// Whether and how these tickets stand in the list as it is narrowed now.
async function ask(ids) {
  const mine = turn;
  for (let at = 0; at < ids.length; at += 100) {
    const some = ids.slice(at, at + 100);
    const { rows: told } = await get(`/desk/rows?${listQuery({ ids: some.join(",") })}`);
    if (mine !== turn) return;
    for (const id of some) if (id in told) changed(id, told[id]?.html ?? null, told[id]?.in);
  }
}

const toAsk = new Set();
let asking = 0;
function askSoon(id) {
  toAsk.add(id);
  clearTimeout(asking);
  asking = setTimeout(() => {
    const ids = [...toAsk];
    toAsk.clear();
    ask(ids).catch(missed);
  }, 120);
}

function happened({ rows: told = [] }) {
  const narrowed = filters().size > 0;
  for (const row of told) {
    if (narrowed) askSoon(row.id);
    else changed(row.id, row.html, row.in.includes(view()));
  }
}

export const focusedRow = () => document.activeElement?.closest?.(".row") || null;

function moveTo(row) {
  if (!row) return;
  rove(row);
  linkOf(row).focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  const from = focusedRow() || (openTicket() && rowOf(openTicket()));
  const at = all.indexOf(from);
  moveTo(at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by]);
  if (by > 0 && at >= all.length - 3) page();
}

export function open(id) {
  column("ticket");
  go((params) => params.set("ticket", id), { replace: openTicket() === id });
  fire("desk:open", { id });
}

let last = null; // the ticket that was open last: the way back leads to its row
function opened() {
  last = openTicket() || last;
  dressAll();
  const row = openTicket() && rowOf(openTicket());
  if (row) rove(row);
}

function closed({ detail }) {
  const id = openTicket();
  column("list");
  if (id && !detail?.back) go((params) => params.delete("ticket"));
  dressAll();
  moveTo((last && rowOf(last)) || rows()[0]);
}

function startKeys() {
  const group = { group: "list" };
  key("j", t("keys.next"), () => step(1), group);
  key("k", t("keys.previous"), () => step(-1), group);
  key("o", t("keys.open"), () => focusedRow() && open(focusedRow().dataset.id), group);
  key("Enter", t("keys.open"), () => focusedRow() && open(focusedRow().dataset.id), group);
  key("u", t("keys.back"), () => fire("desk:close"), group);
  key(".", t("keys.new"), showNew, group);
  scroller.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const end = { Home: 0, End: -1 }[event.key];
    if ((by === undefined && end === undefined) || !focusedRow()) return;
    event.preventDefault();
    if (by) step(by);
    else moveTo(rows().at(end));
  });
}

export function startList() {
  began();
  headed();
  opened();
  body.addEventListener("click", (event) => {
    const link = event.target.closest(".row-open");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    rove(link.closest(".row"));
    open(link.closest(".row").dataset.id);
  });
  body.addEventListener("focusin", (event) => event.target.matches(".row-open") && rove(event.target.closest(".row")));
  more.addEventListener("click", () => {
    more.textContent = t("list.more");
    page();
  });
  scroller.addEventListener("scroll", () => nearEnd() && page(), { passive: true });
  new ResizeObserver(() => nearEnd() && page()).observe(scroller);
  document.addEventListener("desk:moved", ({ detail }) => {
    if (detail.list) {
      chosen.clear();
      fire("desk:chosen");
      load();
    }
    opened();
  });
  document.addEventListener("desk:open", ({ detail }) => {
    if (!detail.back && openTicket() !== detail.id) open(detail.id);
    else column("ticket");
  });
  document.addEventListener("desk:close", closed);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-column]");
    if (button) column(button.dataset.column);
    else if ($("#desk").dataset.column === "views" && !event.target.closest("#side, dialog")) column("list");
  });
  on("tickets", happened);
  on("reload", refresh);
  on("state", (state) => state === "current" && again());
  on("here", ({ ticket_id: id, others: all }) => others(id, all));
  on("presence", ({ agent, online: isOnline }) => online(agent, isOnline));
  startKeys();
}
