// The views: going to one, their counts (the server's alone), the badge, and views of one's own.

import { $, $$, el } from "./dom.js";
import { ask, choose, sure, tell } from "./dialogs.js";
import { filtersNow, shut } from "./filters.js";
import { get, send } from "./http.js";
import { key } from "./keys.js";
import { on } from "./live.js";
import { column, filters, filtersAsValues, go, sort, view } from "./where.js";
import { t } from "./words.js";

const place = $("#views");
const links = () => $$("a[data-view]", place);
let counts = { views: {}, unread: {}, badge: null };

export function goTo(id) {
  go((params) => {
    for (const name of [...params.keys()]) if (name !== "ticket") params.delete(name);
    params.set("view", id);
  });
  column("list");
}

function current() {
  for (const link of links()) {
    const is = link.dataset.view === view();
    if (is) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (is) $("#list-title").textContent = link.dataset.name;
  }
  titled();
}

function titled() {
  const { badge } = counts;
  const name = $("#list-title").textContent.trim();
  document.title = `${badge ? `(${badge}) ` : ""}${name} – ${$(".side-account").textContent}`;
  const sign = $("#favicon");
  const { quiet, unread } = sign.dataset;
  const href = badge ? unread : quiet;
  if (sign.getAttribute("href") !== href) sign.setAttribute("href", href);
}

function counted(told) {
  counts = { views: {}, unread: {}, ...told };
  for (const link of links()) {
    const { view: id } = link.dataset;
    const count = counts.views[id];
    const unread = counts.unread[id] || 0;
    if (count !== undefined) show($(".view-count", link), count, unread);
  }
  const here = counts.views[view()];
  // What the list says of itself is more than the count where the view shows more than open tickets.
  if (here !== undefined && here !== null && view() !== "all" && filters().size === 0) {
    $("#list-total").textContent = here < 1000 ? here : t("list.total_capped", { n: 1000 });
  }
  titled();
}

function show(shown, count, unread) {
  if (shown.dataset.count === String(count ?? "") && shown.dataset.unread === String(unread)) return;
  shown.dataset.count = count ?? "";
  shown.dataset.unread = unread;
  shown.classList.toggle("unread", unread > 0);
  shown.replaceChildren();
  if (!count) return;
  const words = [t("views.count", { count }), ...(unread ? [t("views.unread", { count: unread })] : [])];
  shown.append(
    el("span", { "aria-hidden": "true" }, count < 1000 ? String(count) : "999+"),
    el("span", { class: "said" }, words.join(", ")),
  );
}

// The names anew: a view was made, renamed or taken away, here or elsewhere.
async function reload() {
  const html = await get("/desk/views").catch(() => null);
  if (html === null) return;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.view : null;
  place.innerHTML = html;
  current();
  if (focused) links().find((link) => link.dataset.view === focused)?.focus();
}

async function tried(work) {
  try {
    return await work();
  } catch (error) {
    await tell(t("shell.error"), error.message);
    return null;
  }
}

const mayShare = () => document.querySelector("#views").dataset.mayShare === "1";

// Who looks at a view that was made of one's own tickets sees theirs.
function asKept(set) {
  const values = filtersAsValues(set);
  const me = $('meta[name="who"]').content;
  if (values.assignee) values.assignee = values.assignee.map((id) => (id === me ? "me" : id));
  return values;
}

const STATUSES = ["open", "snoozed", "closed"];
const BUILT_IN = { inbox: { assignee: ["me"] }, unassigned: { assignee: ["none"] }, all: { status: STATUSES }, spam: {} };

async function kept(id) {
  const all = await get("/api/v1/views");
  return (all.items ?? all).find((one) => one.id === id);
}

// What the list shows now: what its view says by itself, and what it is narrowed to besides.
async function shownNow(set) {
  const own = BUILT_IN[view()] ?? (await kept(view())).filters;
  return { ...own, ...(set.has("q") ? { status: STATUSES } : {}), ...asKept(set) };
}

// A change of a kept view: it is sent whole.
async function changed(id, change) {
  const { id: _, ...old } = await kept(id);
  await send("PUT", `/api/v1/views/${encodeURIComponent(id)}`, { ...old, ...change });
}

async function save() {
  const set = filtersNow();
  shut({ focus: false });
  const fields = [{ name: "name", label: t("views.name"), required: true }];
  if (mayShare()) fields.push({ name: "shared", label: t("views.shared"), type: "checkbox" });
  const check = ({ name }) => (name ? "" : t("views.name_needed"));
  const given = await ask(t("views.save_title"), { fields, ok: t("views.save"), check });
  if (!given) return;
  const made = await tried(async () => {
    const body = { name: given.name, filters: await shownNow(set), sort: sort(), shared: Boolean(given.shared) };
    return send("POST", "/api/v1/views", body);
  });
  if (!made) return;
  await reload();
  goTo(made.id);
}

async function change(button) {
  const { viewMore: id, name, shared } = button.dataset;
  const path = `/api/v1/views/${encodeURIComponent(id)}`;
  const here = id === view();
  const what = await choose(
    name,
    [
      { value: "rename", label: t("views.rename"), sign: "pen" },
      { value: "update", label: t("views.update"), sign: "filter", disabled: !here },
      { value: "delete", label: t("views.delete"), sign: "close", danger: true },
    ],
    { anchor: button },
  );
  if (what === "rename") {
    const fields = [{ name: "name", label: t("views.name"), value: name, required: true }];
    const check = (values) => (values.name ? "" : t("views.name_needed"));
    const given = await ask(t("views.rename_title"), { fields, ok: t("views.rename"), check });
    if (given) await tried(() => changed(id, { name: given.name }));
  } else if (what === "update") {
    await tried(() => (async () => changed(id, { filters: await shownNow(filters()), sort: sort() }))());
    goTo(id);
  } else if (what === "delete") {
    const detail = t(shared === "1" ? "views.delete_shared" : "views.delete_detail");
    if (!(await sure(t("views.delete_title", { name }), { detail, ok: t("views.delete"), danger: true }))) return;
    await tried(() => send("DELETE", path));
    if (here) goTo("inbox");
  }
  if (what) await reload();
}

export function startViews() {
  place.addEventListener("click", (event) => {
    const more = event.target.closest("[data-view-more]");
    if (more) change(more);
    const link = event.target.closest("a[data-view]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(link.dataset.view);
  });
  $("#filters-save").addEventListener("click", save);
  document.addEventListener("desk:moved", current);
  on("counts", counted);
  on("settings", reload);
  on("reload", reload);
  for (const [letter, id] of Object.entries({ m: "inbox", u: "unassigned", a: "all", s: "spam" })) {
    key(`g ${letter}`, t(`keys.${id}`), () => goTo(id), { group: "go" });
  }
  current();
}
