// Script errors, promises that nobody caught, resources that did not come: each cause once a page, and ten causes at most.

import { guarded, on } from "./guard";
import { place } from "./pattern";

/** Tells of one fault. */
export type Tell = (fields: object) => void;

const most = 10;
const longestStack = 4000;
const longestMessage = 500;

/** Passes on each fault once, and no more than a page may have. */
export function throttled(tell: Tell): (cause: string, fields: object) => void {
  const told = new Set<string>();
  return (cause, fields) => {
    if (told.size < most && !told.has(cause)) {
      told.add(cause);
      tell(fields);
    }
  };
}

/** Watches for errors and resources that fail. */
export function watchFaults(tell: Tell): void {
  const once = throttled(tell);

  const script = (kind: string, thrown: unknown, message: string, source?: string, line?: number, column?: number): void => {
    const { name: type, stack } = (thrown instanceof Error ? thrown : {}) as Partial<Error>;
    if (/^[a-z-]+-extension:/.test(source || stack || "")) {
      return; // not the page's own
    }
    message = message.slice(0, longestMessage);
    once(kind + message + source + line, {
      error: { kind, type, message, source, line, column, stack: stack && stack.slice(0, longestStack) },
    });
  };

  const resource = (type: string | undefined, address: string): void => {
    const source = place(address);
    once("resource" + source, { error: { kind: "resource", type, source } });
  };
  // What failed before this script came: browsers remember the status of what came from the own origin.
  guarded(() => {
    for (const came of performance.getEntriesByType("resource") as PerformanceResourceTiming[]) {
      if (came.responseStatus >= 400 && !/^(fetch|xml)/.test(came.initiatorType)) {
        resource(came.initiatorType, came.name);
      }
    }
  })();

  on("error", (event) => {
    if (event instanceof ErrorEvent) {
      script("error", event.error, event.message, event.filename, event.lineno, event.colno);
      return;
    }
    const element = event.target as Partial<HTMLImageElement & HTMLLinkElement & HTMLElement>;
    const address = element.src || element.href;
    if (address && /^http/.test(address)) {
      resource(element.localName, address);
    }
  });
  on("unhandledrejection", (event) => {
    const { reason } = event as PromiseRejectionEvent;
    script("unhandledrejection", reason, reason instanceof Error ? reason.message : String(reason));
  });
}
