// What goes with a reply besides its text: files, and further addressees of a mail.

import { $, el, say } from "./dom.js";
import { newKey, send, upload } from "./http.js";
import { hush, inWords, tell } from "./says.js";
import { t } from "./words.js";

const MOST = 20;
const ADDRESS = /^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/;

export const NOTHING = { files: [], cc: [] };

// `changed()` is called when something else is to be kept with the draft.
export class Attached {
  constructor(root, composer, changed) {
    this.composer = composer;
    this.changed = changed;
    this.items = [];
    this.list = $("#composer-files", root);
    this.pick = $("#composer-pick", root);
    this.button = $("#composer-attach", root);
    this.cc = $("#composer-cc", root);
    this.largest = Number(composer.form.dataset.largest);
    this.button.addEventListener("click", () => this.pick.click());
    this.pick.addEventListener("change", () => {
      this.add([...this.pick.files]);
      this.pick.value = "";
    });
    this.cc?.addEventListener("input", () => this.addressed());
    composer.form.addEventListener("click", ({ target }) => this.offered(target.closest("[data-cc]")));
    composer.field.addEventListener("paste", (event) => this.pasted(event));
    this.dropping($(".ticket-main", root) ?? composer.form);
  }

  get any() {
    return this.items.length > 0;
  }

  get pending() {
    return this.items.some((item) => item.state === "going");
  }

  get wanting() {
    return this.items.some((item) => item.state === "failed" || item.state === "gone");
  }

  get addresses() {
    return (this.cc?.value ?? "").split(/[,;\s]+/).filter(Boolean);
  }

  // What is kept with the draft: what the server has.
  kept() {
    const files = this.items.filter((item) => item.id).map(({ id, name, size }) => ({ id, name, size }));
    return { files, cc: this.addresses };
  }

  // The reply with it.
  into(body) {
    const { files, cc } = this.kept();
    if (files.length) body.uploads = files.map(({ id }) => id);
    if (cc.length) body.cc = cc;
    return body;
  }

  take({ files = [], cc = [] } = NOTHING) {
    for (const item of this.items) item.upload?.stop();
    this.items = files.map((file) => ({ ...file, key: file.id, state: file.gone ? "gone" : "ready" }));
    if (this.cc) this.cc.value = cc.join(", ");
    this.shown();
  }

  // A refused reply brings back what went with it.
  back({ files = [], cc = [] }) {
    const here = new Set(this.items.map((item) => item.id));
    this.items.push(...files.filter(({ id }) => !here.has(id)).map((file) => ({ ...file, key: file.id, state: "ready" })));
    if (this.cc) this.cc.value = [...new Set([...this.addresses, ...cc])].join(", ");
    this.shown();
  }

  gone(ids) {
    for (const item of this.items) if (ids.includes(item.id)) item.state = "gone";
    this.shown();
  }

  // Why the reply cannot go out as it is, said where one writes; null if it can.
  unready() {
    const wrong = this.addresses.find((each) => !ADDRESS.test(each));
    this.cc?.setAttribute("aria-invalid", String(Boolean(wrong)));
    if (wrong) return this.says(t("composer.cc.wrong", { address: wrong }), this.cc);
    if (this.pending) return this.says(t("composer.files.still"), this.button);
    if (this.wanting) return this.says(t("composer.files.wanting"), $("button", this.list) ?? this.button);
    hush(this.composer.says, "files");
    return null;
  }

  says(title, focus, detail) {
    tell(this.composer.says, { name: "files", tone: "warn", title, detail });
    focus?.focus();
    return title;
  }

  add(files) {
    if (!files.length) return;
    if (this.composer.note) this.composer.mode(false);
    if (this.items.length + files.length > MOST) {
      this.says(t("composer.files.many", { most: MOST }), this.button);
      return;
    }
    hush(this.composer.says, "files");
    for (const file of files) {
      const item = { key: newKey(), id: null, name: file.name || "file", size: file.size, file, state: "going", percent: 0 };
      if (file.size > this.largest) {
        this.says(t("composer.files.larger", { name: item.name, most: sized(this.largest) }), this.button);
        continue;
      }
      this.items.push(item);
      this.start(item);
    }
    this.shown();
    this.button.focus();
  }

