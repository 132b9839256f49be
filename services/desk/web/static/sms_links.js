// The links of an SMS, as they go out: short ones, where the account has a domain for them (OUT 1).

import { send } from "./http.js";
import { asSent, segments } from "./sms.js";
import { t } from "./words.js";

const LINK = /https?:\/\/|www\./i;
const PAUSE = 250; // milliseconds without a key

export class Links {
  // `short`: how long a short link is, as an example; "" where links go out as they are.
  constructor(short, changed) {
    Object.assign(this, { short, changed, found: [], asked: "" });
  }

  get domain() {
    return this.short.split("/")[2] ?? "";
  }

  // The text as it goes out, by the links that were found last; they are looked for anew meanwhile.
  out(text) {
    if (!this.short) return { text, count: 0 };
    if (!LINK.test(text)) this.found = [];
    else if (text !== this.asked) this.ask(text);
    return asSent(text, this.found, this.short);
  }

  // Says how many SMS the text is, as it goes out.
  counted(text, place) {
    const out = this.out(text);
    const { encoding, segments: count, left } = segments(out.text);
    const links = out.count ? ` · ${t("composer.links", { count: out.count, domain: this.domain })}` : "";
    place.textContent = text ? t("composer.segments", { count, encoding, left }) + links : "";
    place.classList.toggle("warn", count > 3);
  }

  ask(text) {
    this.asked = text;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.look(text), PAUSE);
  }

  // The server alone knows what a link is: it makes the short ones.
  async look(text) {
    try {
      const { links } = await send("POST", "/api/v1/links/found", { text });
      if (text !== this.asked) return;
      this.found = links;
      this.changed();
    } catch {
      if (text === this.asked) this.asked = "";
    }
  }

  leave() {
    clearTimeout(this.pause);
  }
}
