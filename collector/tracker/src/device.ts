// What the browser says of itself, as far as the collector has a use for it.

import { guarded } from "./guard";

interface Brands {
  brands?: unknown;
  fullVersionList?: unknown;
}

/** Only some browsers have it, and only on pages that came safely. */
type WithBrowserData = Navigator & {
  userAgentData: { getHighEntropyValues(names: string[]): Promise<Brands> };
};

let hints: object = { touch: navigator.maxTouchPoints };

/** Asks for the client hints that browsers tell only when asked. They come a moment later, or never. */
export const askForHints = guarded(() => {
  (navigator as WithBrowserData).userAgentData
    .getHighEntropyValues(["fullVersionList", "formFactors", "model", "platformVersion"])
    .then(
      // The full list has the same brands with more of their version.
      guarded(({ brands, fullVersionList, ...rest }) => {
        hints = { ...hints, ...rest, brands: fullVersionList || brands };
      }),
      () => {
        // Refused by the page's permissions policy.
      },
    );
});

/** The facts that go with a page view. */
export function device(): object {
  return {
    screen: screen.width + "x" + screen.height,
    viewport: innerWidth + "x" + innerHeight,
    dpr: devicePixelRatio,
    lang: navigator.language,
    tz: Intl.DateTimeFormat().resolvedOptions().timeZone,
    webdriver: navigator.webdriver || undefined,
    hints,
  };
}
