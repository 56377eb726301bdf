/** Asks before a picture goes for good. */

import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** Resolves to true when the deletion is wanted. Esc, Cancel and the backdrop mean no. */
export function confirmDelete(image) {
  const cancel = el("button", { class: "button", type: "button", autofocus: true }, t("delete.cancel"));
  const agree = el("button", { class: "button button-danger", type: "button", "data-action": "confirm" }, t("delete.confirm"));
  const dialog = el(
    "dialog",
    { class: "dialog", "aria-labelledby": "delete-title", "aria-describedby": "delete-text" },
    el(
      "div",
      { class: "dialog-picture" },
      el("img", { src: image.thumbnail_url, alt: image.original_name, width: image.width, height: image.height }),
    ),
    el(
      "div",
      { class: "dialog-body" },
      el("h2", { id: "delete-title" }, t("delete.title")),
      el("p", { class: "dialog-name", dir: "auto" }, image.original_name),
      el("p", { id: "delete-text" }, t("delete.text")),
      el("div", { class: "dialog-actions" }, cancel, agree),
    ),
  );
  return new Promise((resolve) => {
    let agreed = false;
    cancel.addEventListener("click", () => dialog.close());
    agree.addEventListener("click", () => {
      agreed = true;
      dialog.close();
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(agreed);
    });
    document.body.append(dialog);
    dialog.showModal();
    cancel.focus();
  });
}
