// The browser script. It counts page views, really visible time, scroll depth, outbound links, downloads and
// the site's own events, and tells them to the collector that it was loaded from. It stores nothing on the
// device, calls nobody else, and whatever goes wrong in here stays in here.

import { tellEvent, watchClicks } from "./clicks";
import { askForHints } from "./device";
import { guarded, on } from "./guard";
import { watchPages } from "./page";
import { sendTo } from "./send";

type Call = [name: string, props?: object, extra?: { value?: number; currency?: string }];

/** What pages call, and the stub that they may put in its place until the script has come. */
interface Mayak {
  (...call: Call): void;
  q?: Iterable<Call>;
  site?: string;
  page?: string;
}

declare global {
  interface Window {
    mayak?: Mayak;
  }
}

guarded(() => {
  // A module has no currentScript.
  const script = (document.currentScript ||
    document.querySelector('script[data-site][src*="m.js"]')) as HTMLScriptElement | null;
  const data = script && script.dataset;
  const site = data && data["site"];
  if (!site) {
    console.warn("mayak: no data-site");
    return;
  }
  const stub = window.mayak;
  if (stub && stub.site) {
    return; // the script is here already
  }

  const calls = Array.from((stub && stub.q) || []);
  let started = false;
  const mayak: Mayak = guarded((...call: Call) => {
    if (started) {
      tellEvent(...call);
    } else {
      calls.push(call);
    }
  });
  mayak.site = site;
  window.mayak = mayak;

  const start = (): void => {
    sendTo(new URL(data["endpoint"] || "/e", script.src).href);
    askForHints();
    watchPages({
      id: site,
      hash: "hash" in data,
      opened(page) {
        mayak.page = page;
      },
    });
    watchClicks();
    started = true;
    calls.forEach((call) => mayak(...call));
  };
  // A page that is rendered ahead may never be seen: it counts once it is.
  if ((document as { prerendering?: boolean }).prerendering) {
    on("prerenderingchange", start);
  } else {
    start();
  }
})();
