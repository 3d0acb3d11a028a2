// The ready banner. It asks once, at the top of the page's order but without taking the focus, in the visitor's language; both
// answers look alike and cost one press. It comes only to who has to be asked, with `texts` from the collector around it.

interface Texts {
  lang: string;
  question: string;
  accept: string;
  refuse: string;
  more: string;
}

declare const texts: Texts;

(() => {
  const { mayak } = window;
  const page = document;
  if (!mayak || !mayak.consent || page.getElementById("mayak-consent")) {
    return;
  }
  const consent = mayak.consent;
  const make = (name: string, css: string, text?: string): HTMLElement => {
    const element = page.createElement(name);
    element.style.cssText = css; // which a page's content security policy allows, unlike a style in markup
    if (text) {
      element.textContent = text;
    }
    return element;
  };
  // A shadow keeps the page's styles out.
  const host = make("div", "all:initial");
  host.id = "mayak-consent";
  const box = make(
    "section",
    "position:fixed;z-index:2147483647;inset:auto 0 0 0;box-sizing:border-box;max-height:100%;overflow:auto;padding:16px;" +
      "display:flex;flex-wrap:wrap;gap:12px;align-items:center;justify-content:center;color-scheme:light dark;" +
      "background:Canvas;color:CanvasText;border-top:1px solid GrayText;font:16px/1.5 system-ui,sans-serif",
  );
  box.lang = texts.lang;
  box.setAttribute("aria-label", texts.question);
  box.setAttribute("aria-live", "polite");
  const question = make("p", "margin:0;flex:0 1 auto", texts.question + " ");
  const more = make("a", "color:LinkText", texts.more) as HTMLAnchorElement;
  more.href = new URL("privacy?site=" + mayak.site + "&lang=" + texts.lang, (page.currentScript as HTMLScriptElement).src).href;
  question.append(more);
  const answer = (text: string, level: string): HTMLElement => {
    const button = make(
      "button",
      "font:inherit;font-weight:600;min-width:9em;min-height:44px;padding:8px 16px;border:1px solid GrayText;" +
        "border-radius:6px;background:ButtonFace;color:ButtonText;cursor:pointer",
      text,
    );
    button.onclick = () => {
      // What was not saved can be answered again: the question stays.
      consent(level, { how: "banner", lang: texts.lang }).then(
        (told) => "level" in told && host.remove(),
        () => {},
      );
    };
    return button;
  };
  host.attachShadow({ mode: "open" }).append(box);
  page.body.prepend(host);
  box.append(question, answer(texts.refuse, "refused"), answer(texts.accept, "analytics"));
})();
