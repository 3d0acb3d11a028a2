// What people do on the page: links that lead away, downloads, and the elements that the site has marked.

import { on } from "./guard";
import { tell } from "./page";

const downloads = /\.(pdf|(doc|xls|ppt)x?|csv|txt|zip|rar|gz|exe|dmg|apk|mp[34]|avi|mov)$/i;
const propPrefix = "data-mayak-prop-";

/** Tells of clicks with the main and the middle button, and of forms that are sent. */
export function watchClicks(): void {
  on("click auxclick submit", (event) => {
    if ((event as MouseEvent).button > 1) {
      return; // a menu was opened, nothing was followed
    }
    const target = event.composedPath()[0] as Element;
    const marked = target.closest("[data-mayak-event]");
    // A marked form counts when it is sent, not when something in it is clicked.
    if (marked && (marked.tagName === "FORM") === (event.type === "submit")) {
      tellMarked(marked);
    }
    const link = target.closest("a[href]") as HTMLAnchorElement | null;
    if (link && /^http/.test(link.protocol)) {
      if (link.download || downloads.test(link.pathname)) {
        tellEvent("download", { url: link.href });
      } else if (link.host !== location.host) {
        tellEvent("outbound", { url: link.href });
      }
    }
  });
}

/** Tells of one event by its name. */
export function tellEvent(
  name: string,
  props?: object,
  { value, currency }: { value?: number; currency?: string } = {},
): void {
  tell({ type: "event", name, props, value, currency });
}

function tellMarked(element: Element): void {
  const props: Record<string, string> = {};
  for (const { name, value } of element.attributes) {
    if (name.startsWith(propPrefix)) {
      props[name.slice(propPrefix.length)] = value;
    }
  }
  tellEvent(element.getAttribute("data-mayak-event")!, props);
}
