// Where the agent is: the view, its filters and order, the open ticket. The address says it, so that
// it can be kept, sent to a colleague, and gone back from.

import { $, fire } from "./dom.js";

const ELSEWHERE = ["view", "ticket", "sort", "cursor"];
const ONE = ["q", "unread", "ai", "reply_failed", "assignee_offline", "waiting_longer_than", "opened_after", "opened_before", "active_after", "active_before"];

export const params = () => new URLSearchParams(location.search);
const asked = $("#rows")?.dataset.view || "inbox"; // what the server showed where the address says none
export const view = () => params().get("view") || asked;
export const openTicket = () => params().get("ticket");
export const sort = () => params().get("sort") || $("#rows")?.dataset.sort || "-active";

export function filters() {
  const all = params();
  for (const name of ELSEWHERE) all.delete(name);
  return all;
}

// The filters as the API takes them in JSON: lists where several may be given.
export function filtersAsValues(given = filters()) {
  const values = {};
  for (const name of new Set(given.keys())) values[name.replace(".", "_")] = ONE.includes(name) ? given.get(name) : given.getAll(name);
  if (values.waiting_longer_than) values.waiting_longer_than = Number(values.waiting_longer_than);
  return values;
}

// What a request for the list asks with.
export function listQuery(more = {}) {
  const query = params();
  for (const name of ["ticket", "cursor"]) query.delete(name);
  query.set("view", view());
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return query.toString();
}

// Goes elsewhere: `change(params)`. Whoever shows something listens to "desk:moved".
export function go(change, { replace = false } = {}) {
  const before = { list: listQuery(), ticket: openTicket() };
  const next = params();
  change(next);
  const path = `/desk${next.size ? `?${next}` : ""}`;
  history[replace ? "replaceState" : "pushState"](null, "", path);
  moved(before);
}

function moved(before) {
  fire("desk:moved", { list: listQuery() !== before.list, ticket: openTicket() !== before.ticket });
  last = { list: listQuery(), ticket: openTicket() };
}

let last = { list: listQuery(), ticket: openTicket() };
window.addEventListener("popstate", () => {
  const ticket = openTicket();
  const before = last;
  moved(before);
  if (ticket === before.ticket) return;
  fire(ticket ? "desk:open" : "desk:close", { id: ticket, back: true });
});

// Under 600 px there is one column at a time.
export function column(name) {
  $("#desk").dataset.column = name;
}
