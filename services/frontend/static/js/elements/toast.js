/** Messages: one polite live region for screen readers, toasts for eyes. */

import { el } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";

const SHOWN = 6000; // ms; longer than it takes to read two lines

const region = el("div", { class: "visually-hidden", id: "live", role: "status", "aria-live": "polite" });
const toasts = el("div", { class: "toasts" });
document.body.append(region, toasts);

/** Says something to a screen reader. A repeated sentence is said again. */
export function announce(text) {
  region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}

/** Shows and says a message. An error stays until it is closed. */
export function toast(text, { error = false } = {}) {
  const node = el("div", { class: "toast", "data-error": error });
  const close = el("button", { class: "icon-button", type: "button", "aria-label": t("toast.close") }, icon("close"));
  const remove = () => node.remove();
  close.addEventListener("click", remove);
  node.append(el("span", {}, text), close);
  toasts.replaceChildren(node);
  announce(text);
  if (error) return;
  let timer = setTimeout(remove, SHOWN);
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener("focusin", () => clearTimeout(timer));
  node.addEventListener("pointerleave", () => (timer = setTimeout(remove, SHOWN)));
}
