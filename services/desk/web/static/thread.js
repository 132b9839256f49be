// The lines of a ticket: newest below, older ones on demand, and never more of them than a browser
// shows without effort.

import { $, $$, el, icon, parsed, say } from "./dom.js";
import { get } from "./http.js";
import { t } from "./words.js";

const MOST = 300; // lines in the page
const NEAR = 80; // pixels from an end that count as being there

export class Thread {
  constructor(root, id, me) {
    this.id = id;
    this.me = me;
    this.box = $("#thread", root);
    this.lines = $("#thread-lines", root);
    this.sending = $("#thread-sending", root);
    this.jump = $("#thread-newest", root);
    this.typing = $("#thread-typing", root);
    this.cut = false; // whether newer lines than the last one shown were let go
    this.atEnd = true;
    this.was = 0;
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.box.addEventListener("click", (event) => this.clicked(event));
    this.jump.addEventListener("click", () => this.newest());
    this.sizes = new ResizeObserver(() => this.atEnd && this.toEnd());
    this.sizes.observe(this.lines);
    this.sizes.observe(this.sending);
    this.sizes.observe(this.box);
    this.toEnd();
  }

  leave() {
    this.sizes.disconnect();
    clearTimeout(this.typed);
  }

  get path() {
    return `/desk/tickets/${encodeURIComponent(this.id)}/thread`;
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.was = this.box.scrollTop;
  }

  scrolled() {
    // Only whoever scrolls up leaves the end: it moves away too when something gets taller.
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.atEnd = !this.cut;
    else if (scrollTop < this.was - 1) this.atEnd = false;
    this.was = scrollTop;
    this.jump.hidden = this.atEnd;
    if (this.atEnd) this.jump.classList.remove("news");
    if (this.box.scrollTop < NEAR && this.wheeled) this.earlier();
    this.wheeled = true;
  }

  clicked(event) {
    const button = event.target.closest("[data-thread]");
    const act = button?.dataset.thread;
    if (act === "earlier") this.earlier();
    else if (act) frame(button.closest(".line-html"), act);
  }

  // Older lines come above; what is being read stays where it is.
  async earlier() {
    const mark = $(".earlier[data-earlier]", this.lines);
    if (!mark || this.loading) return;
    this.loading = true;
    mark.setAttribute("aria-busy", "true");
    try {
      const html = await get(`${this.path}?earlier=${encodeURIComponent(mark.dataset.earlier)}`);
      const first = mark.nextElementSibling;
      const { top } = this.box.getBoundingClientRect();
      const read = $$(".line", this.lines).find((line) => line.getBoundingClientRect().bottom > top);
      const was = read?.getBoundingClientRect().top;
      const focused = mark.contains(document.activeElement);
      if (first) first.dataset.cursor = mark.dataset.earlier;
      mark.replaceWith(parsed(html));
      if (read) this.holds(read, was, 4);
      this.letGoBelow();
      if (focused) ($(".earlier button", this.lines) ?? this.box).focus({ preventScroll: true });
    } catch (error) {
      const wrong = el("span", { class: "bad" }, error.message);
      $(".bad", mark)?.remove();
      mark.append(wrong);
      mark.removeAttribute("aria-busy");
    } finally {
      this.loading = false;
    }
  }

  // A line stays where it was; lines above it get their true heights only when they are drawn.
  holds(line, top, frames) {
    const off = line.getBoundingClientRect().top - top;
    if (off) this.box.scrollTop += off;
    if (frames) requestAnimationFrame(() => line.isConnected && this.holds(line, top, frames - 1));
  }

  letGoBelow() {
    const all = $$(".line", this.lines);
    for (const line of all.slice(MOST)) line.remove();
    if (all.length <= MOST) return;
    this.cut = true;
    this.atEnd = false;
    this.jump.hidden = false;
  }

  // Above, whole pages go, so that there is a cursor to have them again.
  letGoAbove() {
    const all = $$(".line", this.lines);
    if (all.length <= MOST || !this.atEnd) return;
    const keep = all.slice(all.length - MOST).findIndex((line) => line.dataset.cursor);
    if (keep < 0) {
      if (all.length > 2 * MOST) this.newest();
      return;
    }
    const first = all[all.length - MOST + keep];
    while (first.previousElementSibling) first.previousElementSibling.remove();
    const button = el("button", { type: "button", "data-thread": "earlier" }, `↑ ${t("thread.earlier")}`);
    first.before(el("li", { class: "earlier", "data-earlier": first.dataset.cursor }, button));
  }

  // The newest page anew, at its end.
  async newest() {
    if (this.cut || $$(".line", this.lines).length > MOST) {
      this.replace(await get(this.path));
    }
    this.atEnd = true;
    this.jump.hidden = true;
    this.toEnd();
  }

  replace(html) {
    this.lines.replaceChildren(parsed(html));
    this.cut = false;
    this.wheeled = false;
  }

