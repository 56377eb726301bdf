/** Messages: one polite live region for screen readers, toasts for eyes. */

import { el } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { t } from "../lib/i18n.js";

const HEARD = 10_000; // ms; a reader has taken it up long before
const SHOWN = 6000; // ms; longer than it takes to read two lines

const region = el("div", { class: "visually-hidden", id: "live", role: "status", "aria-live": "polite", "aria-atomic": "false" });
const toasts = el("section", { class: "toasts" });
document.body.append(region, toasts);

/** Says something to a screen reader, after what is being said: sentences never replace each other. */
export function announce(text) {
  const sentence = el("p", {}, text);
  region.append(sentence);
  setTimeout(() => sentence.remove(), HEARD);
}

/** Where copying is impossible: the text, selected, for the visitor to copy. */
export function offerCopy(text) {
  const field = el("textarea", { class: "toast-field", readonly: true, rows: "2", "aria-label": t("copy.field") });
  field.value = text;
  toast(t("copy.manual"), { error: true, field });
  field.select();
}

/** Shows and says a message. An error stays until it is closed. */
export function toast(text, { error = false, field = null } = {}) {
  const node = el("div", { class: "toast", "data-error": error });
  const close = el("button", { class: "icon-button", type: "button", "aria-label": t("toast.close") }, icon("close"));
  const remove = () => node.remove();
  close.addEventListener("click", remove);
  node.append(el("div", { class: "toast-words" }, el("span", {}, text), field ?? ""), close);
  toasts.setAttribute("aria-label", t("toast.region"));
  toasts.replaceChildren(node);
  announce(text);
  if (error) return;
  let timer = setTimeout(remove, SHOWN);
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener("focusin", () => clearTimeout(timer));
  node.addEventListener("pointerleave", () => (timer = setTimeout(remove, SHOWN)));
}
