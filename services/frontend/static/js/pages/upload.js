/** The upload tab: files in, a queue, links out. */

import { announce, offerCopy, toast } from "../elements/toast.js";
import { uploadRow } from "../elements/upload-list.js";
import { limits, upload } from "../lib/api.js";
import { copy } from "../lib/clipboard.js";
import { el, find } from "../lib/dom.js";
import { bytes, list } from "../lib/format.js";
import { onLanguage, t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { formatLink, LINK_FORMATS, startLinksWith } from "../lib/links.js";
import { recall, remember } from "../lib/store.js";
import { UploadQueue } from "../lib/upload-queue.js";

const COPIED = 1800; // ms the button says so
const ASK_AGAIN = 3000; // ms; the server checks every file anyway

/** `collection()` is where new files go; `onStored(image)` runs for each success. Returns
 * `{show(collection), add(files)}`. */
export function mountUpload({ collection, onStored, goToUpload }) {
  const form = find("#upload-form");
  const input = find("#file-input");
  const section = find("#queue");
  const rows = new Map();
  let accepted = null;
  let linkFormat = LINK_FORMATS.includes(recall("format")) ? recall("format") : "direct";

  const queue = new UploadQueue({ send: upload, check: (file) => refusal(file, accepted) });
  const heading = el("h2", { id: "queue-title", class: "queue-title" });
  const formats = el("fieldset", { class: "choice queue-formats" });
  const copyAllWords = el("span", {});
  const copyAll = el("button", { class: "button", type: "button", id: "copy-all" }, icon("copy"), copyAllWords);
  const clear = el("button", { class: "button button-quiet", type: "button", id: "clear-queue" });
  const offline = el("p", { class: "notice", id: "offline", hidden: true });
  const items = el("ul", { class: "uploads" });
  section.append(
    el("div", { class: "queue-head" }, heading, el("div", { class: "queue-actions" }, formats, copyAll, clear)),
    offline,
    items,
  );

  const link = (item) => (item.image ? formatLink(item.image, linkFormat) : "");
  const stored = () => queue.items.filter((item) => item.state === "done");

  function add(files) {
    goToUpload();
    const added = queue.add(files, { collection: collection() });
    announce(t("live.started", { count: added.length }));
    section.hidden = false;
    document.documentElement.dataset.queue = "";
  }

  function update(item) {
    if (!rows.has(item)) {
      rows.set(item, uploadRow(item, { cancel: (i) => queue.cancel(i), retry: (i) => queue.retry(i), dismiss, copy: copyOne }));
      items.append(rows.get(item).node);
    }
    if (item.state === "failed") item.error.detail ||= reasonWords(item);
    rows.get(item).update(item, link(item));
    head();
  }

  function head() {
    const all = queue.items;
    const done = stored().length;
    const failed = all.filter((item) => item.state === "failed").length;
    const words = queue.busy || done === 0 ? t("queue.progress", { done, count: all.length }) : t("queue.allDone", { count: done });
    heading.textContent = failed ? `${words} · ${t("queue.failed", { count: failed })}` : words;
    copyAll.hidden = done < 2;
    formats.hidden = done === 0;
    clear.hidden = queue.busy;
    offline.hidden = navigator.onLine || !queue.busy;
    section.hidden = all.length === 0;
    document.documentElement.toggleAttribute("data-queue", all.length > 0);
  }

  function dismiss(item) {
    const row = rows.get(item);
    const next = row.node.nextElementSibling ?? row.node.previousElementSibling;
    queue.dismiss(item);
    row.release();
    row.node.remove();
    rows.delete(item);
    head();
    (next?.querySelector(".upload-leave") ?? input).focus();
  }

  async function copyOne(item, field, button) {
    if (await copy(link(item))) flash(button);
    else {
      field.focus();
      field.select();
      toast(t("copy.manual"));
    }
  }

  function flash(button) {
    const words = button.querySelector("span");
    button.dataset.copied = "";
    words.textContent = t("copy.done");
    announce(t("copy.done"));
    setTimeout(() => {
      delete button.dataset.copied;
      words.textContent = button === copyAll ? t("queue.copyAll") : t("copy");
    }, COPIED);
  }

  function writeWords() {
    const choices = LINK_FORMATS.map((format) => {
      const radio = el("input", { class: "visually-hidden", type: "radio", name: "format", value: format, checked: format === linkFormat });
      radio.addEventListener("change", () => {
        linkFormat = format;
        remember("format", format);
        for (const [item, row] of rows) row.update(item, link(item));
      });
      return el("label", {}, radio, t(`format.${format}`));
    });
    formats.replaceChildren(el("legend", { class: "visually-hidden" }, t("format.label")), ...choices);
    copyAllWords.textContent = t("queue.copyAll");
    clear.textContent = t("queue.clear");
    offline.textContent = t("queue.offline");
    for (const [item, row] of rows) row.update(item, link(item));
    showLimits();
    head();
  }

  function showLimits() {
    if (!accepted) return;
    const names = accepted.formats.map((format) => format.name);
    find("#limits").textContent = t("upload.limits", { formats: list(names), size: bytes(accepted.max_file_size) });
    input.accept = [...accepted.formats.map((format) => format.content_type), ".jpg", ".jpeg", ".tif"].join(",");
  }

  function show(name) {
    const title = find("#upload-title");
    title.textContent = name ? t("upload.heading.collection", { name }) : t("upload.heading");
    // The tab says "Upload" already; only a collection's name is worth a line.
    title.classList.toggle("visually-hidden", !name);
  }

  async function learnLimits() {
    try {
      accepted = await limits();
      startLinksWith(accepted.public_url);
      showLimits();
    } catch {
      setTimeout(learnLimits, ASK_AGAIN);
    }
  }

  queue.addEventListener("change", ({ detail: item }) => {
    update(item);
    if (item.state === "done") onStored(item.image);
    if (item.state === "failed") announce(t("live.failed", { name: item.file.name, reason: item.error.detail }));
  });
  queue.addEventListener("finish", ({ detail: batch }) => {
    const done = batch.filter((item) => item.state === "done");
    if (done.length > 0) announce(t("live.done", { count: done.length }));
    head();
    if (batch.length === 1 && done.length === 1) offerLink(done[0]);
  });
  function offerLink(item) {
    const elsewhere = document.activeElement?.matches("input:not([type=file]), textarea, select");
    if (elsewhere || find("#upload-view").hidden || document.querySelector("dialog[open], .pswp")) return;
    const { field } = rows.get(item);
    field.focus();
    field.select();
  }

  copyAll.addEventListener("click", async () => {
    const links = stored().map(link);
    if (await copy(links.join("\n"))) {
      flash(copyAll);
      announce(t("copy.all", { count: links.length }));
    } else offerCopy(links.join("\n"));
  });
  clear.addEventListener("click", () => {
    for (const item of queue.items) {
      queue.dismiss(item);
      rows.get(item).release();
      rows.get(item).node.remove();
      rows.delete(item);
    }
    head();
    input.focus();
  });
  const takeChosen = () => {
    const files = [...input.files];
    input.value = ""; // the same file may be chosen again
    if (files.length > 0) add(files);
  };
  input.addEventListener("change", takeChosen);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const event of ["online", "offline"]) {
    window.addEventListener(event, () => {
      for (const [item, row] of rows) row.update(item, link(item));
      head();
      queue.pump();
    });
  }
  window.addEventListener("beforeunload", (event) => {
    if (queue.busy) event.preventDefault();
  });
  onLanguage(() => {
    writeWords();
    show(collection());
  });
  writeWords();
  learnLimits();
  takeChosen(); // what was chosen while this script was still on its way
  return { show, add };
}

/** Why the browser would not even send this file, or null. The server's word stands above it. */
function refusal(file, accepted) {
  const name = file.name;
  if (file.size === 0) return { code: "empty", detail: t("error.empty", { name }) };
  if (!accepted) return null;
  if (file.size > accepted.max_file_size) {
    const detail = t("error.too_large", { name, size: bytes(file.size), limit: bytes(accepted.max_file_size) });
    return { code: "file_too_large", detail };
  }
  const types = accepted.formats.map((format) => format.content_type);
  if (file.type && !types.includes(file.type)) {
    return { code: "unsupported_format", detail: t("error.type", { name, formats: list(accepted.formats.map((format) => format.name)) }) };
  }
  return null;
}

function reasonWords({ error }) {
  if (error.code === "network") return t("error.network");
  return t("error.server", { status: String(error.status ?? 0) });
}
