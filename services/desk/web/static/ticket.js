// The pane of the open ticket: loaded, kept current by live events, left.

import { act, KEYS } from "./actions.js";
import { Composer } from "./composer.js";
import { $, $$, el, fire, parsed, say } from "./dom.js";
import { Here } from "./here.js";
import { get, newKey, send } from "./http.js";
import { key } from "./keys.js";
import { ahead } from "./known.js";
import { on } from "./live.js";
import { Panel } from "./panel.js";
import { refused, refusedElsewhere } from "./refusals.js";
import { inWords } from "./says.js";
import { posts, resume } from "./sending.js";
import { Thread } from "./thread.js";
import { t } from "./words.js";

let place = null;
let pane = null;
let asked = 0;
let loading = null;

class Pane {
  going = new Set(); // what is on its way

  constructor(root) {
    const { id, seq, number, contact, me, meName } = root.dataset;
    Object.assign(this, { root, id, number, contact, seq: Number(seq), me: { id: me, name: meName } });
    this.says = $("#head-says", root);
    this.thread = new Thread(root, id, this.me);
    this.here = new Here(id, (others) => this.others(others));
    this.composer = new Composer(root, this);
    this.panel = new Panel(root, id);
    this.seen = () => this.read();
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-act]");
      if (button) this.act(button.dataset.act, button);
    });
    document.addEventListener("visibilitychange", this.seen);
    this.read();
    this.awaits();
    ahead();
  }

  get head() {
    return $(".head", this.root).dataset;
  }

  canReopen() {
    return this.head.canReopen === "1";
  }

  act(name, button) {
    return act(this, name, button);
  }

  // Whether a line is no own one, neither from here nor from another device.
  isTheirs({ dataset: { mine, name, writer } }) {
    return !mine && !(writer === "agent" && name === this.me.name);
  }

  // The newest line that somebody else wrote after a seq.
  unseen(seq) {
    const said = $$(".line.reply, .line.message, .line.note", this.thread.lines);
    return said.filter((line) => Number(line.dataset.seq) > seq && this.isTheirs(line)).at(-1);
  }

  // Read when it is opened and can be seen.
  read() {
    if (document.hidden || this.head.unread !== "1" || this.reading) return;
    this.reading = true;
    send("POST", `/api/v1/tickets/${encodeURIComponent(this.id)}/commands`, { type: "mark_read" }, newKey())
      .catch(() => {})
      .finally(() => (this.reading = false));
  }

  // Every part anew that may have changed; one at a time, and once more if more came meanwhile.
  // What cannot be had now comes with the next event.
  refresh() {
    this.again = true;
    this.refreshing ??= this.parts().catch(() => {}).finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  async parts() {
    while (this.again && !this.left) {
      this.again = false;
      const base = `/desk/tickets/${encodeURIComponent(this.id)}`;
      // The lines after the head: they are at least as new, so that nothing is taken for seen.
      const head = await get(`${base}/head`);
      const added = await this.thread.update(this.going);
      if (this.left) return;
      this.replaceHead(head);
      this.composer.came(added.filter((line) => this.isTheirs(line)), this.seq);
      await this.panel.update();
      this.read();
      this.awaits();
    }
  }

  // A file of which parts are missing comes without an event: it is looked for now and then.
  awaits() {
    clearTimeout(this.awaiting);
    if (!$(".file.coming", this.thread.lines)) return;
    this.pause = Math.min((this.pause ?? 1500) * 1.5, 60_000);
    this.awaiting = setTimeout(() => this.refresh(), this.pause);
  }

  replaceHead(html) {
    const old = $("#ticket-head", this.root);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    old.replaceChildren(parsed(html));
    const head = $(".head", old);
    this.seq = Math.max(this.seq, Number(head.dataset.seq));
    this.composer.told($("#head-replying", head));
    if (!focused) return;
    const same = focused.dataset.act && $(`[data-act="${focused.dataset.act}"]`, head);
    (same || $("#ticket-title", head)).focus({ preventScroll: true });
  }

  others(others) {
    const shown = $("#ticket-others", this.root);
    const made = others
      .filter((other) => other.agent !== this.me.id && other.state !== "gone")
      .map(({ name, state }) => el("span", { class: `other ${state}` }, t(`ticket.${state}`, { name })));
    const words = made.map((each) => each.textContent).join();
    if (words === $$(".other", shown).map((each) => each.textContent.trim()).join()) return;
    shown.replaceChildren(...made);
    this.composer?.beside(others.filter((other) => other.agent !== this.me.id && other.state === "writing"));
  }

  leave() {
    this.left = true;
    clearTimeout(this.awaiting);
    document.removeEventListener("visibilitychange", this.seen);
    for (const part of [this.thread, this.here, this.composer]) part.leave();
  }
}

