// What an agent has begun to write: in the browser at once, on the server soon after.

import { get, send } from "./http.js";

const SOON = 700;
const LONGEST = 30_000;

const NONE = { files: [], cc: [] };
const same = (one, other) => JSON.stringify(plain(one)) === JSON.stringify(plain(other));
const plain = ({ files = [], cc = [] } = NONE) => ({ files: files.map(({ id }) => id), cc });

const path = (ticket) => `/api/v1/tickets/${encodeURIComponent(ticket)}/draft`;
const place = (me, ticket) => `desk-draft:${me}:${ticket}`;

// The text that this browser has kept of a ticket, which the server may not have; null: none.
export function keptHere(me, ticket) {
  try {
    return JSON.parse(localStorage.getItem(place(me, ticket)));
  } catch {
    return null;
  }
}

function keep(me, ticket, kept) {
  try {
    if (kept) localStorage.setItem(place(me, ticket), JSON.stringify(kept));
    else localStorage.removeItem(place(me, ticket));
  } catch {
    // A browser that keeps nothing still has the server.
  }
}

// A ticket's draft. `says(state)` is called with `saving`, `saved`, `kept` (here alone, being tried
// again) or `none`; `conflict(theirs)` when another device has saved something else meanwhile.
export class Draft {
  constructor({ ticket, me, text, note, more = NONE, revision, says, conflict }) {
    Object.assign(this, { ticket, me, text, note, more, revision, says, conflict });
    this.saved = { text, note, more };
    this.timer = null;
    this.wait = SOON;
    this.running = false;
    this.held = 0;
    this.over = false;
    this.asking = false;
    this.online = () => this.dirty && this.soon(0);
    window.addEventListener("online", this.online);
  }

  get dirty() {
    const { text, note, more } = this.saved;
    return this.text !== text || (this.text !== "" && this.note !== note) || !same(this.more, more);
  }

  // It is in the browser now, and on its way to the server. `more`: files and further addressees.
  write(text, note, more = this.more) {
    this.text = text;
    this.note = note;
    this.more = more;
    this.here();
    if (this.dirty) this.soon(this.wait);
  }

  // In the browser is what the server has not got.
  here() {
    const { text, note, more, revision } = this;
    keep(this.me, this.ticket, this.dirty ? { text, note, more, revision } : null);
  }

  // While a text is being sent the server keeps that one; what is written meanwhile stays here.
  hold() {
    this.held += 1;
    clearTimeout(this.timer);
  }

  release() {
    this.held = Math.max(0, this.held - 1);
    if (!this.held) this.soon(0);
  }

  soon(wait) {
    clearTimeout(this.timer);
    if (!this.held && !this.asking) this.timer = setTimeout(() => this.save(), wait);
  }

  async save() {
    if (this.running || this.held || this.asking || !this.dirty) return;
    this.running = true;
    const { text, note, more } = this;
    if (!this.over) this.says("saving");
    try {
      await this.put(text, note, more);
      this.saved = { text, note, more };
      this.wait = SOON;
      this.here();
      if (!this.over) this.says(text || more.files.length ? "saved" : "none");
    } catch (error) {
      await this.failed(error);
    } finally {
      this.running = false;
    }
    if (this.dirty && !this.asking) this.soon(this.wait);
  }

  async put(text, note, { files, cc }) {
    if (text || files.length) {
      const answer = await send("PUT", path(this.ticket), { text, note, files, cc, revision: this.revision });
      this.revision = answer?.revision ?? this.revision + 1;
    } else {
      await send("DELETE", path(this.ticket));
      this.revision = 0;
    }
  }

  async failed(error) {
    if (error.problem && (error.problem.status === 409 || error.problem.status === 412)) {
      const theirs = await this.theirs();
      if (theirs) {
        this.meets(theirs);
        return;
      }
    }
    this.wait = Math.min(Math.max(this.wait, 1000) * 2, LONGEST);
    if (!this.over) this.says("kept");
  }

  async theirs() {
    try {
      const found = await get(path(this.ticket));
      return found?.text === undefined ? { text: "", note: false, revision: found?.revision ?? 0 } : found;
    } catch (error) {
      return error.problem?.status === 404 ? { text: "", note: false, revision: 0 } : null;
    }
  }

  // What another device has is taken where nothing would be lost; else the agent chooses.
  meets(theirs) {
    const empty = !theirs.text && !theirs.files?.length;
    if (theirs.text === this.text || empty) {
      this.revision = theirs.revision;
      if (!empty) this.saved = { text: theirs.text, note: theirs.note, more: theirs };
      this.wait = SOON;
      return;
    }
    this.asking = true;
    this.conflict(theirs);
  }

  // Another device saved: ask for it, unless it is what this one knows.
  async elsewhere(revision) {
    if (revision === this.revision || this.running || this.held || this.over) return null;
    const theirs = await this.theirs();
    if (!theirs || this.over || theirs.revision === this.revision) return null;
    const equal = theirs.text === this.text && same(theirs, this.more);
    if (this.dirty && !equal) {
      this.meets(theirs);
      return null;
    }
    this.revision = theirs.revision;
    this.saved = { text: theirs.text, note: theirs.note, more: theirs };
    return equal ? null : theirs;
  }

  // The agent chose between this text and another device's.
  chose(text, note, theirs, more = this.more) {
    this.asking = false;
    this.revision = theirs.revision;
    this.saved = { text: theirs.text, note: theirs.note, more: theirs };
    this.wait = SOON;
    this.write(text, note, more);
    if (!this.dirty) this.says("saved");
  }

  // The pane is left: what is not saved goes on being saved, without saying so.
  leave() {
    this.over = true;
    window.removeEventListener("online", this.online);
    if (this.dirty) this.soon(0);
  }
}
