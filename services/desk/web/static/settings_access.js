// Tokens and sessions: which there are, making a token, ending either.

import { $, $$, el, say } from "./dom.js";
import { get, newKey, send } from "./http.js";
import { mark, unmark } from "./settings_form.js";
import { says } from "./settings_says.js";
import "./settings.js";

const place = $("#said");
const time = (at) => el("time", { datetime: at }, at);

function failed(error) {
  place.replaceChildren(el("p", { class: "problem", role: "alert" }, error.message));
}

// A row with what it is and a button that ends it.
function row(title, facts, button, path) {
  const made = el("li", { class: "row-line access" }, el("div", { class: "grow" }, title, el("p", { class: "faint small" }, ...facts)), button);
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await send("DELETE", path);
      const next = made.nextElementSibling ?? made.previousElementSibling;
      made.remove();
      say(says("ended"));
      $("button", next ?? document.createElement("p"))?.focus();
    } catch (error) {
      button.disabled = false;
      failed(error);
    }
  });
  return made;
}

async function sessions(list) {
  const all = list.dataset.all === "1";
  const names = JSON.parse($("#names").textContent);
  const { items } = await get(`/api/v1/sessions?of=${all ? "all" : "me"}`);
  const rows = items.map((each) => {
    const name = names[each.agent_id] ?? each.agent_id;
    const title = el("p", {}, el("b", {}, el("bdi", {}, name)), each.this ? el("span", { class: "tag" }, says("this")) : null);
    const facts = [time(each.seen_at), ` · ${each.way} · `, el("bdi", {}, browser(each.browser))];
    const button = el("button", { type: "button", "aria-label": says("end_session_of", { name }) }, says("end_session"));
    return row(title, facts, button, `/api/v1/sessions/${encodeURIComponent(each.id)}`);
  });
  list.replaceChildren(...rows);
}

// What people call their browser, of all that browsers say of themselves.
function browser(text) {
  const known = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]].find(([sign]) => text.includes(sign));
  const system = ["Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux"].find((each) => text.includes(each));
  return known ? [known[1], system].filter(Boolean).join(", ") : text.slice(0, 80);
}

function expiry({ expires_at: at }) {
  if (!at) return [];
  const over = new Date(at) <= new Date();
  return [" · ", el("span", over ? { class: "bad" } : {}, says(over ? "expired" : "expires"), " ", time(at))];
}

async function tokens(list) {
  const { items } = await get("/api/v1/tokens");
  const rows = items.map((each) => {
    const title = el("p", {}, el("b", {}, el("bdi", {}, each.name)));
    const facts = [each.scopes.join(", "), ` · ${says("made_by", { name: each.created_by })} · `, ...(each.used_at ? [`${says("used")} `, time(each.used_at)] : [says("never")]), ...expiry(each)];
    const button = el("button", { type: "button", class: "danger", "aria-label": says("end_token", { name: each.name }) }, says("end"));
    return row(title, facts, button, `/api/v1/tokens/${encodeURIComponent(each.id)}`);
  });
  list.replaceChildren(...rows);
  $("#tokens-none").hidden = rows.length > 0;
}

let key = newKey();

async function make(event) {
  event.preventDefault();
  const form = event.target;
  unmark(form);
  place.replaceChildren();
  const name = $("#token-name");
  const boxes = $$("input:checked", $("#token-scopes"));
  if (!name.value.trim()) {
    mark(name, says("name_needed")).focus();
    return;
  }
  if (!boxes.length) {
    mark($("#token-scopes"), says("scope_needed")).focus();
    return;
  }
  try {
    const days = Number($("#token-expires").value);
    const expires = days ? new Date(Date.now() + days * 86_400_000).toISOString() : null;
    const made = await send("POST", "/api/v1/tokens", { name: name.value.trim(), scopes: boxes.map((box) => box.value), expires_at: expires }, key);
    key = newKey();
    form.reset();
    $("#secret").hidden = false;
    $("#secret-value").value = made.secret;
    $("#secret-value").focus();
    $("#secret-value").select();
    await tokens($("#tokens"));
  } catch (error) {
    failed(error);
  }
}

const [ofTokens, ofSessions] = [$("#tokens"), $("#sessions")];
if (ofTokens) {
  tokens(ofTokens).catch(failed);
  $("#new-token").addEventListener("submit", make);
  $("#secret-copy").addEventListener("click", async (event) => {
    $("#secret-value").select();
    await navigator.clipboard?.writeText($("#secret-value").value).catch(() => null);
    event.target.textContent = says("copied");
  });
}
if (ofSessions) sessions(ofSessions).catch(failed);