// Takes what the server put into the page.
function adopt(root, { focus = true } = {}) {
  pane?.leave();
  pane = new Pane(root);
  fire("desk:opened", { id: pane.id });
  if (focus) $("#ticket-title", root).focus({ preventScroll: true });
}

async function open(id, options = {}) {
  if (pane?.id === id && !options.anew) {
    if (options.focus !== false) $("#ticket-title", pane.root).focus();
    return;
  }
  if (loading === id) return;
  const mine = (asked += 1);
  loading = id;
  place.setAttribute("aria-busy", "true");
  try {
    const html = await get(`/desk/tickets/${encodeURIComponent(id)}`);
    if (mine !== asked) return;
    pane?.leave();
    pane = null;
    place.replaceChildren(parsed(html));
    adopt($("#ticket", place), options);
  } catch (error) {
    if (mine === asked) failed(id, error, options);
  } finally {
    if (mine === asked) {
      loading = null;
      place.removeAttribute("aria-busy");
    }
  }
}

function failed(id, error, options) {
  pane?.leave();
  pane = null;
  const { title, detail } = inWords(error.problem ?? { code: "other", detail: error.message });
  const again = el("button", { type: "button", class: "main", onclick: () => open(id, options) }, t("composer.again"));
  const back = el("button", { type: "button", onclick: () => fire("desk:close") }, t("ticket.back"));
  place.replaceChildren(el("div", { class: "says-box bad pane-failed", role: "alert" }, el("p", {}, el("b", {}, title), ` ${detail}`), el("p", { class: "says-acts" }, again, back)));
}

function close() {
  asked += 1;
  loading = null;
  pane?.leave();
  pane = null;
  place.replaceChildren();
}

const mine = (record) => (pane?.id === record.ticket ? pane : null);

function followPosts() {
  posts.addEventListener("state", ({ detail: { record, ...state } }) => {
    const shown = mine(record);
    if (shown && !record.event) shown.composer.onWay(record, state);
  });
  posts.addEventListener("sent", async ({ detail: { record } }) => {
    const shown = mine(record);
    if (!shown) return;
    shown.composer.sent(record);
    shown.here.wroteAll();
    if (!shown.thread.has(record)) await shown.refresh();
    shown.thread.gone(record);
    shown.going.delete(record);
  });
  posts.addEventListener("elsewhere", ({ detail: { record } }) => {
    const shown = mine(record);
    if (!shown) return;
    shown.composer.sent(record);
    shown.thread.gone(record);
    shown.refresh();
  });
  posts.addEventListener("refused", ({ detail: { record } }) => {
    const shown = mine(record);
    shown?.going.delete(record);
    if (shown) refused(shown.composer, record, true);
    else if (pane) refusedElsewhere(pane.composer, record);
    else say(t("composer.other_refused", { number: record.number, name: record.contact }));
  });
}

function followLive() {
  on("tickets", (told) => {
    const row = told?.rows?.find((each) => each.id === pane?.id);
    if (row && row.seq > pane.seq) pane.refresh();
  });
  on("here", (told) => pane?.id === told.ticket_id && pane.others(told.others));
  on("typing", (told) => (told.ticket_ids ?? [told.ticket_id]).includes(pane?.id) && pane.thread.types(told.until));
  on("visitor", (told) => told.ticket_ids.includes(pane?.id) && pane.refresh());
  on("presence", ({ agent }) => pane && agent === pane.head.assignee && pane.refresh());
  on("draft", (told) => pane?.id === told.ticket_id && pane.composer.elsewhere(told.revision));
  on("followed", (told) => pane?.id === told.ticket_id && pane.refresh());
  on("reload", () => pane?.refresh());
}

function start(within) {
  place = within;
  followPosts();
  followLive();
  document.addEventListener("desk:open", ({ detail }) => open(detail.id, detail));
  document.addEventListener("desk:close", close);
  const shown = () => pane !== null;
  for (const [keys, [name, label]] of Object.entries(KEYS)) key(keys, t(label), () => pane.act(name), { when: shown, group: "ticket" });
  const writing = () => shown() && pane.composer.form.contains(document.activeElement);
  key("Ctrl+Enter", t("composer.send"), () => pane.composer.submit(null), { when: writing, group: "ticket" });
  key("Ctrl+Shift+Enter", t("composer.send_close"), () => pane.composer.submit("close"), { when: writing, group: "ticket" });
  const there = $("#ticket", place);
  if (there) adopt(there, { focus: false });
  const me = there?.dataset.me ?? $('meta[name="who"]')?.content;
  if (me) resume(me);
}

start($("#pane"));
