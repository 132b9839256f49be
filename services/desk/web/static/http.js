// Requests to the desk. What is refused comes as an error with the server's problem document.

import { t } from "./words.js";

export class Refusal extends Error {
  constructor(problem) {
    super(problem.detail || problem.title || problem.code);
    this.problem = problem;
  }
}

export const csrf = () => document.querySelector('meta[name="csrf"]')?.content || "";

// A key of a POST: the same for each try of the same request.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// JSON as values, HTML as text. `timeout` in milliseconds.
export function get(path, { timeout = 20000, signal } = {}) {
  return request(path, { headers: { Accept: "application/json, text/html" } }, timeout, signal);
}

export function send(method, path, body, key, { timeout = 30000, headers = {} } = {}) {
  const all = { Accept: "application/json", "X-Desk": csrf(), ...headers };
  if (method === "POST") all["Idempotency-Key"] = key || newKey();
  const options = { method, headers: all };
  if (body !== undefined && body !== null) {
    all["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  return request(path, options, timeout);
}

async function request(path, options, timeout, signal) {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), timeout);
  signal?.addEventListener("abort", () => ending.abort());
  try {
    const response = await fetch(path, {
      credentials: "same-origin",
      cache: "no-store",
      signal: ending.signal,
      ...options,
    });
    return await answer(response);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (signal?.aborted) throw new Refusal({ code: "cancelled", status: 0, detail: "" });
    throw new Refusal({ code: "unreachable", status: 0, detail: t("dialog.unreachable") });
  } finally {
    clearTimeout(timer);
  }
}

// A file goes to the server; `progress(percent)` is told how far it is. Answers as the others do.
export function upload(path, file, key, progress) {
  const going = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    const lost = () => reject(new Refusal({ code: "unreachable", status: 0, detail: t("dialog.unreachable") }));
    going.upload.addEventListener("progress", ({ loaded, total }) => progress(total ? Math.floor((loaded / total) * 100) : 0));
    going.addEventListener("error", lost);
    going.addEventListener("abort", () => reject(new Refusal({ code: "cancelled", status: 0, detail: "" })));
    going.addEventListener("load", () => {
      const headers = { "Content-Type": going.getResponseHeader("Content-Type") ?? "" };
      answer(new Response(going.status === 204 ? null : going.responseText, { status: going.status || 500, headers })).then(resolve, reject);
    });
  });
  going.open("POST", path);
  const all = { Accept: "application/json", "X-Desk": csrf(), "Idempotency-Key": key, "Content-Type": file.type || "application/octet-stream" };
  for (const [name, value] of Object.entries(all)) going.setRequestHeader(name, value);
  going.send(file);
  return { done, stop: () => going.abort() };
}

async function answer(response) {
  const json = (response.headers.get("Content-Type") || "").includes("json");
  if (response.status === 401) {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    throw new Refusal({ code: "signed_out", status: 401, detail: t("dialog.signed_out") });
  }
  if (!response.ok) {
    const problem = json ? await response.json() : {};
    throw new Refusal({
      code: "failed",
      detail: t("dialog.failed", { status: response.status }),
      status: response.status,
      ...problem,
    });
  }
  if (response.status === 204) return null;
  const text = await response.text();
  return json && text ? JSON.parse(text) : text;
}
