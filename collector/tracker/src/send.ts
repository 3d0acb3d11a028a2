// One event's way to the collector: sent at once, and once more when that was seen to fail.

import { later } from "./guard";

let endpoint: string;

/** Says where events go. */
export function sendTo(url: string): void {
  endpoint = url;
}

/** 64 random bits. An event keeps its id when it is sent again, so that it counts once. */
export function randomId(): string {
  const words = new Uint32Array(2).map(() => Math.random() * 2 ** 32);
  if (window.crypto) {
    crypto.getRandomValues(words);
  }
  return Array.from(words, (word) => (word + 2 ** 32).toString(16).slice(1)).join("");
}

/**
 * Sends one event. When lastChance is set the page may be gone before an answer comes, so the browser is asked to
 * take over; otherwise the answer is waited for, since only a failure that is seen can be made good.
 */
export function send(event: object, lastChance?: boolean): void {
  const body = JSON.stringify(event);
  // Not every browser has sendBeacon, and one that has may refuse.
  const { sendBeacon } = navigator as Partial<Navigator>;
  if (!lastChance || !sendBeacon || !sendBeacon.call(navigator, endpoint, body)) {
    post(body, true);
  }
}

function post(body: string, again: boolean): void {
  const settled = (status: number): void => {
    if (again && (!status || status === 429 || status >= 500)) {
      later(() => post(body, false), 1000 + Math.random() * 2000);
    }
  };
  if (typeof fetch === "function") {
    // A string goes as text/plain, which needs no preflight; keepalive lets it outlive the page.
    fetch(endpoint, { method: "POST", body, keepalive: true }).then(
      (answer) => settled(answer.status),
      () => settled(0),
    );
    return;
  }
  const request = new XMLHttpRequest();
  request.open("POST", endpoint);
  request.onloadend = () => settled(request.status);
  request.send(body);
}
