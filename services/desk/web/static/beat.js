// A worker that ticks: browsers slow down the timers of pages that are not looked at, not a worker's.
setInterval(() => postMessage(0), 1000);
