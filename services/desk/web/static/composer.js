// Where an agent writes: a reply or a note, kept as a draft, sent once.

import { Attached, NOTHING } from "./attach.js";
import { $, $$, el } from "./dom.js";
import { Draft, keptHere } from "./drafts.js";
import { newKey } from "./http.js";
import { applied, chips, unfilled, wanting } from "./macros.js";
import { refused } from "./refusals.js";
import { hush, tell } from "./says.js";
import { kept, post, waitingWords } from "./sending.js";
import { Links } from "./sms_links.js";
import { t } from "./words.js";

export class Composer {
  // `pane`: {id, number, contact, seq, me, going, thread, here, act(name)}
  constructor(root, pane) {
    this.pane = pane;
    this.form = $("#composer", root);
    this.field = $("#composer-text", root);
    this.mirror = $("#composer-mirror", root);
    this.says = $("#composer-says", root);
    this.state = $("#composer-state", root);
    this.count = $("#composer-count", root);
    this.others = $("#composer-others", root);
    this.with = applied(pane.me.id, pane.id);
    this.attached = new Attached(root, this, () => this.wrote());
    this.links = new Links(this.form.dataset.short, () => this.drawn());
    this.seen = pane.seq;
    this.was = $("#head-replying", root)?.innerHTML.trim();
    this.field.addEventListener("input", () => this.wrote());
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    this.field.addEventListener("scroll", () => (this.mirror.scrollTop = this.field.scrollTop));
    this.form.addEventListener("click", (event) => this.clicked(event));
    this.form.addEventListener("keydown", (event) => this.tabs(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(event.submitter?.dataset.then ?? null);
    });
    this.begin();
  }

  get note() {
    return this.form.dataset.mode === "note";
  }

  get replying() {
    return $(".replying", this.form)?.dataset ?? { allowed: "1", code: "" };
  }

  // A closed ticket takes a reply where sending may open it again.
  get reopens() {
    return this.replying.reopens === "1";
  }

  get allowed() {
    return this.replying.allowed === "1" || this.reopens;
  }

  // What the server has, what this browser has kept, and what is still on its way.
  begin() {
    const { id, me } = this.pane;
    const more = { files: JSON.parse(this.form.dataset.files), cc: this.attached.addresses };
    const server = { text: this.field.value, note: this.note, more, revision: Number(this.form.dataset.revision) };
    const sends = kept(me.id, id);
    this.draft = new Draft({
      ticket: id, me: me.id, ...server,
      says: (state) => this.stands(state),
      conflict: (theirs) => this.conflicts(theirs),
    });
    const going = sends.filter((record) => !record.refused);
    if (going.some((record) => record.body.text === server.text)) Object.assign(server, { text: "", more: NOTHING });
    for (const record of going) {
      this.draft.hold();
      this.onWay(record);
    }
    this.take(server, keptHere(me.id, id));
    this.stands(this.draft.dirty ? "kept" : this.field.value || this.attached.any ? "saved" : "none");
    for (const record of sends.filter((each) => each.refused)) refused(this, record);
    this.showWith();
  }

  // What this browser kept is newer than what the server has, unless another device wrote since.
  take(server, local) {
    const same = !local || local.text === server.text || (!local.text && local.revision !== server.revision);
    const { text, note, more = server.more } = same ? { ...server, more: local?.text === server.text ? local.more : server.more } : local;
    this.put(text, note);
    this.attached.take(more);
    Object.assign(this.draft, { text, note, more });
    if (same || local.revision === server.revision || local.text.startsWith(server.text)) this.draft.write(text, note);
    else this.draft.meets(server);
  }

  put(text, note) {
    this.field.value = text;
    this.mode(note, false);
    this.drawn();
  }

