// Replies prepared in advance (MAC 1): found by typing, put in where one writes.

import { choose } from "./dialogs.js";
import { el, kept } from "./dom.js";
import { get, newKey } from "./http.js";
import { inWords, tell } from "./says.js";
import { t } from "./words.js";

const DAY = 86_400_000;

// The places of a text that are still to be filled in: [{index, length, name}].
export function unfilled(text) {
  return [...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map((found) => ({ index: found.index, length: found[0].length, name: found[1] }));
}

// What goes with the next reply: a macro's tags and status, until the agent takes them out.
export function applied(me, ticket) {
  const name = `with:${me}:${ticket}`;
  const state = { macro: null, tags: [], status: null, until: null, ...kept.get(name, {}) };
  const keep = () => kept.set(name, { macro: state.macro, tags: state.tags, status: state.status, until: state.until });
  return Object.assign(state, {
    add(macro, filled) {
      state.macro = macro;
      state.tags = [...new Set([...state.tags, ...(filled.tags ?? [])])];
      state.status = filled.status ?? state.status;
      const given = filled.until ?? filled.snoozed_until;
      state.until = given ?? new Date(Date.now() + (filled.snooze_for ? filled.snooze_for * 1000 : DAY)).toISOString();
      keep();
    },
    drop(tag) {
      if (tag === null) state.status = null;
      else state.tags = state.tags.filter((each) => each !== tag);
      keep();
    },
    // The command with it, and what is to follow; nothing is left for the next one.
    into(body, then, status) {
      const note = body.type === "note";
      const follow = [];
      const closes = then === "close" || (!note && state.status === "closed");
      if (!note) {
        if (state.macro) body.macro = state.macro;
        if (state.tags.length) body.tags = state.tags;
        if (closes) body.then = "close";
        else if (state.status === "snoozed") follow.push({ key: newKey(), body: { type: "snooze", until: state.until } });
        else if (state.status === "open" && status === "snoozed") follow.push({ key: newKey(), body: { type: "wake" } });
        const was = state.macro || state.tags.length || state.status;
        Object.assign(state, { macro: null, tags: [], status: null, until: null });
        if (was) keep();
      }
      return { body, follow };
    },
    // A refused reply brings back what went with it.
    back(body) {
      if (!body.macro && !body.tags) return;
      state.macro = body.macro ?? state.macro;
      state.tags = [...new Set([...state.tags, ...(body.tags ?? [])])];
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
    const found = await get("/api/v1/macros");
    const all = Array.isArray(found) ? found : found.items;
    const items = all.map((macro) => ({ value: macro.id, label: macro.name, hint: (macro.text ?? "").replaceAll(/\s+/g, " ").slice(0, 60) }));
    const id = await choose(t("macro.insert"), items, { filter: true, anchor, empty: t("macro.none") });
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
