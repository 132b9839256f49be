// What can be done with the open ticket (TKT 11): each has a button, the frequent ones a key.

import { ask, choose } from "./dialogs.js";
import { $, $$, fire } from "./dom.js";
import { newKey } from "./http.js";
import { chooseOf, known } from "./known.js";
import { insert } from "./macros.js";
import { hush, inWords, tell } from "./says.js";
import { command } from "./sending.js";
import { again, choices, forField, inWords as timeInWords, ofField, openings } from "./snooze.js";
import { language, t } from "./words.js";

const NOBODY = "unassigned";

// Whether it was done; a refusal is said under the head, with what can be done now.
async function give(pane, body, more = {}) {
  hush(pane.says);
  pane.root.setAttribute("aria-busy", "true");
  try {
    await command(pane.id, body, newKey());
    await pane.refresh();
    return true;
  } catch (error) {
    const problem = error.problem ?? { code: "other", detail: error.message };
    const acts = problem.code === "taken" ? [{ label: t("ticket.take_over"), main: true, run: () => give(pane, { type: "assign", assignee: body.assignee }) }] : (more.acts ?? []);
    tell(pane.says, { name: "refused", ...inWords(problem), acts });
    pane.refresh();
    return false;
  } finally {
    pane.root.removeAttribute("aria-busy");
  }
}

const seen = (pane) => pane.head.assignee || NOBODY;

const ACTS = {
  back: () => fire("desk:close"),
  panel: (pane) => togglePanel(pane),
  mine: (pane) => give(pane, { type: "assign", assignee: pane.me.id, seen_assignee: seen(pane) }),
  take: (pane) => give(pane, { type: "assign", assignee: pane.me.id }),
  close: (pane) => (pane.head.status === "closed" ? ACTS.reopen(pane) : give(pane, { type: "close" }, reopens(pane))),
  reopen: (pane) => give(pane, { type: "reopen" }),
  wake: (pane) => give(pane, { type: "wake" }),
  spam: (pane) => give(pane, { type: pane.head.spam === "1" ? "mark_not_spam" : "mark_spam" }),
  untag: (pane, button) => give(pane, { type: "untag", tags: [button.dataset.tag] }),
  macro: (pane, button) => insert(pane.composer, { anchor: button }),
  open: (_, button) => fire("desk:open", { id: button.dataset.ticket }),
  reply: (pane) => pane.composer.focus(false),
  note: (pane) => pane.composer.focus(true),
  assign,
  team,
  tag,
  snooze,
  "snooze-again": (pane) => give(pane, { type: "snooze", until: again(new Date(), zone(), new Date(pane.head.snoozeEnded)).toISOString() }),
  more,
};

const reopens = (pane) => ({ acts: pane.canReopen() ? [{ label: t("ticket.reopen"), run: () => ACTS.reopen(pane) }] : [] });

// Do it, by its name; `button` is what was pressed, if anything was. What fails is said.
export async function act(pane, name, button) {
  try {
    return await ACTS[name]?.(pane, button ?? $(`[data-act="${name}"]`, pane.root));
  } catch (error) {
    tell(pane.says, { name: "refused", ...inWords(error.problem ?? { code: "other", detail: error.message }) });
    return false;
  }
}

async function assign(pane, anchor) {
  const now = pane.head.assignee;
  const mine = (item) => Number(item.value === pane.me.id);
  const coming = known("/api/v1/agents").then((agents) => {
    const items = agents.map(({ id, name, online, presence }) => ({
      value: id,
      label: id === pane.me.id ? `${name} (${t("ticket.me")})` : name,
      hint: (online ?? presence === "online") ? t("ticket.online") : t("ticket.offline"),
      checked: id === now,
    }));
    items.sort((one, other) => mine(other) - mine(one));
    return now ? [{ value: NOBODY, label: t("ticket.unassign") }, ...items] : items;
  });
  const chosen = await chooseOf(t("ticket.assign"), coming, { filter: true, anchor });
  if (chosen === null || chosen === now) return false;
  if (chosen === NOBODY) return give(pane, { type: "unassign" });
  return give(pane, { type: "assign", assignee: chosen, seen_assignee: seen(pane) });
}