  // Reply or note: the whole box looks different, and says so.
  mode(note, write = true) {
    this.form.dataset.mode = note ? "note" : "reply";
    for (const tab of $$("[role=tab]", this.form)) {
      const chosen = tab.dataset.mode === this.form.dataset.mode;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) $("#composer-body", this.form).setAttribute("aria-labelledby", tab.id);
    }
    this.field.setAttribute("aria-label", note ? this.field.dataset.noteLabel : this.field.dataset.replyLabel);
    this.field.readOnly = !note && !this.allowed;
    $("#composer-send", this.form).textContent = t(this.reopens ? "composer.reopen_send" : "composer.send");
    this.drawn();
    if (write) this.draft.write(this.field.value, note);
  }

  focus(note) {
    if (note !== undefined && note !== this.note) this.mode(note);
    this.field.focus();
  }

  clicked(event) {
    const mode = event.target.closest("[data-mode]:not(form)")?.dataset.mode;
    if (mode) this.focus(mode === "note");
  }

  tabs(event) {
    if (event.target.getAttribute("role") !== "tab" || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    this.mode(!this.note);
    $('[role=tab][aria-selected="true"]', this.form).focus();
  }

  pressed(event) {
    if (event.key === "Escape" && !event.isComposing) this.pane.thread.box.focus();
    if (event.key === "/" && !this.field.value && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.pane.act("macro");
    }
  }

  wrote() {
    this.drawn();
    hush(this.says, "missing");
    this.draft.write(this.field.value, this.note, this.attached.kept());
    if (!this.left) this.pane.here.writes();
  }

  // The mirror gives the box its height, and marks what is still to be filled in.
  drawn() {
    const text = this.field.value;
    const parts = [];
    let from = 0;
    for (const { index, length } of unfilled(text)) {
      parts.push(text.slice(from, index), el("mark", {}, text.slice(index, index + length)));
      from = index + length;
    }
    this.mirror.replaceChildren(...parts, `${text.slice(from)}\n`);
    if (this.form.dataset.channel !== "sms") return;
    this.links.counted(text, this.count);
  }

  stands(state) {
    this.form.dataset.state = state;
    this.state.textContent = state === "none" ? "" : t(`composer.${state}`);
  }

  // The same ticket's draft from another device: both are shown, one is chosen.
  conflicts(theirs) {
    const choose = (text, note, more) => {
      this.put(text, note);
      if (more) this.attached.take(more);
      this.draft.chose(text, note, theirs, this.attached.kept());
      this.field.focus();
    };
    tell(this.says, {
      name: "draft", tone: "warn", title: t("composer.other_device"), quote: theirs.text, shut: false,
      acts: [
        { label: t("composer.keep_mine"), run: () => choose(this.field.value, this.note), main: true },
        { label: t("composer.take_theirs"), run: () => choose(theirs.text, theirs.note, theirs) },
        { label: t("composer.keep_both"), run: () => choose(`${this.field.value}\n\n${theirs.text}`, this.note) },
      ],
    });
  }

  async elsewhere(revision) {
    const theirs = await this.draft.elsewhere(revision);
    if (theirs) {
      this.put(theirs.text, theirs.note);
      this.attached.take(theirs);
      Object.assign(this.draft, { text: theirs.text, note: theirs.note, more: this.attached.kept() });
      this.stands(theirs.text || this.attached.any ? "saved" : "none");
    }
  }

  // Lines came. Of two who answer at once the second is told before it goes out.
  came(added, seq) {
    const colleague = added.filter((line) => line.dataset.kind === "reply" && ["agent", "ai"].includes(line.dataset.writer) && !line.dataset.mine);
    if (colleague.length && this.field.value && !this.note) this.answered(colleague.at(-1), seq);
    else if (!$('[data-says="unseen"]', this.says)) this.seen = Math.max(this.seen, seq);
  }

  answered(line, seq) {
    tell(this.says, {
      name: "unseen", tone: "warn",
      title: line ? t("composer.answered", { name: line.dataset.name }) : t("refusal.unseen"),
      quote: line ? $(".line-text", line)?.textContent.slice(0, 600) : undefined,
      acts: [
        { label: t("composer.send_anyway"), run: () => this.anyway(seq), main: true },
        { label: t("composer.as_note"), run: () => this.focus(true) },
      ],
      shut: () => (this.seen = Math.max(this.seen, seq)),
    });
  }

  anyway(seq) {
    this.seen = Math.max(this.seen, seq ?? 0);
    this.submit(this.then ?? null, { unseen_ok: true });
  }

  submit(then, more = {}) {
    const text = this.field.value;
    const { pane, note } = this;
    if (!(text.trim() || (!note && this.attached.any)) || this.draft.asking) {
      ($('[data-says="draft"] button', this.says) ?? this.field).focus();
      return;
    }
    this.then = then;
    if (!note && !this.allowed) {
      $("#composer-replying button", this.form)?.focus();
      return;
    }
    if (!note && unfilled(text).length) {
      wanting(this, text);
      return;
    }
    if (!note && this.attached.unready()) return;
    const waiting = $('[data-says="unseen"]', this.says);
    if (!note && waiting && !more.unseen_ok) {
      $("button", waiting).focus();
      return;
    }
    const { files } = note ? NOTHING : this.attached.kept();
    const body = note ? { type: "note", text } : this.with.into(this.attached.into({ type: "reply", text, seen_seq: this.seen, then, ...(this.reopens && { reopen: true }), ...more }));
    const { id, number, contact, me, seq } = pane;
    const record = { ticket: id, number, contact, me: me.id, key: newKey(), at: Date.now(), since: seq, then, body, files };
    hush(this.says);
    if (pane.thread.cut) pane.thread.newest();
    this.draft.hold();
    this.put("", note);
    if (!note) this.attached.take(NOTHING);
    this.draft.write("", note, this.attached.kept());
    this.showWith();
    this.onWay(record);
    this.field.focus();
    post(record);
  }

  onWay(record, state = {}) {
    this.pane.going.add(record);
    if (!this.pane.thread.has(record)) this.pane.thread.shows(record, t(waitingWords(state)));
  }

  sent(record) {
    this.draft.release();
    if (this.field.value === "" && !this.attached.any) this.stands("none");
    if (!this.pane.thread.has(record)) this.pane.thread.shows(record, t("thread.sent"));
  }

  // Colleagues who write here as well.
  beside(others) {
    this.others.hidden = !others.length;
    this.others.textContent = others.map(({ name }) => t("ticket.writing", { name })).join(", ");
  }

  showWith() {
    chips($("#composer-with", this.form), this.with, () => {
      this.showWith();
      this.field.focus();
    });
  }

  // The head came anew: whether and to whom replies go may have changed.
  told(template) {
    const place = $("#composer-replying", this.form);
    if (!template || template.innerHTML.trim() === this.was) return;
    this.was = template.innerHTML.trim();
    const focused = place.contains(document.activeElement);
    place.replaceChildren(template.content.cloneNode(true));
    this.mode(this.note, false);
    if (focused) this.field.focus();
  }

  // What is on its way to the server goes on, and is kept with the draft.
  leave() {
    this.left = true;
    this.draft.leave();
    this.links.leave();
  }
}
