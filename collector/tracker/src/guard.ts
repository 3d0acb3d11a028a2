// The rule that nothing may be thrown into the page, and the two ways in which the script waits.

/** Returns job so that it never throws. */
export function guarded<A extends unknown[]>(job: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      job(...args);
    } catch {
      // The page must never notice.
    }
  };
}

/** Listens on window while an event is still on its way down, so that a page that stops it is heard as well. */
export function on(types: string, listener: (event: Event) => void): void {
  for (const type of types.split(" ")) {
    addEventListener(type, guarded(listener), true);
  }
}

const waiting = new Set<() => void>();

/** Does job after some milliseconds, or as soon as the page may be about to go. */
export function later(job: () => void, ms: number): void {
  const once = guarded(() => {
    if (waiting.delete(once)) {
      job();
    }
  });
  waiting.add(once);
  setTimeout(once, ms);
}

/** Does at once what still waits. */
export function flush(): void {
  waiting.forEach((once) => once());
}
