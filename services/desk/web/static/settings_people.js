// Agents and teams: ids of new ones made of their names, links by which agents set a password.

import { $, $$, el } from "./dom.js";
import { send } from "./http.js";
import { isDirty } from "./settings.js";
import { follows } from "./settings_form.js";
import { says } from "./settings_says.js";

const list = $('[data-list="agents"], [data-list="teams"]');

// Whoever is no agent any more is in no team.
follows((settings) => {
  const ids = new Set(settings.agents.map((agent) => agent.id));
  for (const team of settings.teams) team.members = team.members.filter((id) => ids.has(id));
});

// An id as people would write it, as long as nobody has typed another one.
function proposed(name, taken) {
  const plain = name.normalize("NFKD").replaceAll(/[\u0300-\u036f]/g, "").toLowerCase();
  const start = plain.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 60);
  let id = start;
  for (let n = 2; taken.includes(id); n += 1) id = `${start}-${n}`;
  return start ? id : "";
}

document.addEventListener("settings:row", ({ detail: row }) => {
  const [name, id] = [$('[data-field="name"]', row), $('[data-field="id"]', row)];
  let typed = false;
  id.addEventListener("input", () => (typed = true));
  name.addEventListener("input", () => {
    const others = $$('[data-field="id"]', list).filter((each) => each !== id);
    if (!typed) id.value = proposed(name.value, others.map((each) => each.value));
  });
});

async function invite(button) {
  const row = button.closest("[data-row]");
  $(".invitation", row)?.remove();
  const told = el("div", { class: "invitation wide", role: "status" });
  row.append(told);
  if (isDirty()) {
    told.append(el("p", { class: "warn" }, says("unsaved_link")));
    return;
  }
  try {
    const { link } = await send("POST", `/api/v1/agents/${encodeURIComponent(button.dataset.invite)}/invitation`, {});
    const name = $('[data-field="name"]', row).value;
    const field = el("input", { class: "field", readonly: true, value: link, "aria-label": says("link", { name }) });
    const copy = el("button", { type: "button" }, says("copy"));
    copy.addEventListener("click", async () => {
      field.select();
      await navigator.clipboard?.writeText(link).catch(() => null);
      copy.textContent = says("copied");
    });
    told.append(el("p", {}, says("link", { name })), el("p", { class: "copy-line" }, field, copy));
    field.select();
  } catch (error) {
    told.append(el("p", { class: "problem" }, error.message));
  }
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-invite]");
  if (button) invite(button);
});
