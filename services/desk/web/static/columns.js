// How wide the columns are: dragged, or moved by the arrow keys, and remembered.

import { kept } from "./dom.js";

const LIMITS = { views: [140, 320], list: [280, 900], panel: [200, 480] };
const root = document.documentElement;

const sides = (name) => (name === "panel" ? -1 : 1);
const widthOf = (name) => parseInt(getComputedStyle(root).getPropertyValue(`--w-${name}`), 10);

function set(name, wanted) {
  const [least, most] = LIMITS[name];
  const width = Math.round(Math.min(most, Math.max(least, wanted)));
  root.style.setProperty(`--w-${name}`, `${width}px`);
  for (const splitter of document.querySelectorAll(`[data-split="${name}"]`)) said(splitter);
  return width;
}

function said(splitter) {
  const name = splitter.dataset.split;
  const [least, most] = LIMITS[name];
  splitter.setAttribute("aria-valuemin", least);
  splitter.setAttribute("aria-valuemax", most);
  splitter.setAttribute("aria-valuenow", widthOf(name));
}

const remember = (name, width) => kept.set(`width.${name}`, width);

function drag(event) {
  const splitter = event.target.closest("[data-split]");
  if (!splitter || event.button) return;
  event.preventDefault();
  const name = splitter.dataset.split;
  const begin = event.clientX;
  const width = widthOf(name);
  const move = ({ clientX }) => set(name, width + (clientX - begin) * sides(name));
  const end = () => {
    splitter.classList.remove("dragged");
    splitter.removeEventListener("pointermove", move);
    remember(name, widthOf(name));
  };
  splitter.classList.add("dragged");
  splitter.setPointerCapture(event.pointerId);
  splitter.addEventListener("pointermove", move);
  splitter.addEventListener("pointerup", end, { once: true });
  splitter.addEventListener("pointercancel", end, { once: true });
}

function step(event) {
  const splitter = event.target.closest?.("[data-split]");
  const by = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
  if (!splitter || !by) return;
  event.preventDefault();
  const name = splitter.dataset.split;
  remember(name, set(name, widthOf(name) + by * sides(name)));
}

export function startColumns() {
  for (const name of Object.keys(LIMITS)) {
    const width = kept.get(`width.${name}`);
    if (width && window.innerWidth > 1100) set(name, width);
  }
  document.querySelectorAll("[data-split]").forEach(said);
  document.addEventListener("pointerdown", drag);
  document.addEventListener("keydown", step);
  document.addEventListener("dblclick", (event) => {
    const name = event.target.closest("[data-split]")?.dataset.split;
    if (!name) return;
    root.style.removeProperty(`--w-${name}`);
    remember(name, null);
  });
}
