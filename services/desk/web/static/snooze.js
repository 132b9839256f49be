// When a ticket returns: in the account's hours and zone.

const HOUR = 3_600_000;
const FORMATS = new Map();

// What the clocks of a zone show at an instant; `weekday` is 0 on Mondays.
export function shownIn(zone, date) {
  if (!FORMATS.has(zone)) {
    const options = { hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" };
    FORMATS.set(zone, new Intl.DateTimeFormat("en-US", zone ? { ...options, timeZone: zone } : options));
  }
  const shown = {};
  for (const { type, value } of FORMATS.get(zone).formatToParts(date)) {
    if (type !== "literal") shown[type] = Number(value);
  }
  shown.weekday = (new Date(Date.UTC(shown.year, shown.month - 1, shown.day)).getUTCDay() + 6) % 7;
  return shown;
}

// The instant at which the clocks of a zone show that; days and minutes may overflow.
export function instantIn(zone, year, month, day, hour = 0, minute = 0) {
  const wanted = Date.UTC(year, month - 1, day, hour, minute);
  let guess = wanted;
  for (let round = 0; round < 3; round += 1) {
    const is = shownIn(zone, new Date(guess));
    const off = wanted - Date.UTC(is.year, is.month - 1, is.day, is.hour, is.minute);
    if (off === 0) break;
    guess += off;
  }
  return new Date(guess);
}

// Opening times by weekday, Monday first: of "09:00", or of "09:00,…,," where "" is a closed day.
export function openings(text) {
  const week = (text || "09:00").split(",");
  if (week.length === 1) return Array(7).fill(week[0]);
  return week.length === 7 && week.some((day) => day) ? week : openings("");
}

function opening(zone, from, days, week) {
  for (let more = days; more < days + 7; more += 1) {
    const day = new Date(Date.UTC(from.year, from.month - 1, from.day + more));
    const open = week[(day.getUTCDay() + 6) % 7];
    if (open) {
      const [hour, minute] = open.split(":").map(Number);
      return instantIn(zone, from.year, from.month, from.day + more, hour, minute);
    }
  }
  return null;
}

// What is offered: `later`, `tomorrow`, `next_week`, `again`, each with the instant; soonest first.
export function choices(now, zone, week, ended) {
  const today = shownIn(zone, now);
  const offered = [];
  const later = new Date(Math.ceil((now.getTime() + 3 * HOUR) / (HOUR / 4)) * (HOUR / 4));
  if (shownIn(zone, later).day === today.day) offered.push({ id: "later", until: later });
  offered.push({ id: "tomorrow", until: opening(zone, today, 1, week) });
  offered.push({ id: "next_week", until: opening(zone, today, 7 - today.weekday, week) });
  if (ended) offered.push({ id: "again", until: again(now, zone, ended) });
  return offered.sort((one, other) => one.until - other.until);
}

// The time a ticket was snoozed until, if it is still to come; else that hour of the next day.
export function again(now, zone, ended) {
  if (ended > now) return ended;
  const at = shownIn(zone, ended);
  const day = shownIn(zone, now);
  for (let more = 0; more < 3; more += 1) {
    const next = instantIn(zone, day.year, day.month, day.day + more, at.hour, at.minute);
    if (next > now) return next;
  }
  return null;
}

// The instant of what a field for date and hour holds, in a zone; null where it holds nothing.
export function ofField(zone, value) {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(value ?? "");
  return found ? instantIn(zone, ...found.slice(1).map(Number)) : null;
}

// What a field for date and hour holds for an instant, in a zone.
export function forField(zone, date) {
  const at = shownIn(zone, date);
  const two = (number) => String(number).padStart(2, "0");
  return `${at.year}-${two(at.month)}-${two(at.day)}T${two(at.hour)}:${two(at.minute)}`;
}

// The instant in words, as the zone's clocks show it.
export function inWords(language, zone, date) {
  const options = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(language || undefined, zone ? { ...options, timeZone: zone } : options).format(date);
}
