"use strict";
// A router as small as they get: links within /app/ change the address and show the template of that route.

const main = document.querySelector("#app");

function show() {
  const route = document.querySelector(`template[data-route="${CSS.escape(location.pathname)}"]`)
    || document.querySelector('template[data-route="/app/"]');
  main.replaceChildren(route.content.cloneNode(true));
  document.title = `${route.dataset.title} · Shipa Clinic`;
}

addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (plain && link && link.origin === location.origin && link.pathname.startsWith("/app/")) {
    event.preventDefault();
    history.pushState(null, "", link.href);
    show();
    scrollTo(0, 0);
  }
});

addEventListener("submit", (event) => {
  event.preventDefault();
  event.target.querySelector("output").textContent = "Thank you. Nothing was sent but the event.";
});

addEventListener("popstate", show);
show();
