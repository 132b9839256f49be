// One tab of a browser leads. Web Locks say which; where they are missing (plain HTTP), a lease in
// the browser's store; where that is missing too, each tab leads itself.

import { every } from "./ticks.js";

const NAME = "desk-live";
const LEASE = 6000;

// lead({gained, lost}) -> take(): makes this tab the leader, whoever was.
export function lead({ gained, lost }) {
  if (!window.BroadcastChannel) {
    gained();
    return () => {};
  }
  if (navigator.locks) return byLocks(gained, lost);
  try {
    return byLease(gained, lost);
  } catch {
    gained();
    return () => {};
  }
}

function byLocks(gained, lost) {
  let holding = false;
  const hold = () => {
    holding = true;
    gained();
    return new Promise(() => {}); // Held until the tab is gone, or another takes it.
  };
  const wait = (options) =>
    navigator.locks.request(NAME, options, hold).catch(() => {
      holding = false;
      lost();
      wait({});
    });
  wait({});
  return () => holding || wait({ steal: true });
}

function byLease(gained, lost) {
  const me = `${Date.now()}-${Math.random()}`;
  let leading = false;
  const read = () => JSON.parse(localStorage.getItem(NAME) || "null");
  const write = () => localStorage.setItem(NAME, JSON.stringify({ me, at: Date.now() }));
  const look = (take = false) => {
    const lease = read();
    const free = take || !lease || Date.now() - lease.at > LEASE;
    if (lease?.me === me || free) write();
    const mine = read().me === me;
    if (mine && !leading) gained();
    if (!mine && leading) lost();
    leading = mine;
  };
  look();
  every(2, () => look());
  window.addEventListener("pagehide", () => leading && localStorage.removeItem(NAME));
  return () => look(true);
}
