// The account's macros, agents, teams and tags: had before they are asked for, so that a menu opens
// at once; and what is typed before it has opened counts.

import { choose } from "./dialogs.js";
import { $ } from "./dom.js";
import { get } from "./http.js";
import { on } from "./live.js";

const FRESH = 60_000;
const had = new Map(); // path -> {at, items}

// The items of a list, at most a minute old.
export function known(path) {
  const old = had.get(path);
  if (old && Date.now() - old.at < FRESH) return old.items;
  const items = get(path).then((found) => (Array.isArray(found) ? found : found.items));
  items.catch(() => had.delete(path));
  had.set(path, { at: Date.now(), items });
  return items;
}

export function ahead() {
  for (const name of ["macros", "agents", "teams", "tags"]) known(`/api/v1/${name}`).catch(() => {});
}

// Lets the agent choose among what is still coming: `choose`, with the keys pressed meanwhile.
export async function chooseOf(title, coming, options) {
  const keys = [];
  const hear = (event) => {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || (key.length > 1 && key !== "Enter" && key !== "Escape")) return;
    event.preventDefault();
    event.stopPropagation();
    keys.push(key);
  };
  document.addEventListener("keydown", hear, { capture: true });
  const items = await coming.finally(() => document.removeEventListener("keydown", hear, { capture: true }));
  if (keys.includes("Escape")) return null;
  const answer = choose(title, items, options);
  const field = $("dialog[open]:modal .field");
  field.value = keys.filter((key) => key.length === 1).join("");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (keys.includes("Enter")) field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  return answer;
}

on("settings", () => had.clear());
on("presence", () => had.delete("/api/v1/agents"));
