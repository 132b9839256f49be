// What is done with many tickets: asked for, sent as one job, followed, and answered for each.

import { $, el, fire, icon } from "./dom.js";
import { ask, choose, sure, tell } from "./dialogs.js";
import { get, newKey, send } from "./http.js";
import { chooseOf, known } from "./known.js";
import { on } from "./live.js";
import { inWords as refusal } from "./says.js";
import { choices, inWords, ofField, openings } from "./snooze.js";
import { filtersAsValues, view } from "./where.js";
import { language, t } from "./words.js";

// In the order of the menu; `first` ones have a button of their own.
export const actions = [
  { name: "assign", sign: "person", keys: "a", first: true },
  { name: "close", sign: "check", keys: "e", first: true, sure: true },
  { name: "snooze", sign: "clock", keys: "s", first: true },
  { name: "tag", sign: "tag", keys: "t" },
  { name: "untag", sign: "tag" },
  { name: "route", sign: "team" },
  { name: "reply", sign: "reply", keys: "r" },
  { name: "mark_read", sign: "read" },
  { name: "reopen", sign: "open", sure: true },
  { name: "wake", sign: "clock" },
  { name: "mark_spam", sign: "spam", keys: "!", sure: true },
  { name: "mark_not_spam", sign: "inbox", sure: true },
];

const people = JSON.parse($("#people").textContent);
const me = () => $('meta[name="who"]').content;
const running = new Map(); // job id -> {what, place, told}
const place = $("#bulk-said");

// The command, as far as the agent has to say more; null where they left.
const commands = {
  async assign(_, anchor) {
    const others = people.agents.filter(([id]) => id !== me());
    const items = [
      { value: me(), label: t("bulk.me"), sign: "person" },
      { value: "", label: t("bulk.nobody"), sign: "unassigned" },
      null,
      ...others.map(([value, label, online]) => ({ value, label, hint: online ? "" : t("bulk.offline") })),
    ];
    const assignee = await choose(t("bulk.assign"), items, { anchor, filter: others.length > 6 });
    if (assignee === null) return null;
    return assignee ? { type: "assign", assignee } : { type: "unassign" };
  },
  async route(_, anchor) {
    const team = await choose(t("bulk.route"), people.teams.map(([value, label]) => ({ value, label })), { anchor });
    return team && { type: "route", team };
  },
  async snooze(_, anchor) {
    const { zone, opens } = $("#desk").dataset;
    const offered = choices(new Date(), zone, openings(opens)).map(({ id, until }) => ({
      value: until,
      label: t(`time.snooze.${id}`),
      hint: inWords(language, zone, until),
    }));
    let until = await choose(t("bulk.snooze"), [...offered, null, { value: "at", label: t("bulk.snooze_at") }], { anchor });
    if (until === "at") {
      const check = ({ at }) => (ofField(zone, at) > new Date() ? "" : t("bulk.past"));
      const fields = [{ name: "at", label: t("bulk.snooze_at"), type: "datetime-local", required: true }];
      const given = await ask(t("bulk.snooze"), { fields, ok: t("bulk.snooze"), check });
      until = given && ofField(zone, given.at);
    }
    return until && { type: "snooze", until: until.toISOString() };
  },
  tag: (_, anchor) => tagged("tag", true, anchor),
  untag: (_, anchor) => tagged("untag", false, anchor),
  async reply({ count }) {
    const given = await ask(t("bulk.reply_title", { count }), {
      detail: t("bulk.reply_sure"),
      fields: [{ name: "text", label: t("bulk.reply_text"), type: "textarea", required: true }],
      ok: t("bulk.reply_send", { count }),
      check: ({ text }) => (text ? "" : t("bulk.reply_empty")),
    });
    return given && { type: "reply", text: given.text };
  },
};

async function tagged(type, free, anchor) {
  const coming = known("/api/v1/tags").catch(() => []);
  const items = coming.then((tags) => tags.map((tag) => tag.name ?? tag).map((value) => ({ value, label: value })));
  const title = t(free ? "bulk.new_tag" : "bulk.untag");
  const tag = await chooseOf(title, items, { free, filter: true, anchor });
  return tag && { type, tags: [tag] };
}

