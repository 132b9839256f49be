// Time that goes on while the page is not looked at, and that notices sleep.

const waiting = [];
let last = Date.now();

// Calls `run` every so many seconds; `run(slept)` with how long the machine slept, if it did.
export function every(seconds, run) {
  const one = { seconds, run, due: Date.now() + seconds * 1000 };
  waiting.push(one);
  return () => waiting.splice(waiting.indexOf(one), 1);
}

function tick() {
  const now = Date.now();
  const gap = now - last;
  last = now;
  for (const one of [...waiting]) {
    if (now < one.due && gap < 10000) continue;
    one.due = now + one.seconds * 1000;
    one.run(gap >= 10000 ? gap : 0);
  }
}

function start() {
  try {
    const worker = new Worker(new URL("beat.js", import.meta.url));
    worker.onmessage = tick;
    worker.onerror = () => setInterval(tick, 1000);
  } catch {
    setInterval(tick, 1000);
  }
}

start();
