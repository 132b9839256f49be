// Who the agent is here: online or offline, their language, the badge, signing out; and whether
// what is shown is current.

import { $, say } from "./dom.js";
import { choose, tell } from "./dialogs.js";
import { get, send } from "./http.js";
import { check, isLeading, on } from "./live.js";
import { every } from "./ticks.js";
import { language, t } from "./words.js";

const button = $("#presence");
const me = $("#me");
let presence = null;
let badge = true;

function show(state) {
  presence = state;
  const word = t(`shell.${state}`);
  $(".dot", button).classList.toggle("online", state === "online");
  $(".presence-word", button).textContent = word;
  button.setAttribute("aria-label", t("shell.presence", { state: word }));
}

async function tried(work) {
  try {
    await work();
    return true;
  } catch (error) {
    await tell(t("shell.error"), error.message);
    return false;
  }
}

async function change() {
  const state = await choose(
    t(`shell.${presence || "offline"}`),
    [
      { value: "online", label: t("shell.go_online"), hint: t("shell.go_online_hint"), checked: presence === "online" },
      { value: "offline", label: t("shell.go_offline"), hint: t("shell.go_offline_hint"), checked: presence === "offline" },
    ],
    { anchor: button },
  );
  if (state && (await tried(() => send("POST", "/api/v1/presence", { state })))) show(state);
}

// One tab says that the agent is still connected, and so does each that is looked at.
function beat() {
  if (presence === "online" && (isLeading() || !document.hidden)) {
    send("POST", "/api/v1/presence", { state: "heartbeat" }, null, { timeout: 10000 }).catch(() => {});
  }
}

async function menu() {
  const languages = JSON.parse(me.dataset.languages);
  const what = await choose(
    me.dataset.name,
    [
      ...languages.map((value) => ({ value, label: t(`language.${value}`), checked: value === language })),
      null,
      { value: "badge", label: t("shell.badge_on"), checked: badge },
      null,
      { value: "out", label: t("shell.sign_out"), sign: "out" },
    ],
    { anchor: me, filter: false },
  );
  if (what === "out") $("#sign-out").submit();
  else if (what === "badge") {
    if (await tried(() => send("PATCH", "/api/v1/me", { badge_enabled: !badge }))) badge = !badge;
    check();
  } else if (what && what !== language) {
    if (await tried(() => send("PATCH", "/api/v1/me", { language: what }))) location.reload();
  }
}

let before = "connecting";
function state(now) {
  const box = $("#state");
  const words = { away: t("shell.away"), polling: t("shell.polling") }[now] || "";
  box.hidden = !words;
  $(".state-words", box).textContent = words;
  $("#desk").dataset.state = now;
  if (now === "current" && before !== "connecting" && before !== now) say(t("shell.current"));
  before = now;
}

export async function startPresence() {
  button.addEventListener("click", change);
  me.addEventListener("click", menu);
  $("#state-try").addEventListener("click", () => check({ anew: true }));
  on("state", state);
  on("presence", ({ agent, online, silent }) => {
    if (agent !== button.dataset.me) return;
    // Whoever is here is not silent: what was said late, or lost, is said again.
    if (silent) beat();
    else show(online ? "online" : "offline");
  });
  every(20, beat);
  try {
    const told = await get("/api/v1/me");
    badge = told.badge_enabled !== false;
    show(told.presence);
    beat();
  } catch {
    show("offline");
  }
}
