// Beside a thread: which of the profile's events are shown is kept for each agent (PRF 1).

import { $, $$, fire, parsed } from "./dom.js";
import { get, send } from "./http.js";

let chosen; // the metrics, null: all of them; undefined: not asked for yet

export class Panel {
  constructor(root, id) {
    this.id = id;
    this.place = $("#ticket-panel", root);
    this.place.addEventListener("change", (event) => event.target.name === "metric" && this.filtered());
    this.place.addEventListener("click", (event) => this.clicked(event));
    this.begin();
  }

  async begin() {
    const given = $("[data-chosen]", this.place)?.dataset.chosen;
    if (given && given !== "null") chosen = JSON.parse(given);
    else if (given && chosen === undefined) {
      chosen = null;
      const me = await get("/api/v1/me").catch(() => null);
      chosen = me?.profile_metrics?.length ? me.profile_metrics : null;
    }
    this.show();
  }

  show() {
    for (const box of $$('input[name="metric"]', this.place)) box.checked = chosen ? chosen.includes(box.value) : true;
    const events = $$("[data-metric]", this.place);
    for (const line of events) line.hidden = Boolean(chosen) && !chosen.includes(line.dataset.metric);
    const none = $("#panel-no-events", this.place);
    if (none) none.hidden = events.some((line) => !line.hidden);
  }

  filtered() {
    const boxes = $$('input[name="metric"]', this.place);
    chosen = boxes.every((box) => box.checked) ? null : boxes.filter((box) => box.checked).map((box) => box.value);
    this.show();
    send("PATCH", "/api/v1/me", { profile_metrics: chosen ?? [] }).catch(() => {});
  }

  // A link to another ticket opens it here; with Ctrl or the middle button, in a tab of its own.
  clicked(event) {
    const link = event.target.closest("[data-open]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    fire("desk:open", { id: link.dataset.open });
  }

  async update() {
    const html = await get(`/desk/tickets/${encodeURIComponent(this.id)}/panel`);
    const open = $$("details[id]", this.place).map((each) => [each.id, each.open]);
    const focused = this.place.contains(document.activeElement);
    if (focused) return;
    this.place.replaceChildren(parsed(html));
    for (const [id, was] of open) $(`#${id}`, this.place)?.toggleAttribute("open", was);
    this.show();
  }
}
