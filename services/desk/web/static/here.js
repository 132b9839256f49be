// Tells the others that this agent looks at a ticket, or writes in it.

import { newKey, send } from "./http.js";

const BEAT = 15_000;
const WRITES = 10_000;

const path = (id) => `/api/v1/tickets/${encodeURIComponent(id)}/here`;

// While it lives the server hears of it; `others(list)` is called with what it answers.
export class Here {
  constructor(id, others) {
    this.id = id;
    this.others = others;
    this.wrote = -WRITES;
    this.told = "";
    this.timer = setInterval(() => this.beat(), BEAT);
    this.seen = () => (document.hidden ? this.gone() : this.beat());
    this.away = () => this.gone();
    document.addEventListener("visibilitychange", this.seen);
    window.addEventListener("pagehide", this.away);
    if (!document.hidden) this.beat();
  }

  get state() {
    return performance.now() - this.wrote < WRITES ? "writing" : "looking";
  }

  writes() {
    this.wrote = performance.now();
    if (this.told !== "writing") this.beat();
  }

  // What was written is sent: the others need not wait for it any more.
  wroteAll() {
    this.wrote = -WRITES;
    if (this.told === "writing") this.beat();
  }

  async beat() {
    if (document.hidden || this.over) return;
    const { state } = this;
    this.told = state;
    try {
      const answer = await send("POST", path(this.id), { state });
      if (!this.over && answer?.others) this.others(answer.others);
    } catch {
      this.told = ""; // Said again with the next beat.
    }
  }

  // Also while the page goes away, when nothing can be waited for.
  gone() {
    if (!this.told) return;
    this.told = "";
    const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";
    const headers = { "Content-Type": "application/json", "X-Desk": csrf, "Idempotency-Key": newKey() };
    fetch(path(this.id), { method: "POST", keepalive: true, credentials: "same-origin", headers, body: '{"state":"gone"}' }).catch(() => {});
  }

  leave() {
    this.over = true;
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.seen);
    window.removeEventListener("pagehide", this.away);
    this.gone();
  }
}
