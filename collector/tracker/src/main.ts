// The browser script. It counts page views, really visible time, scroll depth, outbound links, downloads and
// the site's own events, and tells them to the collector that it was loaded from; and it tells what the visitor
// chooses to allow. It stores nothing on the device, calls nobody else, and whatever goes wrong in here stays in here.

import { tellEvent, watchClicks } from "./clicks";
import { askForHints } from "./device";
import { guarded, on } from "./guard";
import { tell, watchPages } from "./page";
import { ask, sendTo } from "./send";

type Call = [name: string, props?: object, extra?: { value?: number; currency?: string }];

/** What pages call, and the stub that they may put in its place until the script has come. */
interface Mayak {
  (...call: Call): void;
  q?: Iterable<Call>;
  site?: string;
  page?: string;
  /** How other modules tell of the page view that is open. */
  tell?: typeof tell;
  /** Tells what the visitor chose; without a level only asks what counts now. */
  consent?(level?: string, asked?: { how?: string; lang?: string }): Promise<object>;
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
  const stub: Partial<Mayak> = window.mayak || {};
  if (stub.site) {
    return; // the script is here already
  }

  const calls = Array.from(stub.q || []);
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

  const at = (path: string): string => new URL(path, new URL(data["endpoint"] || "/e", script.src)).href;
  mayak.consent = (level, asked) =>
    ask(at("privacy/consent"), JSON.stringify({ site, level, ...asked })).then((answer) => answer.json());
  // A page that makes sure of what its scripts come from refuses, and writes the tag itself.
  const load = guarded((path: string) => {
    const module = document.createElement("script");
    module.src = at(path + "site=" + site);
    document.head.append(module);
  });

  const start = (): void => {
    sendTo(at(""));
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
    mayak.tell = tell;
    if (data["consent"]) {
      load("consent.js?lang=" + document.documentElement.lang + "&");
    }
    if ("diagnostics" in data) {
      load("m.d.js?");
    }
    calls.forEach((call) => mayak(...call));
  };
  // A page that is rendered ahead may never be seen: it counts once it is.
  if ((document as { prerendering?: boolean }).prerendering) {
    on("prerenderingchange", start);
  } else {
    start();
  }
})();
