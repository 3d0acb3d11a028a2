// Page views, and what is told about the page view that is open: a document that is loaded, activated or restored
// opens one, and so does a single-page site that changes its address.

import { lookAnew, takeAttention, watchAttention } from "./attention";
import { device } from "./device";
import { flush, guarded, later, on } from "./guard";
import { randomId, send } from "./send";

// Long enough for client hints to come and for a router to set the new title.
const settleMs = 50;

/** The site that is counted, as its script tag tells it. */
export interface Site {
  id: string;
  /** Whether every change of the fragment is another page, and not only that of a route. */
  hash: boolean;
  /** Is given the id of each page view that opens. */
  opened(page: string): void;
}

let counted: Site;
let open: { site: string; page: string; url: string };

/** The address that counts. A fragment belongs to it when it is a route (#/…, #!/…) or the site says that each does. */
function address(): string {
  const { origin, pathname, search, hash } = location;
  return origin + pathname + search + (counted.hash || /^#!?\//.test(hash) ? hash : "");
}

function view(referrer: string): void {
  const page = randomId();
  const seen = (open = { site: counted.id, page, url: address() });
  lookAnew();
  counted.opened(page);
  later(() => send({ ...seen, type: "pageview", id: page, referrer, title: document.title, ...device() }), settleMs);
}

/** Tells something about the page view that is open. */
export function tell(fields: object, lastChance?: boolean): void {
  send({ ...open, id: randomId(), ...fields }, lastChance);
}

function leave(): void {
  flush();
  const attention = takeAttention();
  if (attention) {
    tell(attention, true);
  }
}

const navigated = guarded(() => {
  if (address() !== open.url) {
    leave();
    view(open.url);
  }
});

/** Opens the first page view and follows the page from there. */
export function watchPages(site: Site): void {
  counted = site;
  view(document.referrer);
  watchAttention();
  on("visibilitychange pagehide", leave);
  on("popstate hashchange", navigated);
  on("pageshow", (event) => {
    if ((event as PageTransitionEvent).persisted) {
      view(open.url); // back from the browser's page cache: another view, but not another arrival
    }
  });
  (["pushState", "replaceState"] as const).forEach(
    guarded((name: "pushState" | "replaceState") => {
      const original = history[name];
      history[name] = function (...state) {
        original.apply(this, state); // which returns nothing, and changes nothing when it throws
        navigated();
      };
    }),
  );
}