  // The newest page anew: lines that changed (a delivery, an edit) take their place, new ones stand
  // by their time, and are returned. Where more came than a page has, the page is all there is.
  async update(records = []) {
    const html = await get(this.path);
    const found = $$(".line", parsed(html));
    const shown = $$(".line", this.lines);
    const meets = found.some((line) => document.getElementById(line.id));
    if (shown.length && found.length && !meets && !this.cut) {
      this.replace(html);
      for (const record of records) if (this.has(record)) this.gone(record);
      return [];
    }
    const added = [];
    for (const line of found) {
      const old = document.getElementById(line.id);
      if (old) {
        if (signature(old) !== signature(line)) this.change(old, line);
      } else if (!this.cut) {
        this.place(line);
        added.push(line);
      }
    }
    if (this.cut && !meets) this.jump.classList.add("news");
    for (const record of records) if (this.has(record)) this.gone(record);
    this.came(added);
    return added;
  }

  change(old, line) {
    for (const name of ["cursor", "mine"]) if (old.dataset[name]) line.dataset[name] = old.dataset[name];
    const shown = $(".line-html iframe", old)?.parentElement;
    const place = $(".line-html", line);
    if (shown && place) place.replaceWith(shown);
    if ($("details[open]", old)) $("details", line)?.setAttribute("open", "");
    old.replaceWith(line);
  }

  place(line) {
    let before = this.lines.lastElementChild;
    while (before?.dataset.at && Date.parse(before.dataset.at) > Date.parse(line.dataset.at)) {
      before = before.previousElementSibling;
    }
    if (before) before.after(line);
    else this.lines.prepend(line);
  }

  came(added) {
    const theirs = added.filter((line) => !line.dataset.mine && line.dataset.kind !== "notice");
    if (added.some((line) => line.dataset.kind === "message")) this.types(null);
    if (!added.length) return;
    if (this.atEnd) {
      this.letGoAbove();
      this.toEnd();
    } else if (theirs.length) this.jump.classList.add("news");
    const last = theirs.at(-1);
    if (last) say(t("thread.came", { name: last.dataset.name, text: ($(".line-text", last)?.textContent ?? "").slice(0, 200) }));
  }

  // The customer types, until then.
  types(until) {
    clearTimeout(this.typed);
    const left = until ? Date.parse(until) - Date.now() : 0;
    this.typing.hidden = left <= 0;
    if (left > 0) this.typed = setTimeout(() => this.types(null), Math.min(left, 60_000));
  }

  // What is on its way, at the end, until its line has come.
  shows(record, words) {
    let line = document.getElementById(`sending-${record.key}`);
    if (!line) {
      const kind = record.body.type;
      line = el(
        "li",
        { class: `line ${kind} by-agent sending`, id: `sending-${record.key}` },
        el("p", { class: "line-head" }, el("bdi", { class: "line-name" }, this.me.name), kind === "note" ? el("span", { class: "mark mark-note" }, t("thread.note")) : null),
        el("div", { class: "line-body" }, el("p", { class: "line-text", dir: "auto" }, record.body.text), files(record.files)),
        el("p", { class: "line-foot faint", role: "status" }),
      );
      this.sending.append(line);
      if (!this.cut) this.toEnd();
    }
    $(".line-foot", line).textContent = words;
  }

  gone(record) {
    document.getElementById(`sending-${record.key}`)?.remove();
  }

  // Whether the line of what was sent is there; it is then this agent's own.
  has(record) {
    const from = record.since ?? 0;
    const said = record.body.text.trim();
    const line = $$(".line", this.lines)
      .reverse()
      .find((each) => {
        const { seq, kind, writer, mine } = each.dataset;
        if (mine === record.key) return true;
        if (writer !== "agent" || kind !== record.body.type || mine || Number(seq) <= from) return false;
        return Number(seq) === record.event?.seq || $(".line-text", each)?.textContent.trim() === said;
      });
    if (line) line.dataset.mine = record.key;
    return Boolean(line);
  }
}

// The names of what goes with a reply.
function files(named = []) {
  return named.length ? el("ul", { class: "files" }, ...named.map(({ name }) => el("li", {}, icon("file"), " ", el("bdi", {}, name)))) : null;
}

// What a line says, but for the time that goes on and what the reader unfolded.
function signature(line) {
  const bare = line.cloneNode(true);
  for (const each of $$("time, .line-html", bare)) each.remove();
  bare.classList.remove("formatted");
  return `${bare.className} ${bare.textContent.replaceAll(/\s+/g, " ")}`;
}

// A mail as it was made, in a frame of its own that may do nothing.
function frame(place, act) {
  const [html, remote, taller] = ["html", "remote", "taller"].map((name) => $(`[data-thread="${name}"]`, place));
  const shown = $("iframe", place);
  const line = place.closest(".line");
  if (act === "taller") {
    const tall = shown.classList.toggle("tall");
    taller.setAttribute("aria-pressed", String(tall));
    return;
  }
  if (act === "html" && shown) shown.remove();
  else {
    shown?.remove();
    const src = `${place.dataset.src}?remote=${act === "remote" ? 1 : 0}`;
    place.append(el("iframe", { sandbox: "allow-popups allow-popups-to-escape-sandbox", loading: "lazy", referrerpolicy: "no-referrer", title: place.dataset.title, src }));
  }
  const open = Boolean($("iframe", place));
  line.classList.toggle("formatted", open);
  html.setAttribute("aria-expanded", String(open));
  html.textContent = open ? html.dataset.hide : html.dataset.show;
  taller.hidden = !open;
  if (remote) remote.hidden = !open || act === "remote";
}
