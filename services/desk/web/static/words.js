// What the page says: the texts that the server put into it.

const texts = JSON.parse(document.getElementById("words")?.textContent || "{}");

export const language = document.documentElement.lang || "en";

export const says = (key) => key in texts;

export function t(key, values = {}) {
  let said = texts[key];
  if (said === undefined) {
    console.error(`no words for ${key}`);
    return key;
  }
  if (typeof said !== "string") said = values.count === 1 ? said.one : said.other;
  return said.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
