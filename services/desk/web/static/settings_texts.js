// Texts by language: their placeholders put in, and what would be sent by them before they are saved.

import { $, $$, el } from "./dom.js";
import { send } from "./http.js";
import { now } from "./settings.js";
import { at, follows, markAll, reads, unmark } from "./settings_form.js";
import { says } from "./settings_says.js";

const form = $("#set");
const place = $("#would-be");

reads("said", (field) => (field.value.trim() ? field.value.trim() : ""));

// A text that says nothing is none; so is where hand-offs go, if nothing is said of it.
follows((settings) => {
  for (const { dataset } of $$("[data-texts]", form)) {
    const texts = at(settings, dataset.texts);
    for (const language of Object.keys(texts)) if (!texts[language]) delete texts[language];
  }
  for (const name of ["zendesk", "gorgias"]) {
    const to = settings.handoff?.[name];
    if (to && !Object.values(to).some(Boolean)) settings.handoff[name] = null;
  }
});

// Where a placeholder goes: the text of these that was written in last.
const last = new Map();
form.addEventListener("focusin", ({ target }) => {
  const texts = target.matches("textarea") && target.closest("[data-texts]");
  if (texts) last.set(texts, target);
});

function insert(menu) {
  const texts = menu.closest("[data-texts]");
  const field = last.get(texts) ?? $("textarea", texts);
  field.setRangeText(`{{${menu.value}}}`, field.selectionStart, field.selectionEnd, "end");
  menu.value = "";
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function another(menu) {
  const label = $(`[data-language="${menu.value}"]`, menu.closest("[data-texts]"));
  label.hidden = false;
  menu.selectedOptions[0].remove();
  menu.value = "";
  $("textarea", label).focus();
}

function shownFor() {
  const method = $('[data-path="handoff.method"]', form)?.value;
  for (const part of $$("[data-for]", form)) part.hidden = part.dataset.for !== method;
}

form.addEventListener("change", ({ target }) => {
  if (target.matches("[data-insert]") && target.value) insert(target);
  else if (target.matches("[data-more]") && target.value) another(target);
  else if (target.dataset.path === "handoff.method") shownFor();
});

const label = (path) => $$("[data-texts] > legend", form).find((each) => each.parentElement.dataset.texts === path)?.textContent ?? "";

const called = (language) => $$("#would-language option").find((each) => each.value && each.value === language)?.textContent ?? language;

function told({ open, opens_at: opens, items }) {
  const texts = items.map((each) => {
    const about = [called(each.language), each.ready ? says("would_ready") : null, each.segments === null ? null : says("would_segments", { count: each.segments }), each.sent || each.text === null ? null : says("would_not_now")];
    return el(
      "li",
      { class: "preview", "data-place": each.place },
      el("p", { class: "faint small" }, [label(each.place), ...about].filter(Boolean).join(" · ")),
      el("div", { class: "preview-text", dir: "auto", lang: each.language ?? undefined }, each.text ?? says("would_nothing")),
    );
  });
  const hours = open ? says("would_open") : says("would_closed") + (opens ? ` ${says("would_opens", { at: new Date(opens).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }) })}` : "");
  return [form.dataset.part === "auto-replies" ? el("p", {}, hours) : null, el("ul", { class: "items" }, ...texts)].filter(Boolean);
}

async function would() {
  unmark(form);
  const more = $("#would-text") ? { text: $("#would-text").value } : { language: $("#would-language").value || null, name: $("#would-name").value.trim() || null };
  try {
    place.replaceChildren(...told(await send("POST", `/api/v1/settings/${form.dataset.part}/preview`, { settings: now(), ...more })));
  } catch (error) {
    const homeless = markAll(form, error.problem?.errors ?? []);
    place.replaceChildren(...(homeless.length || !error.problem?.errors ? [el("p", { class: "problem" }, error.message)] : []));
  }
}

$("#would").addEventListener("click", would);
shownFor();
