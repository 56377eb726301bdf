/** Line icons on a 24 px grid, drawn for this project. */

import { svg } from "./dom.js";

const PATHS = {
  copy: "M9 9.5A1.5 1.5 0 0 1 10.5 8h8A1.5 1.5 0 0 1 20 9.5v9a1.5 1.5 0 0 1-1.5 1.5h-8A1.5 1.5 0 0 1 9 18.5zM16 8V5.5A1.5 1.5 0 0 0 14.5 4h-9A1.5 1.5 0 0 0 4 5.5v9A1.5 1.5 0 0 0 5.5 16H9",
  check: "M5 12.5l4.5 4.5L19 7.5",
  download: "M12 4v11M7.5 10.5L12 15l4.5-4.5M5 20h14",
  trash: "M4 6.5h16M9.5 6.5v-2h5v2M6.5 6.5l.8 12A1.6 1.6 0 0 0 8.9 20h6.2a1.6 1.6 0 0 0 1.6-1.5l.8-12M10.3 10.5v5.5M13.7 10.5v5.5",
  close: "M6 6l12 12M18 6L6 18",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.4-5.5M19.8 3.8v4h-4",
  previous: "M14.5 5.5L8 12l6.5 6.5",
  next: "M9.5 5.5L16 12l-6.5 6.5",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l4.5 4.5",
  cards: "M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z",
  table: "M4.5 6.5h.01M9 6.5h11M4.5 12h.01M9 12h11M4.5 17.5h.01M9 17.5h11",
  picture: "M5.5 4h13A1.5 1.5 0 0 1 20 5.5v13a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5v-13A1.5 1.5 0 0 1 5.5 4zM9 8a1.3 1.3 0 1 1 0 2.6A1.3 1.3 0 0 1 9 8zM4.5 17.5l5-4.5 3 2.5 3.5-4 4 4.5",
  warning: "M12 4.5l8.5 15h-17zM12 10v4.5M12 17h.01",
};

/** An icon that says nothing to a screen reader: the button around it has the words. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}
