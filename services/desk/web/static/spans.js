// Hours of a day as spans of minutes, [begin, end]: an end above a day's 1440 is the next day's.

export const DAY = 1440;

const SPAN = /^(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?$/;

// "09:00–13:00, 22–2" -> [[540, 780], [1320, 1560]]; null where something of it is no span.
export function parsed(text) {
  const found = [];
  for (const each of text.split(/[,;]/).map((part) => part.trim()).filter(Boolean)) {
    const match = SPAN.exec(each);
    if (!match) return null;
    const [from, until] = [minutes(match[1], match[2]), minutes(match[3], match[4])];
    if (from === null || until === null || from >= DAY) return null;
    found.push([from, until > from ? until : until + DAY]);
  }
  return joined(found);
}

function minutes(hours, rest = "0") {
  const [hour, minute] = [Number(hours), Number(rest)];
  return minute < 60 && hour * 60 + minute <= DAY ? hour * 60 + minute : null;
}

const clock = (at) => `${String(Math.floor(at / 60)).padStart(2, "0")}:${String(at % 60).padStart(2, "0")}`;

export const said = (spans) => spans.map(([from, until]) => `${clock(from)}–${until === DAY ? "24:00" : clock(until % DAY)}`).join(", ");

// As settings have them: the day's end is 00:00.
export const asSettings = (day, spans) => spans.map(([from, until]) => ({ day, from: `${clock(from)}:00`, until: `${clock(until % DAY)}:00` }));

export function joined(spans) {
  const made = [];
  for (const [from, until] of [...spans].sort((one, other) => one[0] - other[0])) {
    const last = made.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], until);
    else made.push([from, until]);
  }
  return made;
}

export const without = (spans, from, until) =>
  spans.flatMap(([a, b]) => (b <= from || a >= until ? [[a, b]] : [[a, from], [until, b]].filter(([one, other]) => one < other)));

export const covers = (spans, from, until) => spans.some(([a, b]) => a <= from && until <= b);
export const touches = (spans, from, until) => spans.some(([a, b]) => a < until && from < b);

// The week (a list of spans a day) with that time of a day open, or closed. What runs into the day
// from the one before is closed there too.
export function painted(week, day, from, until, open) {
  const made = week.map((spans) => spans.map((span) => [...span]));
  if (open) {
    made[day] = joined([...made[day], [from, until]]);
    return made;
  }
  made[day] = without(made[day], from, until);
  const eve = (day + 6) % 7;
  if (touches(made[eve], from + DAY, until + DAY)) {
    const left = without(made[eve], from + DAY, until + DAY);
    made[eve] = left.filter(([begin]) => begin < DAY);
    made[day] = joined([...made[day], ...left.filter(([begin]) => begin >= DAY).map(([a, b]) => [a - DAY, b - DAY])]);
  }
  return made;
}
