/** Search, order, page size and view of the gallery. */

import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { PAGE_SIZES, SORTS, VIEWS } from "../lib/state.js";

const TYPING = 120; // ms without a key before a search is sent

let lastId = 0;

/** `onChange(patch, {typing})`. Returns `{node, update(state, total)}`. */
export function toolbar(onChange) {
  lastId += 1;
  const searchField = el("input", { type: "search", autocomplete: "off", spellcheck: "false", enterkeyhint: "search", maxlength: "255" });
  const count = el("p", { class: "toolbar-count" });
  const sort = el("select", {});
  const size = el("select", {});
  const view = el("fieldset", { class: "choice toolbar-view" });
  const node = el(
    "div",
    { class: "toolbar", role: "search" },
    el("label", { class: "field toolbar-search" }, icon("search"), searchField),
    count,
    el("div", { class: "select" }, sort),
    el("div", { class: "select" }, size),
    view,
  );

  let timer = null;
  const search = () => {
    clearTimeout(timer);
    timer = null;
    onChange({ q: searchField.value.trim() }, { typing: true });
  };
  searchField.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, TYPING);
  });
  searchField.addEventListener("keydown", (event) => event.key === "Enter" && search());
  sort.addEventListener("change", () => {
    const [field, direction] = sort.value.split(" ");
    onChange({ sort: field, direction });
  });
  size.addEventListener("change", () => onChange({ perPage: Number(size.value) }));

  function words(state) {
    searchField.setAttribute("aria-label", t("images.search"));
    searchField.placeholder = t("images.search");
    sort.setAttribute("aria-label", t("images.sort"));
    size.setAttribute("aria-label", t("images.perPage"));
    const directions = (field) => (field === "sort_name" ? ["asc", "desc"] : ["desc", "asc"]);
    sort.replaceChildren(
      ...SORTS.flatMap((field) => directions(field).map((way) => el("option", { value: `${field} ${way}` }, t(`images.sort.${field}.${way}`)))),
    );
    const sizes = PAGE_SIZES.includes(state.perPage) ? PAGE_SIZES : [...PAGE_SIZES, state.perPage].sort((a, b) => a - b);
    size.replaceChildren(...sizes.map((count) => el("option", { value: count }, t("images.perPage.option", { count: String(count) }))));
    const views = VIEWS.map((name) => {
      const radio = el("input", { class: "visually-hidden", type: "radio", name: `view-${lastId}`, value: name, "aria-label": t(`images.view.${name}`) });
      radio.addEventListener("change", () => onChange({ view: name }));
      return el("label", { title: t(`images.view.${name}`) }, radio, icon(name));
    });
    view.replaceChildren(el("legend", { class: "visually-hidden" }, t("images.view")), ...views);
  }

  let said = "";
  function update(state, total) {
    const now = `${document.documentElement.lang} ${state.perPage}`;
    if (now !== said) words(state);
    said = now;
    // Words still being typed are newer than the state.
    if (timer === null && searchField.value.trim() !== state.q) searchField.value = state.q;
    sort.value = `${state.sort} ${state.direction}`;
    size.value = String(state.perPage);
    for (const radio of view.querySelectorAll("input")) radio.checked = radio.value === state.view;
    count.textContent = total === null ? "" : t("images.count", { count: total });
  }

  return { node, update, clear: () => ((searchField.value = ""), searchField.focus()) };
}
