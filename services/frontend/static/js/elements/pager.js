/** Numbered pages as real links. */

import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { pagerNumbers } from "../lib/state.js";

/** `href(page)` is the address of a page. Nothing when there is only one. */
export function pager({ page, pages, href }) {
  if (pages < 2) return null;
  const step = (target, label, name) =>
    target < 1 || target > pages
      ? el("span", { class: "pager-step", "aria-hidden": "true" }, icon(name))
      : el("a", { class: "pager-step", href: href(target), "aria-label": label, rel: name === "next" ? "next" : "prev" }, icon(name));
  const numbers = pagerNumbers(page, pages).map((number) =>
    number === null
      ? el("li", { class: "pager-gap", "aria-hidden": "true" }, "…")
      : el(
          "li",
          {},
          el(
            "a",
            { href: href(number), "aria-label": t("pager.page", { page: number }), "aria-current": number === page ? "page" : null },
            String(number),
          ),
        ),
  );
  return el(
    "nav",
    { class: "pager", "aria-label": t("pager.label") },
    step(page - 1, t("pager.previous"), "previous"),
    el("ol", { class: "pager-numbers" }, numbers),
    step(page + 1, t("pager.next"), "next"),
  );
}
