// What happens, as it happens: one EventSource of the leading tab, which tells the others. An event
// that was missed comes again by the id of the last one; a page that is not current says so.

import { get } from "./http.js";
import { lead } from "./leader.js";
import { every } from "./ticks.js";

const TYPES = ["tickets", "counts", "here", "typing", "visitor", "presence", "followed", "job", "draft", "settings", "reload", "poll", "live"];
const QUIET = 60000; // a stream that said nothing for so long may be dead without knowing
const handlers = new Map();
const channel = window.BroadcastChannel ? new BroadcastChannel("desk-live") : null;

let leading = false;
let source = null;
let lastId = document.querySelector("[data-as-of]")?.dataset.asOf || "";
let heard = Date.now();
let state = "connecting";
let counts = "";
let tries = 0;
let retry = 0;
let heartOfLeader = Date.now();
let take = () => {};

// on("tickets", (data) => …); "state" is told "connecting", "current", "away" or "polling".
export function on(type, run) {
  if (!handlers.has(type)) handlers.set(type, []);
  handlers.get(type).push(run);
  if (type === "state") run(state);
}

export const isLeading = () => leading;

function tell(type, data) {
  for (const run of handlers.get(type) || []) {
    try {
      run(data);
    } catch (error) {
      console.error(error);
    }
  }
}

function becomes(next) {
  if (state !== next) {
    state = next;
    tell("state", state);
  }
  if (leading) channel?.postMessage({ state });
}

function happened(type, data, id) {
  heard = Date.now();
  // What opens a stream has the newest id, and what was missed follows it.
  if (id && type !== "live" && type !== "poll") lastId = id;
  if (type === "counts") counts = JSON.stringify(data);
  if (type === "poll") becomes("polling");
  if (type === "live" && state === "polling") becomes("away");
  tell(type, data);
}

function connect() {
  clearTimeout(retry);
  source?.close();
  if (!leading) return;
  const path = lastId ? `/api/v1/events?last_event_id=${encodeURIComponent(lastId)}` : "/api/v1/events";
  const mine = (source = new EventSource(path));
  source.onopen = () => {
    heard = Date.now();
    tries = 0;
  };
  source.onerror = () => {
    if (mine !== source) return;
    source.close();
    lost();
  };
  for (const type of TYPES) {
    source.addEventListener(type, ({ data, lastEventId }) => {
      const value = JSON.parse(data || "{}");
      happened(type, value, lastEventId);
      channel?.postMessage({ type, data: value, id: lastEventId });
      // The counts come after what was missed: with them the page is current.
      if (type === "counts" && state !== "polling") becomes("current");
    });
  }
}

function lost() {
  if (state !== "polling") becomes("away");
  const wait = Math.min(1000 * 2 ** tries, 15000) * (0.75 + Math.random() / 2);
  tries += 1;
  retry = setTimeout(async () => {
    // Where requests pass and the stream does not (a proxy), the page asks.
    if (tries > 3 && (await fresh(false))) {
      becomes("polling");
      again();
    }
    connect();
  }, wait);
}

function again() {
  tell("reload", {});
  channel?.postMessage({ type: "reload", data: {} });
}

// The counts as they are now, told to all; whether the desk answered. `compare`: connect again when
// the stream did not say them.
async function fresh(compare) {
  const before = counts;
  try {
    const now = await get("/api/v1/counts", { timeout: 3000 });
    const told = JSON.stringify(now);
    const missed = compare && before !== "" && told !== before && counts === before;
    happened("counts", now, "");
    if (leading) channel?.postMessage({ type: "counts", data: now, id: "" });
    if (missed && leading) connect();
    return true;
  } catch {
    return false;
  }
}

// Looks at once whether what is shown is current; `anew`: the stream is not to be trusted.
export async function check({ anew = false } = {}) {
  if (!leading) {
    if (Date.now() - heartOfLeader > 8000) take();
    channel?.postMessage({ check: true, anew });
    if (!(await fresh(false))) becomes("away");
    else if (state === "away") channel?.postMessage({ hello: true });
    return;
  }
  const dead = anew || !source || source.readyState === 2 || Date.now() - heard > QUIET;
  if (dead) {
    if (state === "current" && anew) becomes("away");
    tries = 0;
    connect();
  } else if (!(await fresh(true))) {
    becomes("away");
    connect();
  }
}

function told({ data: message }) {
  if (leading) {
    if (message.hello) channel.postMessage({ state });
    if (message.check) check({ anew: message.anew });
    return;
  }
  heartOfLeader = Date.now();
  if (message.state) becomes(message.state);
  if (message.type) happened(message.type, message.data, message.id);
}

export function startLive() {
  if (channel) channel.onmessage = told;
  take = lead({
    gained() {
      leading = true;
      connect();
    },
    lost() {
      leading = false;
      clearTimeout(retry);
      source?.close();
      source = null;
      heartOfLeader = Date.now();
    },
  });
  // A tab that opens beside others takes what happened since the server rendered it.
  if (channel) channel.postMessage({ hello: true });
  setTimeout(() => leading || tell("reload", {}), 300);
  every(5, (slept) => {
    if (leading) channel?.postMessage({ state });
    if (slept) check({ anew: true });
    else if (leading && state === "polling") {
      fresh(false);
      again();
    } else if (!leading && Date.now() - heartOfLeader > 20000) take();
  });
  document.addEventListener("visibilitychange", () => document.hidden || check());
  window.addEventListener("online", () => check({ anew: true }));
  window.addEventListener("offline", () => becomes("away"));
  window.addEventListener("pageshow", (event) => event.persisted && check({ anew: true }));
  window.addEventListener("pagehide", () => source?.close());
}
