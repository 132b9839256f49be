// What is on its way to a ticket: kept in the browser with its key until the outcome is known.

import { get, send } from "./http.js";
import { on } from "./live.js";

const PREFIX = "desk-send:";
const LONGEST = 30_000;
const outcomes = new Map();
const waiting = new Map();

// Tells `state` (`sending`, `waiting`), `sent`, `refused`, and `elsewhere`: another tab had the outcome.
// `detail` has the record, and more.
export const posts = new EventTarget();

const place = (record) => `${PREFIX}${record.me}:${record.ticket}:${record.key}`;
const tell = (type, record, more = {}) => posts.dispatchEvent(new CustomEvent(type, { detail: { record, ...more } }));
const memory = new Map();

function keep(record) {
  memory.set(place(record), record);
  try {
    localStorage.setItem(place(record), JSON.stringify(record));
  } catch {
    // Then it is lost with the tab alone.
  }
}

// It is known no more: the outcome was seen.
export function forget(record) {
  memory.delete(place(record));
  try {
    localStorage.removeItem(place(record));
  } catch {
    // Nothing was kept.
  }
}

// What an agent has on its way, or refused and not yet seen; oldest first.
export function kept(me, ticket = null) {
  try {
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith(PREFIX) && !memory.has(name)) memory.set(name, JSON.parse(localStorage.getItem(name)));
    }
  } catch {
    // What this tab knows is all there is.
  }
  return [...memory.values()]
    .filter((record) => record.me === me && (ticket === null || record.ticket === ticket))
    .sort((one, other) => one.at - other.at);
}

// What is said of one on its way.
export function waitingWords({ state, offline }) {
  if (state !== "waiting") return "thread.sending";
  return offline ? "thread.offline" : "thread.trying";
}

// It goes out, once, whatever fails meanwhile.
export function post(record) {
  keep(record);
  return start(record);
}

// What was on its way when the tab was closed goes on; what was refused is to be shown.
export function resume(me) {
  for (const record of kept(me)) if (!record.refused) start(record);
}

async function start(record) {
  if (!navigator.locks) return go(record);
  return navigator.locks.request(place(record), () => (memory.has(place(record)) ? go(record) : null));
}

// Another tab of this browser sent it, or showed its refusal.
window.addEventListener("storage", ({ key, newValue }) => {
  const record = memory.get(key);
  if (!record || (newValue && !JSON.parse(newValue).refused)) return;
  memory.delete(key);
  tell("elsewhere", record);
});

async function go(record) {
  tell("state", record, { state: "sending" });
  try {
    record.event = await outcome(record, record.body, record.key);
    forget(record);
    tell("sent", record);
  } catch (error) {
    if (error.problem?.code === "signed_out") return;
    record.refused = error.problem ?? { code: "failed", detail: String(error.message ?? error) };
    keep(record);
    tell("refused", record);
  }
}

// The event that a command became, however long it takes. What was refused is thrown.
export async function command(ticket, body, key) {
  const answer = await send("POST", `/api/v1/tickets/${encodeURIComponent(ticket)}/commands`, body, key);
  return answer?.event ?? (await later(answer));
}

// What became of a command: its event; a refusal is thrown. Without a connection it is tried on.
async function outcome(record, body, key) {
  for (let wait = 1000; ; wait = Math.min(wait * 2, LONGEST)) {
    try {
      return await command(record.ticket, body, key);
    } catch (error) {
      if (!passing(error)) throw error;
      tell("state", record, { state: "waiting", offline: !navigator.onLine });
      await untilOnline(wait);
    }
  }
}

// Whether trying again may help.
function passing(error) {
  const status = error.problem?.status ?? error.status;
  return !status || status >= 500 || status === 408 || status === 425 || status === 429;
}

function untilOnline(wait) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, wait);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    }
    window.addEventListener("online", done);
  });
}

// The outcome of what was accepted: by its live event, or asked for, whichever is first.
async function later({ command_id: id, status_url: url }) {
  const address = url ?? `/api/v1/commands/${encodeURIComponent(id)}`;
  for (let wait = 1000; ; wait = Math.min(wait * 1.5, 10_000)) {
    const told = outcomes.get(id) ?? (await toldWithin(id, wait));
    if (told) return settled(told);
    try {
      const asked = await get(address);
      const known = asked && (asked.event || asked.code || asked.seq || asked.outcome === "done");
      if (known) return settled({ ...asked, seq: asked.seq ?? asked.event?.seq });
    } catch (error) {
      if (error.problem && !passing(error) && error.problem.status !== 404) throw error;
    }
  }
}

function toldWithin(id, wait) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(null), wait);
    function finish(told) {
      clearTimeout(timer);
      waiting.delete(id);
      resolve(told);
    }
    waiting.set(id, finish);
  });
}

function settled(told) {
  if (told.code) throw Object.assign(new Error(told.reason ?? told.code), { problem: { status: 409, code: told.code, detail: told.reason ?? told.detail ?? "", why: told.why, named: told.named } });
  return told.event ?? { seq: told.seq };
}

on("tickets", (told) => {
  for (const command of told?.commands ?? []) {
    outcomes.set(command.command_id, command);
    if (outcomes.size > 500) outcomes.delete(outcomes.keys().next().value);
    waiting.get(command.command_id)?.(command);
  }
});
