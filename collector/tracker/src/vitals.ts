// How fast the page was, what that came from, and how long it did not answer: told once, when the page is first hidden.

import { onCLS, onFCP, onINP, onLCP, onTTFB, type MetricWithAttribution } from "web-vitals/attribution";
import { guarded, on } from "./guard";
import { place } from "./pattern";

const worthTellingMs = 200; // a shorter task is felt by nobody

/** A selector without the numbers in it. */
function element(selector?: string): string | undefined {
  return selector && selector.replace(/\d+/g, "0");
}

/** Watches until the page is hidden. */
export function watchVitals(tell: (fields: object) => void): void {
  const vitals: Record<string, number> = {};
  const attribution: Record<string, string | undefined> = {};
  const note = guarded((metric: MetricWithAttribution) => {
    vitals[metric.name.toLowerCase()] = metric.value;
    switch (metric.name) {
      case "LCP":
        attribution["lcp_element"] = element(metric.attribution.target);
        attribution["lcp_url"] = metric.attribution.url && place(metric.attribution.url);
        break;
      case "INP":
        attribution["inp_target"] = element(metric.attribution.interactionTarget);
        attribution["inp_event"] = metric.attribution.interactionType;
        break;
      case "CLS":
        attribution["cls_target"] = element(metric.attribution.largestShiftTarget);
        break;
      case "TTFB":
        attribution["navigation"] = metric.navigationType;
    }
  });
  const options = { reportAllChanges: true };
  [onTTFB, onFCP, onLCP, onINP, onCLS].forEach((watch) => watch(note, options));
  const longest = watchLongTasks();

  let told = false;
  on("visibilitychange", () => {
    if (!document.hidden || told) {
      return;
    }
    told = true;
    tell({ type: "vitals", vitals: { ...vitals, ...connection() }, attribution, request: navigation() });
    const { worst, sum } = longest();
    if (worst >= worthTellingMs) {
      tell({ type: "error", error: { kind: "longtask" }, vitals: { longtask: sum }, request: { duration_ms: worst } });
    }
  });
}

/** How the page came: the entry that browsers keep of it. */
function entry(): PerformanceNavigationTiming | undefined {
  return performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming | undefined;
}

function connection(): object | undefined {
  const came = entry();
  if (!came) {
    return undefined;
  }
  const secure = came.secureConnectionStart;
  return {
    dns: came.domainLookupEnd - came.domainLookupStart,
    tcp: (secure || came.connectEnd) - came.connectStart,
    tls: secure && came.connectEnd - secure,
  };
}

function navigation(): object | undefined {
  const came = entry();
  return came && { protocol: came.nextHopProtocol, status: came.responseStatus, bytes: came.transferSize };
}

/** Adds up the tasks that kept the page from answering. */
function watchLongTasks(): () => { worst: number; sum: number } {
  let worst = 0;
  let sum = 0;
  guarded(() =>
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        worst = Math.max(worst, duration);
        sum += duration;
      }
    }).observe({ type: "longtask", buffered: true }),
  )();
  return () => ({ worst, sum });
}
