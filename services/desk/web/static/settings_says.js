// What the settings' pages say: the texts that the server put into the page.

const texts = JSON.parse(document.getElementById("says")?.textContent || "{}");

export function says(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
