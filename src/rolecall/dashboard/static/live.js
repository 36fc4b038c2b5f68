// Decisions as they happen: rows come rendered from the gateway and are put at the top.
"use strict";

(() => {
  const script = document.currentScript;
  const state = document.getElementById("state");
  const pause = document.getElementById("pause");
  const most = 200;
  const title = document.title;
  let held = null; // rows that came while the page is paused
  let unseen = 0;

  const rowsOf = (text) => {
    const body = document.createElement("tbody");
    const page = new DOMParser().parseFromString(`<table><tbody>${text}</tbody></table>`, "text/html");
    body.append(...page.querySelectorAll("tr"));
    return [...body.children];
  };

  const fill = (name, rows) => {
    document.getElementById(name).replaceChildren(...rows);
    const empty = document.getElementById(`empty-${name}`);
    if (empty) empty.hidden = rows.length > 0;
  };

  const add = (rows) => {
    const body = document.getElementById("decisions");
    const fresh = rows.filter((row) => !document.getElementById(row.id));
    for (const old of body.querySelectorAll("tr.new")) old.classList.remove("new");
    for (const row of fresh) row.classList.add("new");
    body.prepend(...fresh);
    while (body.children.length > most) body.lastElementChild.remove();
    const empty = document.getElementById("empty-decisions");
    if (empty && fresh.length) empty.hidden = true;
    if (!fresh.length) return;
    state.textContent = `Live; ${fresh.length} new, the last at ${new Date().toLocaleTimeString()}.`;
    if (document.hidden) document.title = `(${(unseen += fresh.length)}) ${title}`;
  };

  const feed = new EventSource(`${script.dataset.feed}&after=${script.dataset.after}`);
  feed.onopen = () => { if (!held) state.textContent = "Live."; };
  feed.onerror = () => { state.textContent = "The gateway does not answer; trying again."; };
  feed.addEventListener("decisions", (event) => {
    const rows = rowsOf(JSON.parse(event.data));
    if (held) held = [...rows, ...held].slice(0, most); else add(rows);
  });
  feed.addEventListener("left-out", (event) => {
    const count = Number(JSON.parse(event.data)).toLocaleString();
    state.textContent = `Live; ${count} more than can be shown came at once.`;
  });
  feed.addEventListener("underway", (event) => fill("underway", rowsOf(JSON.parse(event.data))));

  pause.hidden = false;
  pause.addEventListener("click", () => {
    if (held) {
      const rows = held;
      held = null;
      pause.textContent = "Pause";
      state.textContent = "Live.";
      add(rows);
    } else {
      held = [];
      pause.textContent = "Go on";
      state.textContent = "Paused; what comes meanwhile is kept.";
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { unseen = 0; document.title = title; }
  });
})();
