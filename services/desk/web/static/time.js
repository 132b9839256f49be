// Times: short for the eye, in full on hover and for screen readers. The server writes
// `<time datetime="…">`; whatever comes into the page is made short at once, and again as time goes.

import { el } from "./dom.js";
import { language, t } from "./words.js";

const MINUTE = 60e3;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const dayMonth = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const withYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });
const weekday = new Intl.DateTimeFormat(language, { weekday: "short", hour: "2-digit", minute: "2-digit" });

// How far away a time is: "now", "3 min", "2 h", "5 d"; without saying before or after.
export function span(milliseconds) {
  const away = Math.abs(milliseconds);
  if (away < MINUTE) return t("time.now");
  if (away < HOUR) return t("time.minutes", { n: Math.floor(away / MINUTE) });
  if (away < DAY) return t("time.hours", { n: Math.floor(away / HOUR) });
  return t("time.days", { n: Math.floor(away / DAY) });
}

export function short(at, now = Date.now()) {
  const away = now - at;
  if (away >= 0 && away < DAY) return span(away);
  if (away < 0 && away > -6 * DAY) {
    return new Date(now).toDateString() === at.toDateString() ? clock.format(at) : weekday.format(at);
  }
  if (away > 0 && away < 7 * DAY) return span(away);
  return at.getFullYear() === new Date(now).getFullYear() ? dayMonth.format(at) : withYear.format(at);
}

export const inFull = (at) => full.format(at);

function show(time, now) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const text = time.hasAttribute("data-span") ? span(now - at) : short(at, now);
  const shown = time.querySelector(":scope > [aria-hidden]");
  if (!shown) {
    time.title = inFull(at);
    time.replaceChildren(el("span", { "aria-hidden": "true" }, text), el("span", { class: "said" }, inFull(at)));
  } else if (shown.textContent !== text) shown.textContent = text;
}

function showAll(root, now = Date.now()) {
  if (root.matches?.("time[datetime]")) show(root, now);
  for (const time of root.querySelectorAll("time[datetime]")) show(time, now);
}

export function startTimes() {
  showAll(document);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) if (node.nodeType === 1) showAll(node);
  }).observe(document.body, { childList: true, subtree: true });
  setInterval(() => showAll(document), 20e3);
  document.addEventListener("visibilitychange", () => document.hidden || showAll(document));
}
