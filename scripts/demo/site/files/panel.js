"use strict";
// The panel that shows what became of the visit. No counted site needs it: it looks over the shoulder of m.js to learn
// what was sent and what the collector answered, and asks the demo's own server for the row. Data is shown as text only.

const collector = document.currentScript.dataset.collector;
const panel = document.querySelector("#panel");
const firstRowMs = 150; // how often to look until the row is there
const laterRowsMs = 1500; // how often to look for what was told afterwards
const patienceMs = 15000;

let watched; // the page view that the panel shows

const send = window.fetch;
window.fetch = function (resource, options) {
  const answer = send.apply(this, arguments);
  if (resource === `${collector}/e` && options && options.body) {
    const event = JSON.parse(options.body);
    if (event.type === "pageview" && !(watched && watched.event.id === event.id)) {
      watched = { event, since: performance.now(), answer };
      watch(watched);
    }
  }
  return answer;
};

async function watch(view) {
  draw([state("waiting", "Sent. Looking for the row …")]);
  let outcome;
  try {
    const answer = await view.answer;
    outcome = answer.headers.get("Mayak-Outcome") || `status ${answer.status}`;
  } catch {
    outcome = "no answer";
  }
  if (watched !== view) {
    return;
  }
  if (outcome.startsWith("dropped")) {
    draw([state("failed", `The collector answered: ${outcome}. No row was written.`)]);
    return;
  }
  await look(view, outcome);
}

async function look(view, outcome) {
  while (watched === view) {
    const row = document.hidden && view.shown ? null : await ask(view.event);
    if (watched !== view) {
      return;
    }
    if (row) {
      view.shown = view.shown || Math.round(performance.now() - view.since);
      drawRow(row, outcome, view.shown);
    } else if (!view.shown && performance.now() - view.since > patienceMs) {
      draw([state("failed", `No row after ${patienceMs / 1000} seconds. The collector answered: ${outcome}.`)]);
      return;
    }
    await new Promise((done) => setTimeout(done, view.shown ? laterRowsMs : firstRowMs));
  }
}

async function ask(event) {
  try {
    const answer = await send(`/_row?page=${encodeURIComponent(event.id)}`, { method: "POST", body: JSON.stringify(event) });
    return answer.status === 200 ? await answer.json() : null;
  } catch {
    return null;
  }
}

function drawRow(row, outcome, shownMs) {
  const open = panel.querySelector("details[open]") !== null;
  const parts = [
    state("stored", `The collector answered “${outcome}”; the row was read here ${shownMs} ms after it was sent.`),
    table(["Column", "Stored", "What happened"], row.lines.map((line) => [line.name, line.value, deed(line), line.action])),
  ];
  if (row.removed.length) {
    parts.push(make("h3", "Removed before anything was written"));
    parts.push(table(null, row.removed.map((line) => [line.name, deed(line), null, line.action])));
  }
  for (const later of row.later || []) {
    const kind = later.lines.find((line) => line.name === "type");
    parts.push(make("h3", `Told afterwards: ${kind ? kind.value : "event"}`));
    const told = [...later.lines, ...later.removed].filter((line) => line !== kind);
    parts.push(table(null, told.map((line) => [line.name, line.value, deed(line), line.action])));
  }
  if (row.empty.length) {
    const details = make("details", make("summary", `${row.empty.length} columns are empty`), make("p", row.empty.join(", ")));
    details.open = open;
    parts.push(details);
  }
  draw(parts);
}

function draw(parts) {
  panel.replaceChildren(panel.querySelector("h2"), ...parts);
}

function state(kind, text) {
  const element = make("p", text);
  element.className = "state";
  element.dataset.state = kind;
  return element;
}

function table(names, rows) {
  const body = make("tbody", ...rows.map(([name, value, happened, action]) => {
    const heading = make("th", name);
    heading.scope = "row";
    const row = make("tr", heading, make("td", value), ...(happened === null ? [] : [make("td", happened)]));
    row.dataset.action = action;
    return row;
  }));
  return names ? make("table", make("thead", make("tr", ...names.map((name) => make("th", name)))), body) : make("table", body);
}

function deed(line) {
  const parts = document.createDocumentFragment();
  const action = make("span", line.action);
  action.className = "deed";
  parts.append(action);
  if (line.raw && line.action !== "kept") {
    parts.append(" ", make("del", line.raw));
  }
  if (line.why) {
    const why = make("span", line.why);
    why.className = "why";
    parts.append(" ", why);
  }
  return parts;
}

// make builds an element of nodes and texts; a text never becomes markup.
function make(name, ...children) {
  const element = document.createElement(name);
  element.append(...children);
  return element;
}
