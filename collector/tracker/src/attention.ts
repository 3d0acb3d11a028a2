// How long a person really looked: the time while the page was visible and had the focus. Time in which nothing
// moved counts for two minutes at most, so that a page left open over lunch is not read for an hour.

import { on } from "./guard";

const idleAfterMs = 120_000;
const restlessMs = 250; // how often movement is looked at: it comes with every frame
const worthSendingMs = 100; // less than this waits for the next beacon

let watched = false;
let since = 0;
let engagedMs = 0;
let depth = 0;

/** Adds up the time since the last look, and notes whether the page is being watched from here on. */
export function look(): void {
  const now = performance.now();
  if (watched) {
    engagedMs += Math.min(now - since, idleAfterMs);
    const height = document.documentElement.scrollHeight;
    depth = Math.max(depth, Math.min(100, Math.round(((scrollY + innerHeight) / height) * 100)));
  }
  since = now;
  watched = !document.hidden && document.hasFocus();
}

/** Starts from nothing, for a new page view. */
export function lookAnew(): void {
  watched = false;
  look();
  engagedMs = depth = 0;
}

/** Takes what has been added up since it was last taken, as an event; undefined when there is too little to tell. */
export function takeAttention(): object | undefined {
  look();
  if (engagedMs < worthSendingMs) {
    return undefined;
  }
  const taken = { type: "engage", engaged_ms: Math.round(engagedMs), scroll: depth };
  engagedMs = 0;
  return taken;
}

/** Watches for what begins, ends or proves attention. */
export function watchAttention(): void {
  on("focus blur", look);
  on("scroll pointermove pointerdown keydown", () => {
    if (performance.now() - since > restlessMs) {
      look();
    }
  });
}
