// One event's way to the collector: sent at once, and once more when that was seen to fail.

import { later } from "./guard";

let endpoint: string;

/** Says where events go. */
export function sendTo(url: string): void {
  endpoint = url;
}

/** 64 random bits. An event keeps its id when it is sent again, so that it counts once. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (word) => (word + 2 ** 32).toString(16).slice(1)).join("");
}

/**
 * Sends one event. When lastChance is set the page may be gone before an answer comes, so the browser is asked to
 * take over; otherwise the answer is waited for, since only a failure that is seen can be made good.
 */
export function send(event: object, lastChance?: boolean): void {
  const body = JSON.stringify(event);
  // Not every browser has sendBeacon, and one that has may refuse.
  if (!(lastChance && (navigator as Partial<Navigator>).sendBeacon && navigator.sendBeacon(endpoint, body))) {
    post(body, true);
  }
}

function post(body: string, again: boolean): void {
  const settled = (status: number): void => {
    if (again && (status === 429 || status >= 500)) {
      later(() => post(body, false), 1000 + Math.random() * 2000);
    }
  };
  ask(endpoint, body).then(
    (answer) => settled(answer.status),
    () => settled(500),
  );
}

/**
 * Posts to the collector, with the cookie in which it keeps the visitor's choice. A string goes as text/plain, which needs no
 * preflight; keepalive lets it outlive the page.
 */
export function ask(url: string, body: string): Promise<Response> {
  return fetch(url, { method: "POST", body, keepalive: true, credentials: "include" });
}
