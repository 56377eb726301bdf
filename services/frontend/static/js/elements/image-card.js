/** A picture in the gallery: as a card, or as a row of the table. */

import { el } from "../lib/dom.js";
import { bytes, exactTime, relativeTime } from "../lib/format.js";
import { t } from "../lib/i18n.js";
import { icon } from "../lib/icons.js";
import { directLink } from "../lib/links.js";
import { CARD_SIZES, sourceSet } from "../lib/thumbnails.js";

const TRANSPARENT = new Set(["png", "gif", "webp", "avif", "tiff"]);
const FRAME = 4 / 3;
const ICON_WIDTH = 96; // px; below it a picture is drawn for its pixels

/** How the picture meets its 4:3 frame: filling it, whole inside it, or as an icon. */
export function fitting({ width, height }) {
  if (width <= ICON_WIDTH && height <= ICON_WIDTH) return "icon";
  const stretch = width / height / FRAME;
  return stretch > 1.7 || stretch < 0.42 || width < 240 ? "whole" : "fill";
}

export function imageCard(image, { eager, href }) {
  return el(
    "li",
    { class: "card", "data-key": image.filename },
    el("a", { class: "card-picture", href, "data-action": "open", "data-fit": fitting(image), style: { "--color": image.color } }, picture(image, eager)),
    el("p", { class: "card-name", title: image.original_name, dir: "auto" }, image.original_name),
    el("p", { class: "card-meta" }, el("span", {}, bytes(image.size)), time(image)),
    el("div", { class: "card-actions" }, copyButton(image), downloadLink(image), deleteButton(image)),
  );
}

export function imageRow(image, { eager, href }) {
  const cell = (name, ...children) => el("td", { class: `cell-${name}`, role: "cell" }, ...children);
  const url = directLink(image);
  return el(
    "tr",
    { class: "row", role: "row", "data-key": image.filename },
    cell(
      "preview",
      el(
        "a",
        { class: "row-picture", href, "data-action": "open", "data-fit": fitting(image), style: { "--color": image.color } },
        picture(image, eager, "56px"),
      ),
    ),
    cell("name", el("span", { class: "row-name", title: image.original_name, dir: "auto" }, image.original_name)),
    cell("size", bytes(image.size)),
    cell("date", time(image)),
    cell("link", el("a", { href: image.url }, url), copyButton(image)),
    cell("actions", deleteButton(image)),
  );
}

/** Brings the words that age or depend on the language up to date. */
export function refreshTimes(root) {
  for (const node of root.querySelectorAll("time")) node.textContent = relativeTime(node.dateTime);
}

function picture(image, eager, sizes = CARD_SIZES) {
  const node = el("img", {
    alt: image.original_name,
    width: image.width,
    height: image.height,
    decoding: "async",
    loading: eager ? "eager" : "lazy",
    sizes,
    srcset: sourceSet(image),
    src: image.thumbnail_url,
  });
  node.addEventListener("load", () => {
    node.dataset.loaded = "";
    if (TRANSPARENT.has(image.file_type)) node.dataset.transparent = "";
  });
  return node;
}

function time(image) {
  return el("time", { datetime: image.upload_time, title: exactTime(image.upload_time) }, relativeTime(image.upload_time));
}

function button(action, image, label, name) {
  return el("button", { class: "icon-button", type: "button", "data-action": action, "aria-label": label, title: label }, icon(name));
}

const copyButton = (image) => button("copy", image, t("copy.label", { name: image.original_name }), "copy");
const deleteButton = (image) => button("delete", image, t("card.delete", { name: image.original_name }), "trash");

function downloadLink(image) {
  const label = t("card.download", { name: image.original_name });
  return el("a", { class: "icon-button", href: `${image.url}?download=1`, download: image.original_name, "aria-label": label, title: label }, icon("download"));
}
