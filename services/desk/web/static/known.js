// The account's macros, agents, teams and tags: had before they are asked for, so that a menu opens
// at once and takes what is typed.

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

on("settings", () => had.clear());
on("presence", () => had.delete("/api/v1/agents"));
