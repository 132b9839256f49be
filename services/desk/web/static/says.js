// What is said where it happened: why something was refused, and what can be done now.

import { $, el } from "./dom.js";
import { language, says, t } from "./words.js";

const KNOWN = [
  "not_open", "already_closed", "not_closed", "cannot_reopen", "stale", "taken", "in_the_past", "no_consent", "window_over",
  "cannot_receive", "unknown_agent", "unknown_team", "unknown_ticket", "nothing_to_change", "too_large", "unseen", "unreachable",
  "placeholder",
  "unknown_upload", "no_address", "too_many",
];

// A refusal in words, and the reason where that adds something.
export function inWords(problem) {
  const title = t(KNOWN.includes(problem.code) ? `refusal.${problem.code}` : "refusal.other");
  return { title, detail: problem.code === "unreachable" ? "" : reason(problem) };
}

// The reason in the reader's language, with names in place of ids. What the server says itself is
// English: others read it only where nothing else is said.
function reason({ code, why, named, detail }) {
  if (why && says(`refused.${why}`)) return t(`refused.${why}`, called(named));
  return language === "en" || !KNOWN.includes(code) ? detail || "" : "";
}

function called(named) {
  const { agents = [], teams = [] } = JSON.parse($("#people")?.textContent || "{}");
  const name = (every, id) => every.find(([each]) => each === id)?.[1] ?? id;
  return { ...named, agent: name(agents, named?.agent), team: name(teams, named?.team) };
}

// A box in a place, instead of what was said there under the same name. An act: {label, run, main};
// the box goes with each. `shut`: called when it is put away.
export function tell(place, { name, tone = "bad", title, detail, quote, acts = [], shut }) {
  hush(place, name);
  const made = el("div", { class: `says-box ${tone}`, "data-says": name });
  const close = () => made.remove();
  made.append(
    el(
      "p",
      {},
      el("b", {}, title),
      detail ? el("bdi", { class: "says-detail" }, detail) : null,
    ),
  );
  if (quote) made.append(el("blockquote", { dir: "auto" }, quote));
  const buttons = el("p", { class: "says-acts" });
  for (const { label, run, main } of acts) {
    const onclick = () => {
      close();
      run();
    };
    buttons.append(el("button", { type: "button", class: main ? "main" : undefined, onclick }, label));
  }
  if (shut !== false) {
    const onclick = () => {
      close();
      shut?.();
    };
    buttons.append(el("button", { type: "button", class: "plain", onclick }, t("ticket.dismiss")));
  }
  if (buttons.childElementCount) made.append(buttons);
  place.append(made);
  made.scrollIntoView({ block: "nearest" });
  return made;
}

export function hush(place, name) {
  for (const old of place.querySelectorAll(name ? `[data-says="${name}"]` : "[data-says]")) old.remove();
}