  async start(item) {
    Object.assign(item, { state: "going", percent: 0, reason: "" });
    const path = `/api/v1/files?name=${encodeURIComponent(whole(item.name))}`;
    item.upload = upload(path, item.file, item.key, (percent) => {
      item.percent = percent;
      this.moved(item);
    });
    try {
      const { id, name, size } = await item.upload.done;
      Object.assign(item, { id, name, size, state: "ready", file: null, upload: null });
      say(t("composer.files.attached", { name }));
      this.changed();
    } catch (error) {
      if (error.problem?.code === "cancelled") return;
      const { title, detail } = inWords(error.problem ?? { code: "other", detail: error.message });
      Object.assign(item, { state: "failed", reason: title, upload: null });
      if (error.problem?.code === "key_reused") item.key = newKey();
      this.says(`${item.name}: ${t("composer.files.failed")}`, null, `${title} ${detail}`);
    }
    this.shown();
  }

  remove(item) {
    item.upload?.stop();
    const at = this.items.indexOf(item);
    this.items.splice(at, 1);
    if (item.id && item.state !== "gone") send("DELETE", `/api/v1/files/${encodeURIComponent(item.id)}`).catch(() => {});
    hush(this.composer.says, "files");
    say(t("composer.files.removed", { name: item.name }));
    this.shown();
    (this.list.children[Math.min(at, this.items.length - 1)]?.querySelector("button.off") ?? this.button).focus();
    this.changed();
  }

  // The one file's progress, without drawing the others anew.
  moved(item) {
    const line = this.list.children[this.items.indexOf(item)];
    const bar = line && $("progress", line);
    if (!bar) return;
    bar.value = item.percent;
    $(".upload-state", line).textContent = t("composer.files.percent", { percent: item.percent });
  }

  shown() {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.list.hidden = !this.any;
    this.list.replaceChildren(...this.items.map((item) => this.line(item)));
    if (focused) $(`[data-key="${CSS.escape(focused)}"]`, this.list)?.focus();
  }

  line(item) {
    const { name, state, percent, key } = item;
    const words = { going: t("composer.files.percent", { percent: percent ?? 0 }), ready: t("composer.files.ready"), failed: t("composer.files.failed"), gone: t("composer.files.gone") };
    const again = () => {
      this.start(item);
      this.shown();
    };
    return el(
      "li",
      { class: "upload", "data-state": state },
      el("bdi", {}, name),
      el("span", { class: "faint" }, sized(item.size)),
      state === "going" ? el("progress", { max: 100, value: percent ?? 0, "aria-label": name }) : null,
      el("span", { class: `upload-state faint ${state}` }, item.reason ? `${words[state]}: ${item.reason}` : words[state]),
      state === "failed" ? el("button", { type: "button", onclick: again }, t("composer.files.again")) : null,
      el("button", { type: "button", class: "plain off", "data-key": key, "aria-label": t("composer.files.remove", { name }), title: t("composer.files.remove", { name }), onclick: () => this.remove(item) }, "×"),
    );
  }

  addressed() {
    this.cc.removeAttribute("aria-invalid");
    hush(this.composer.says, "files");
    this.changed();
  }

  offered(button) {
    if (!button || !this.cc) return;
    this.cc.value = [...new Set([...this.addresses, button.dataset.cc])].join(", ");
    this.addressed();
    this.cc.focus();
  }

  pasted(event) {
    const { files, types } = event.clipboardData;
    if (!files.length || types.includes("text/plain")) return;
    event.preventDefault();
    this.add([...files]);
  }

  dropping(place) {
    let within = 0;
    const has = (event) => event.dataTransfer?.types.includes("Files");
    const marks = (is) => place.classList.toggle("dropping", is);
    place.dataset.drop = t("composer.files.drop");
    place.addEventListener("dragenter", (event) => {
      if (has(event)) marks((within += 1) > 0);
    });
    place.addEventListener("dragleave", (event) => {
      if (has(event)) marks((within -= 1) > 0);
    });
    place.addEventListener("dragover", (event) => has(event) && event.preventDefault());
    place.addEventListener("drop", (event) => {
      if (!has(event)) return;
      event.preventDefault();
      marks((within = 0) > 0);
      this.add([...event.dataTransfer.files]);
    });
  }
}

// A name may hold half a character, which no address can.
function whole(name) {
  return name.isWellFormed?.() === false ? name.toWellFormed() : name;
}

export function sized(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let at = 0;
  let size = bytes;
  for (; size >= 1000 && at < 3; at += 1) size /= 1000;
  return `${size.toLocaleString(document.documentElement.lang || undefined, { maximumFractionDigits: size < 10 && at ? 1 : 0 })} ${units[at]}`;
}
