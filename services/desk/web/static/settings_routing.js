// What rules would have done to the last tickets, before they are saved.

import { $, el } from "./dom.js";
import { send } from "./http.js";
import { now } from "./settings.js";
import { markAll, unmark } from "./settings_form.js";
import { says } from "./settings_says.js";

const place = $("#tried");

async function tried() {
  const form = $("#set");
  unmark(form);
  try {
    const found = await send("POST", "/api/v1/settings/routing/preview", now());
    place.replaceChildren(...told(found));
  } catch (error) {
    const homeless = markAll(form, error.problem?.errors ?? []);
    if (homeless.length || !error.problem?.errors) place.replaceChildren(el("p", { class: "problem" }, error.message));
  }
}

function told({ items, differ }) {
  const total = items.length;
  if (!total) return [el("p", {}, says("no_tickets"))];
  if (!differ) return [el("p", {}, says("same", { total }))];
  const first = [...items.filter((each) => each.differs), ...items.filter((each) => !each.differs)];
  const name = (team) => (team ? team.name : says("nobody"));
  const row = (each) =>
    el(
      "tr",
      { class: each.differs ? "differs" : undefined },
      el("td", {}, el("a", { href: `/desk?view=all&ticket=${encodeURIComponent(each.ticket_id)}` }, `#${each.number}`), " ", el("bdi", {}, each.contact)),
      el("td", {}, name(each.has)),
      el("td", {}, each.differs ? el("b", {}, name(each.would)) : name(each.would), el("span", { class: "faint small" }, ` ${each.rule === null ? (each.would ? says("default") : "") : says("rule", { n: each.rule + 1 })}`)),
    );
  return [
    el("p", {}, says(differ === 1 ? "differ_one" : "differ_other", { count: differ, total })),
    el(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-labelledby": "try-title" },
      el("table", {}, el("thead", {}, el("tr", {}, ...["ticket", "has", "would"].map((key) => el("th", { scope: "col" }, says(key))))), el("tbody", {}, ...first.map(row))),
    ),
  ];
}

$("#try").addEventListener("click", tried);