export async function does(name, meant, anchor) {
  if (!meant.count) return;
  if (name === "more") {
    const items = actions.filter(({ first }) => !first);
    const shown = items.map(({ name: value, sign, keys }) => ({ value, sign, label: t(`bulk.${value}`), hint: keys || "" }));
    const next = await choose(t("bulk.more"), shown, { anchor, filter: false });
    if (next) await does(next, meant, anchor);
    return;
  }
  try {
    await done(name, meant, anchor);
  } catch (error) {
    await tell(t(`bulk.${name}`), error.message);
  }
}

async function done(name, meant, anchor) {
  const to = meant.all ? { view: view(), filters: filtersAsValues() } : { ids: meant.ids };
  const plain = { type: name };
  let { count } = meant;
  // The server counts what is meant by all of a view; the page knows a part of it.
  if (meant.all) ({ count } = await send("POST", "/api/v1/bulk", { command: plain, ...to, dry_run: true }));
  const command = commands[name] ? await commands[name]({ count }, anchor) : plain;
  if (!command) return;
  const what = t(`bulk.${name}`);
  const asked = name !== "reply" && (meant.all || (count > 1 && actions.find((one) => one.name === name).sure));
  const title = t("bulk.sure_title", { what, count });
  if (asked && !(await sure(title, { detail: meant.all ? t("bulk.sure_all") : "", ok: t("bulk.do", { count }), anchor: meant.all ? null : anchor }))) return;
  start(what, { command, ...to }, newKey());
  fire("desk:done-with");
}

async function start(what, body, idempotency) {
  const box = el("div", { class: "bulk-job" }, el("span", {}, t("bulk.starting", { what })));
  place.append(box);
  place.hidden = false;
  try {
    const { job_id: id } = await send("POST", "/api/v1/bulk", body, idempotency);
    running.set(id, { what, box, heard: Date.now() });
    follow(id);
  } catch (error) {
    const words = t("bulk.failed", { what, reason: error.message });
    const again = el("button", { type: "button", onclick: () => { box.remove(); start(what, body, idempotency); } }, t("bulk.again"));
    box.replaceChildren(el("span", { class: "bad" }, words), el("span", {}, again, putAway(box)));
  }
}

// An event tells how far a job is; where none comes, the page asks.
async function follow(id) {
  while (running.has(id)) {
    if (Date.now() - running.get(id).heard >= 1500 || !running.get(id).told) {
      const job = await get(`/api/v1/bulk/${encodeURIComponent(id)}`).catch(() => null);
      if (job) told(job);
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}

function putAway(box) {
  const away = () => {
    box.remove();
    place.hidden = !place.children.length;
  };
  return el("button", { type: "button", class: "plain sign", "aria-label": t("bulk.dismiss"), title: t("bulk.dismiss"), onclick: away }, icon("close"));
}

function told(job) {
  const known = running.get(job.id);
  if (!known || (known.told && job.done < known.told.done)) return;
  Object.assign(known, { told: job, heard: Date.now() });
  const { what, box } = known;
  const refused = job.refused || [];
  if (!job.finished) {
    const bar = el("progress", { max: String(job.total), "aria-label": what });
    bar.value = job.done;
    box.replaceChildren(el("span", {}, t("bulk.running", { what, done: job.done, total: job.total })), "", bar);
    return;
  }
  running.delete(job.id);
  const words = `${t("bulk.finished", { what, count: job.total - refused.length })}, ${refused.length ? t("bulk.refused", { count: refused.length }) : t("bulk.all_done")}`;
  const lines = refused.map(({ ticket_id: id, number, ...why }) => {
    const { title, detail } = refusal({ ...why, detail: why.reason });
    return el("li", {}, el("a", { href: `/desk?ticket=${encodeURIComponent(id)}`, "data-open": id }, `#${number}`), ` ${detail || title}`);
  });
  box.replaceChildren(el("span", {}, words), putAway(box), lines.length ? el("ul", { class: "small" }, ...lines) : "");
}

on("job", told);
place.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-open]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  fire("desk:open", { id: link.dataset.open });
});