async function team(pane, anchor) {
  const item = ({ id, name }) => ({ value: id, label: name, checked: id === pane.head.team });
  const coming = known("/api/v1/teams").then((teams) => teams.map(item));
  const chosen = await chooseOf(t("ticket.route"), coming, { filter: true, anchor });
  return chosen !== null && give(pane, { type: "route", team: chosen });
}

async function tag(pane, anchor) {
  const has = $$("[data-tag]", pane.root).map((button) => button.dataset.tag);
  const item = (name) => ({ value: name, label: name, checked: has.includes(name) });
  const coming = known("/api/v1/tags").then((tags) => [...new Set([...has, ...tags.map((each) => each.name ?? each)])].map(item));
  const chosen = await chooseOf(t("ticket.tag"), coming, { free: true, filter: true, anchor });
  return chosen !== null && give(pane, { type: has.includes(chosen) ? "untag" : "tag", tags: [chosen] });
}

const zone = () => $("[data-zone]")?.dataset.zone ?? "";

async function snooze(pane, anchor) {
  const now = new Date();
  const ended = pane.head.snoozeEnded ? new Date(pane.head.snoozeEnded) : null;
  const items = choices(now, zone(), openings($("[data-opens]")?.dataset.opens), ended).map(({ id, until }) => ({
    value: until.toISOString(), label: t(id === "again" ? "snooze.again" : `time.snooze.${id}`), hint: timeInWords(language, zone(), until),
  }));
  items.push(null, { value: "date", label: t("snooze.date") });
  let until = await choose(t("ticket.snooze"), items, { anchor });
  if (until === "date") until = await dated(now, anchor);
  return until !== null && give(pane, { type: "snooze", until });
}

async function dated(now, anchor) {
  const value = forField(zone(), new Date(now.getTime() + 86_400_000)).replace(/\d\d$/, "00");
  const label = zone() ? `${t("snooze.when")} (${zone()})` : t("snooze.when");
  const check = ({ when }) => {
    const at = ofField(zone(), when);
    return at && at > new Date() ? null : t("refusal.in_the_past");
  };
  const given = await ask(t("snooze.date"), { fields: [{ name: "when", type: "datetime-local", label, value, required: true }], ok: t("ticket.snooze"), check, anchor });
  return given && ofField(zone(), given.when).toISOString();
}

async function more(pane, anchor) {
  const { status, spam, assignee } = pane.head;
  const open = status !== "closed";
  const items = [
    { value: "reply", sign: "reply", label: t("composer.reply"), hint: "r" },
    { value: "note", sign: "pen", label: t("composer.note"), hint: "n" },
    { value: "macro", sign: "plus", label: t("macro.insert"), hint: "m" },
    null,
    assignee !== pane.me.id && { value: "mine", sign: "person", label: t("ticket.mine"), hint: "i" },
    { value: "assign", sign: "person", label: t("ticket.assign"), hint: "a" },
    { value: "team", sign: "team", label: t("ticket.route") },
    { value: "tag", sign: "tag", label: t("ticket.tag"), hint: "t" },
    null,
    open && { value: "snooze", sign: "clock", label: t("ticket.snooze"), hint: "s" },
    status === "snoozed" && { value: "wake", sign: "clock", label: t("ticket.wake") },
    open ? { value: "close", sign: "check", label: t("ticket.close"), hint: "e" } : pane.canReopen() && { value: "reopen", sign: "open", label: t("ticket.reopen"), hint: "e" },
    { value: "spam", sign: "spam", label: t(spam === "1" ? "ticket.not_spam" : "ticket.mark_spam"), hint: "!", danger: spam !== "1" },
  ].filter((item) => item !== false);
  const chosen = await choose(t("ticket.actions"), items, { filter: false, anchor });
  return chosen !== null && act(pane, chosen);
}

function togglePanel(pane) {
  const shown = pane.root.classList.toggle("with-panel");
  for (const button of $$('[data-act="panel"]', pane.root)) button.setAttribute("aria-expanded", String(shown));
  if (shown) $("#ticket-panel", pane.root).focus();
}

export const KEYS = {
  r: ["reply", "composer.reply"], n: ["note", "composer.note"], a: ["assign", "ticket.assign"], i: ["mine", "ticket.mine"],
  t: ["tag", "ticket.tag"], s: ["snooze", "ticket.snooze"], e: ["close", "ticket.close"], m: ["macro", "macro.insert"],
  "!": ["spam", "ticket.mark_spam"],
};
