// Elements made by hand. Text goes in as text; HTML comes from the server's templates alone.

const here = new URL(".", import.meta.url).pathname;

// el("button", {class: "btn", type: "button", onclick: fn, hidden: true}, "text", child, …)
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function icon(name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("class", "icon");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${here}icons.svg#${name}`);
  made.append(use);
  return made;
}

// The elements of a fragment that the server rendered.
export function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export const $ = (selector, within = document) => within.querySelector(selector);
export const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

// Says something to screen readers, once, without moving anything.
export function say(text) {
  const line = document.getElementById("live");
  if (line) line.textContent = text;
}

// What a browser remembers for the agent; a browser that keeps nothing is no error.
export const kept = {
  get(name, otherwise = null) {
    try {
      return JSON.parse(localStorage.getItem(`desk.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`desk.${name}`, JSON.stringify(value));
    } catch {
      // Private windows may refuse; the page works without.
    }
  },
};

export function fire(name, detail = {}) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}
