// Requests of the page to its own origin that fail or take long. Of their addresses only the pattern is told. What the page calls is
// wrapped so that it gets exactly what it would have got.

import { throttled, type Tell } from "./faults";
import { guarded } from "./guard";
import { pattern } from "./pattern";

const slowMs = 3000;

/** Watches fetch and XMLHttpRequest. */
export function watchRequests(tell: Tell): void {
  const once = throttled(tell);

  // What is called when the request has ended; status 0 is none.
  const watch = (method: string, address: string | URL): ((status: number) => void) | undefined => {
    const url = new URL(address, document.baseURI);
    if (url.origin !== location.origin) {
      return undefined;
    }
    const began = performance.now();
    return guarded((status: number) => {
      const duration_ms = performance.now() - began;
      const type = status ? (status < 400 ? "slow" : "status") : "network";
      if (type !== "slow" || duration_ms > slowMs) {
        const source = pattern(url);
        once(type + method + source + status, {
          error: { kind: "fetch", type, source },
          request: { method, status: status || undefined, duration_ms },
        });
      }
    });
  };

  const original = window.fetch;
  window.fetch = function (...asked) {
    const answer = original.apply(this, asked);
    guarded(() => {
      const [what, how] = asked;
      const request = what instanceof Request ? what : undefined;
      if ((how || request || {}).keepalive) {
        return; // a beacon, as our own are
      }
      const method = ((how && how.method) || (request && request.method) || "GET").toUpperCase();
      const ended = watch(method, request ? request.url : (what as string | URL));
      const signal = (how && how.signal) || (request && request.signal);
      if (ended) {
        answer.then(
          ({ status }) => ended(status),
          // Who has been called off has not failed, whatever the page gave as the reason; who ran out of time has.
          () => (signal && signal.aborted && (signal.reason || {}).name !== "TimeoutError") || ended(0),
        );
      }
    })();
    return answer;
  };

  const { open, send } = XMLHttpRequest.prototype;
  const opened = new WeakMap<XMLHttpRequest, [string, string | URL]>();
  XMLHttpRequest.prototype.open = function (this: XMLHttpRequest, ...asked: Parameters<typeof open>) {
    guarded(() => opened.set(this, [asked[0].toUpperCase(), asked[1]]))();
    return open.apply(this, asked);
  } as typeof open;
  XMLHttpRequest.prototype.send = function (this: XMLHttpRequest, body) {
    guarded(() => {
      const asked = opened.get(this);
      const ended = asked && watch(...asked);
      if (ended) {
        for (const type of ["load", "error", "timeout"]) {
          // What was called off, or opened again since, is another request by now.
          this.addEventListener(type, () => opened.get(this) === asked && ended(this.status), { once: true });
        }
      }
    })();
    return send.call(this, body);
  };
}
