// Replies prepared in advance (MAC 1): found by typing, put in where one writes.

import { el, kept } from "./dom.js";
import { get } from "./http.js";
import { chooseOf, known } from "./known.js";
import { inWords, tell } from "./says.js";
import { t } from "./words.js";

const DAY = 86_400_000;
const NOTHING = { macro: null, tags: [], status: null, snooze: DAY };

const PLACE = /\{\{\s*([a-z_]+\.[a-z_]+)\s*(?:\|\s*default\([^{}]*?\)\s*)?\}\}/g;

// The places of a text that are still to be filled in: [{index, length, name}].
export function unfilled(text) {
  return [...text.matchAll(PLACE)].map((found) => ({ index: found.index, length: found[0].length, name: found[1] }));
}

// Says what is to be filled in before the reply can go out, and marks the first of it.
export function wanting({ says, field }, text) {
  const [first] = unfilled(text);
  const names = [...new Set(unfilled(text).map((each) => each.name))].join(", ");
  tell(says, { name: "missing", tone: "warn", title: t("macro.unfilled", { names }), shut: false });
  field.focus();
  field.setSelectionRange(first.index, first.index + first.length);
}

// What goes with the next reply: a macro's tags and status, until the agent takes them out.
export function applied(me, ticket) {
  const name = `with:${me}:${ticket}`;
  const state = { ...NOTHING, ...kept.get(name, {}) };
  const keep = () => kept.set(name, { macro: state.macro, tags: state.tags, status: state.status, snooze: state.snooze });
  return Object.assign(state, {
    add(macro, filled) {
      state.macro = macro;
      state.tags = [...new Set([...state.tags, ...(filled.tags ?? [])])];
      state.status = filled.status ?? state.status;
      state.snooze = (filled.snooze_seconds ?? DAY / 1000) * 1000;
      keep();
    },
    drop(tag) {
      if (tag === null) state.status = null;
      else state.tags = state.tags.filter((each) => each !== tag);
      keep();
    },
    // The reply with it; nothing is left for the next one.
    into(body) {
      const { macro, tags, status, snooze } = state;
      if (macro) body.macro = macro;
      if (tags.length) body.tags = tags;
      body.then ??= { closed: "close", snoozed: "snooze", open: "open" }[status] ?? null;
      if (body.then === "snooze") body.until = new Date(Date.now() + snooze).toISOString();
      Object.assign(state, NOTHING);
      if (macro || tags.length || status) keep();
      return body;
    },
    // A refused reply brings back what went with it.
    back(body) {
      if (!body.macro && !body.tags) return;
      state.macro = body.macro ?? state.macro;
      state.tags = [...new Set([...state.tags, ...(body.tags ?? [])])];
      state.status = state.macro && { close: "closed", snooze: "snoozed", open: "open" }[body.then];
      keep();
    },
  });
}

// What goes with the reply, each part to be taken out.
export function chips(place, state, changed) {
  const parts = state.tags.map((tag) => [`+ ${tag}`, tag]);
  if (state.status) parts.push([t(`macro.then.${state.status}`), null]);
  place.hidden = parts.length === 0;
  place.replaceChildren(
    ...parts.map(([label, tag]) => {
      const onclick = () => {
        state.drop(tag);
        changed();
      };
      return el("li", { class: "tag" }, el("bdi", {}, label), el("button", { type: "button", "aria-label": t("macro.without", { name: label }), onclick }, "×"));
    }),
  );
}

// Let the agent choose one, and put it in where the cursor is.
export async function insert(composer, { anchor } = {}) {
  const { field, pane } = composer;
  const at = [field.selectionStart, field.selectionEnd];
  try {
    const offered = (macro) => ({ value: macro.id, label: macro.name, hint: (macro.text ?? "").replaceAll(/\s+/g, " ").slice(0, 60) });
    const coming = known("/api/v1/macros").then((macros) => macros.map(offered));
    const id = await chooseOf(t("macro.insert"), coming, { filter: true, anchor, empty: t("macro.none") });
    if (id === null) {
      field.focus();
      return;
    }
    const filled = await get(`/api/v1/tickets/${encodeURIComponent(pane.id)}/macros/${encodeURIComponent(id)}`);
    field.setRangeText(filled.text, ...at, "end");
    composer.with.add(id, filled);
    composer.showWith();
    composer.wrote();
    field.focus();
    const [first] = unfilled(field.value);
    if (!first) return;
    field.setSelectionRange(first.index, first.index + first.length);
    const names = [...new Set([...(filled.missing ?? []), ...unfilled(filled.text).map((each) => each.name)])].join(", ");
    tell(composer.says, { name: "missing", tone: "warn", title: t("macro.missing", { names }), shut: false });
  } catch (error) {
    tell(composer.says, { name: "macro", ...inWords(error.problem ?? { code: "other", detail: error.message }) });
  }
}
