// The module for diagnostics, m.d.js: how fast the page was and what that came from, and what went wrong in it. It comes only to pages
// whose tag of the main script has data-diagnostics, and uses that script's way to the collector. Whatever goes wrong in here
// stays in here.

import { watchFaults } from "./faults";
import { guarded } from "./guard";
import { watchRequests } from "./requests";
import { watchVitals } from "./vitals";

/** What the main script lends to this one. */
export interface Lender {
  page?: string;
  tell?(fields: object, lastChance?: boolean): void;
  ref?(): string;
}

/** The share of page views that are measured; the collector writes it around the bundle. */
declare const SAMPLE: number;

// None is taken for another, read aloud or written down.
const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

guarded(() => {
  const mayak = (window as { mayak?: Lender }).mayak;
  const tell = mayak && mayak.tell;
  if (!tell || mayak.ref) {
    return; // the main script is missing, or this one is here already
  }
  // A support reference belongs to a page view, and is told once.
  const codes: Record<string, string> = {};
  mayak.ref = () => {
    const page = mayak.page || "";
    if (!codes[page]) {
      codes[page] = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => letters[byte % 32]).join("");
      guarded(tell)({ type: "vitals", reference: codes[page] });
    }
    return codes[page];
  };
  if (Math.random() >= SAMPLE) {
    return;
  }
  const weight = 1 / SAMPLE;
  const { page } = mayak;
  const url = location.href.split("#")[0];
  watchVitals((fields) => tell({ ...fields, page, url, weight }, true));
  const fault = guarded((fields: object) => tell({ type: "error", weight, ...fields }));
  watchFaults(fault);
  watchRequests(fault);
})();
