/** What stands where pictures would: while they load, and when there are none. */

import { el, svg } from "../lib/dom.js";

/** Boxes of the very size that the pictures will take, so that nothing moves. */
export function skeletons(view, count) {
  const parts = view === "table" ? ["skeleton-picture", "skeleton-words"] : ["card-picture", "card-name", "card-meta", "card-actions"];
  const make = () => el("li", { class: view === "table" ? "skeleton" : "card skeleton" }, parts.map((name) => el("div", { class: name })));
  return el("ul", { class: view === "table" ? "skeleton-rows" : "cards", "aria-hidden": "true" }, Array.from({ length: count }, make));
}

export function emptyState({ kind, title, text, button = null, onClick = null }) {
  const action = button ? el("button", { class: "button button-primary", type: "button", on: { click: onClick } }, button) : null;
  return el("div", { class: "empty" }, drawing(kind), el("h2", {}, title), el("p", {}, text), action);
}

/** A small shoebox in the mood of the moment. */
function drawing(kind) {
  const face = {
    box: "M98 119v6M142 119v6M110 135q10 8 20 0",
    search: "M98 119v6M142 119v6M112 138h16",
    away: "M92 121q6 5 12 0M136 121q6 5 12 0M112 139q8-7 16 0",
  }[kind];
  const lid = kind === "away" ? "translate(0 0)" : "rotate(-7 36 96) translate(0 -8)";
  return svg(
    "svg",
    { class: "empty-drawing", viewBox: "0 0 240 176", "aria-hidden": "true" },
    svg("path", { class: "box-body", d: "M42 92h156v66a10 10 0 0 1-10 10H52a10 10 0 0 1-10-10z" }),
    svg("path", { class: "box-face", d: face }),
    svg("path", { class: "box-lid", transform: lid, d: "M40 66h160a6 6 0 0 1 6 6v18a6 6 0 0 1-6 6H40a6 6 0 0 1-6-6V72a6 6 0 0 1 6-6z" }),
  );
}
