// How many segments an SMS takes (GSM 03.38 with its extension table, else UCS-2).

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENDED = new Set("\f^{}\\[~]|€");

const LIMITS = { "GSM-7": [160, 153], "UCS-2": [70, 67] };

// The characters of the text that make it UCS-2, each once, in order.
export function beyondGsm(text) {
  return [...new Set(text)].filter((sign) => !BASIC.has(sign) && !EXTENDED.has(sign));
}

// The encoding, the units used (septets or UTF-16 units), the segments, and how many units the last
// segment has left. No escape sequence and no surrogate pair is cut in two; no text has 0 segments.
export function segments(text) {
  const signs = [...text];
  const gsm = beyondGsm(text).length === 0;
  const encoding = gsm ? "GSM-7" : "UCS-2";
  const sizes = signs.map((sign) => (gsm ? (EXTENDED.has(sign) ? 2 : 1) : sign.length));
  const units = sizes.reduce((sum, size) => sum + size, 0);
  const [alone, together] = LIMITS[encoding];
  if (units <= alone) {
    return { encoding, units, segments: units ? 1 : 0, left: alone - units };
  }
  let count = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > together) {
      count += 1;
      used = 0;
    }
    used += size;
  }
  return { encoding, units, segments: count, left: together - used };
}

// The text with its links, as they are written and in order, as short ones; and how many those are.
export function asSent(text, links, short) {
  let made = "";
  let after = 0;
  let count = 0;
  for (const link of links) {
    const at = text.indexOf(link, after);
    if (at < 0) continue;
    made += text.slice(after, at) + short;
    after = at + link.length;
    count += 1;
  }
  return { text: made + text.slice(after), count };
}
