/** One row of the upload queue: a file, how far it is, its link or what went wrong. */

import { el } from "../lib/dom.js";
import { bytes, percent } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";

/**
 * `actions`: cancel, retry, dismiss, copy(item, field). Returns `{node, update(item, link),
 * field}`; `update` changes only what differs, so that focus stays where it is.
 */
export function uploadRow(item, actions) {
  const name = item.file.name;
  const picture = preview(item);
  const state = el("span", { class: "upload-state" });
  const progress = el("progress", { max: "1", value: "0" });
  const reason = el("p", { class: "upload-reason", hidden: true });
  const field = el("input", { class: "upload-field", type: "text", readonly: true, spellcheck: "false", hidden: true });
  field.addEventListener("focus", () => field.select());
  const copyWords = el("span", {});
  const copyButton = el("button", { class: "button upload-copy", type: "button", hidden: true }, icon("copy"), copyWords);
  copyButton.addEventListener("click", () => actions.copy(item, field, copyButton));
  const retryWords = el("span", {});
  const retry = el("button", { class: "button upload-retry", type: "button", hidden: true }, icon("retry"), retryWords);
  retry.addEventListener("click", () => actions.retry(item));
  const leave = el("button", { class: "icon-button upload-leave", type: "button" }, icon("close"));
  leave.addEventListener("click", () => (isOver(item) ? actions.dismiss(item) : actions.cancel(item)));
  const size = el("span", {});

  const node = el(
    "li",
    { class: "upload" },
    picture.node,
    el(
      "div",
      { class: "upload-words" },
      el("p", { class: "upload-name", title: name }, name),
      el("p", { class: "upload-meta" }, size, state),
      reason,
    ),
    progress,
    el("div", { class: "upload-link" }, field, copyButton, retry),
    leave,
  );

  function update(current, link) {
    node.dataset.state = current.state;
    size.textContent = bytes(current.file.size);
    state.textContent = stateWords(current);
    progress.hidden = isOver(current);
    progress.setAttribute("aria-label", t("item.progress", { name }));
    if (current.state === "processing") progress.removeAttribute("value");
    else progress.value = current.progress;
    reason.hidden = current.state !== "failed";
    reason.textContent = current.state === "failed" ? current.error.detail : "";
    field.hidden = copyButton.hidden = current.state !== "done";
    field.setAttribute("aria-label", t("item.link", { name }));
    if (link && field.value !== link) field.value = link;
    if (!("copied" in copyButton.dataset)) copyWords.textContent = t("copy");
    copyButton.setAttribute("aria-label", t("copy.label", { name }));
    retry.hidden = current.state !== "failed" && current.state !== "cancelled";
    retryWords.textContent = t("item.retry");
    retry.setAttribute("aria-label", t("item.retry.label", { name }));
    leave.setAttribute("aria-label", t(isOver(current) ? "item.dismiss" : "item.cancel", { name }));
    if (current.image) picture.done(current.image);
  }

  return { node, update, field, release: picture.release };
}

const isOver = (item) => ["done", "failed", "cancelled"].includes(item.state);

function stateWords(item) {
  if (item.state === "queued" && !navigator.onLine) return t("item.paused");
  if (item.resumeAt !== null) return t("item.waiting", { seconds: Math.max(1, Math.ceil((item.resumeAt - Date.now()) / 1000)) });
  if (item.state === "uploading") return t("item.uploading", { percent: percent(item.progress) });
  return t(`item.${item.state}`);
}

/** A look at the file before it is sent; formats a browser cannot show get an icon. */
function preview(item) {
  let address = URL.createObjectURL(item.file);
  const release = () => {
    if (address) URL.revokeObjectURL(address);
    address = null;
  };
  const image = el("img", { src: address, alt: "", width: "56", height: "56", decoding: "async", loading: "lazy" });
  const node = el("div", { class: "upload-preview" }, image);
  image.addEventListener("error", () => image.replaceWith(icon("picture")));
  let asked = false;
  const done = (stored) => {
    if (asked) return;
    asked = true;
    const small = el("img", { alt: "", width: "56", height: "56" });
    small.addEventListener("load", () => {
      node.replaceChildren(small);
      release();
    });
    small.src = `/thumbs/160/${stored.filename}`;
  };
  return { node, done, release };
}
