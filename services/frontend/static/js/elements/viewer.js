/** Full-screen viewing: PhotoSwipe, fed with pages as they are needed. Loaded when first used. */

import { copy } from "../lib/clipboard.js";
import { el, find } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { directLink } from "../lib/links.js";
import { thumbnails } from "../lib/thumbnails.js";
import { offerCopy, toast } from "./toast.js";

const NEAR = 2; // pictures before a page's border at which the next page is fetched
// Thumbnails show the first frame only, so what may move is shown as it is.
const MAY_MOVE = new Set(["gif", "webp"]);
const NOT_FOR_BROWSERS = new Set(["tiff"]);

/**
 * Opens at `page.images[index]`. `load(number)` gives another page, `thumbnail(key)` the
 * element a picture grows out of, `onTurn(number, image)` runs for each picture shown,
 * `onClose(image)` at the end. Resolves to `{close}`.
 */
export async function openViewer({ page, index, load, thumbnail, onTurn, onClose }) {
  const [{ default: PhotoSwipe }] = await Promise.all([import("../../vendor/photoswipe/photoswipe.esm.min.js"), stylesheets()]);
  const source = pictureSource(page, load);
  const pswp = new PhotoSwipe({
    index: source.start + index,
    loop: false,
    counter: false,
    bgOpacity: 1,
    showHideAnimationType: matchMedia("(prefers-reduced-motion: reduce)").matches ? "none" : "zoom",
    returnFocus: false,
    closeTitle: t("viewer.close"),
    zoomTitle: t("viewer.zoom"),
    arrowPrevTitle: t("viewer.previous"),
    arrowNextTitle: t("viewer.next"),
    closeSVG: drawn('<path d="M9 9l14 14M23 9L9 23"/>'),
    zoomSVG: drawn('<circle cx="14.5" cy="14.5" r="7.5"/><path d="M20 20l5.5 5.5M11 14.5h7"/><path class="pswp__zoom-icn-bar-v" d="M14.5 11v7"/>'),
    errorMsg: t("viewer.error"),
    padding: { top: 64, bottom: 24, left: 0, right: 0 },
    preload: [1, 2],
  });
  const shown = () => source.at(pswp.currIndex);

  pswp.addFilter("numItems", () => source.total);
  pswp.addFilter("itemData", (data, at) => slide(source.at(at), thumbnail));
  pswp.addFilter("thumbEl", (node, data) => (data.key ? (thumbnail(data.key) ?? node) : node));
  pswp.on("uiRegister", () => dress(pswp, source, shown));
  pswp.on("change", async () => {
    for (const at of [pswp.currIndex, pswp.currIndex - NEAR, pswp.currIndex + NEAR]) {
      if (at < 0 || at >= source.total || source.at(at)) continue;
      const range = await source.more(at);
      for (const known of range) pswp.refreshSlideContent(known);
    }
    if (shown()) onTurn(source.pageOf(pswp.currIndex), shown());
  });
  const opened = new Promise((resolve) => pswp.on("openingAnimationEnd", resolve));
  const onKey = (event) => press(event, pswp, source, shown, opened);
  document.addEventListener("keydown", onKey, { capture: true });
  let last = null;
  pswp.on("close", () => {
    last = shown() ?? page.images[index];
  });
  const closed = new Promise((resolve) => pswp.on("destroy", resolve));
  const free = holdStill();
  closed.then(() => {
    document.removeEventListener("keydown", onKey, { capture: true });
    free();
    onClose(last ?? page.images[index]);
  });
  pswp.init();
  pswp.element.focus({ preventScroll: true });
  pswp.element.setAttribute("aria-label", t("viewer.label"));
  pswp.element.setAttribute("aria-modal", "true");
  // PhotoSwipe does not hear what comes while it opens.
  return { close: () => opened.then(() => pswp.close()) };
}

/** An icon with the lines of the other ones, in the form PhotoSwipe wants. */
const drawn = (lines) => `<svg aria-hidden="true" class="pswp__icn viewer-icon" viewBox="0 0 32 32" width="32" height="32">${lines}</svg>`;

/** Makes the page behind the viewer unreachable; returns the way back. */
function holdStill() {
  const behind = [...document.body.children].filter((node) => !node.matches(".pswp, .toasts, #live, script"));
  for (const node of behind) node.inert = true;
  return () => {
    for (const node of behind) node.inert = false;
  };
}

/** The whole selection as one row of pictures, of which the visited pages are known. */
function pictureSource(first, load) {
  const size = first.per_page;
  const known = new Map();
  const learn = (page) => {
    const start = (page.page - 1) * size;
    page.images.forEach((image, i) => known.set(start + i, image));
    return page.images.map((_, i) => start + i);
  };
  learn(first);
  return {
    start: (first.page - 1) * size,
    total: first.total_items,
    at: (index) => known.get(index) ?? null,
    pageOf: (index) => Math.floor(index / size) + 1,
    more: async (index) => {
      try {
        return learn(await load(Math.floor(index / size) + 1));
      } catch {
        return []; // the slide stays empty; turning to it again asks again
      }
    },
  };
}

function slide(image, thumbnail) {
  if (!image) return { html: "" };
  const original = { url: image.url, width: image.width };
  const small = thumbnails(image);
  const whole = MAY_MOVE.has(image.file_type) || image.width <= small.at(-1).width;
  const candidates = NOT_FOR_BROWSERS.has(image.file_type) ? small : [...small, original];
  const common = {
    key: image.filename,
    width: image.width,
    height: image.height,
    alt: image.original_name,
    msrc: thumbnail(image.filename)?.currentSrc || image.thumbnail_url,
    thumbCropped: thumbnail(image.filename)?.parentElement.dataset.fit === "fill",
  };
  if (whole && !NOT_FOR_BROWSERS.has(image.file_type)) return { ...common, src: original.url };
  // PhotoSwipe keeps `sizes` at the shown width, so zooming in is what loads the original.
  return { ...common, src: candidates.at(-1).url, srcset: candidates.map(({ url, width }) => `${url} ${width}w`).join(", ") };
}

function dress(pswp, source, shown) {
  pswp.ui.registerElement({
    name: "count",
    order: 5,
    appendTo: "bar",
    html: "",
    onInit: (node) => {
      const name = el("span", { class: "viewer-name", dir: "auto" });
      const count = el("span", { class: "viewer-count" });
      node.append(count, name);
      pswp.on("change", () => {
        count.textContent = source.total > 1 ? t("viewer.count", { index: pswp.currIndex + 1, total: source.total }) : "";
        name.textContent = shown()?.original_name ?? "";
      });
    },
  });
  pswp.ui.registerElement({
    name: "download",
    order: 8,
    isButton: true,
    tagName: "a",
    title: t("viewer.download"),
    ariaLabel: t("viewer.download"),
    html: { isCustomSVG: true, inner: '<path d="M16 7v13m-5.5-5.5L16 20l5.5-5.5M8 25h16" id="pswp__icn-download"/>', outlineID: "pswp__icn-download" },
    onInit: (node) => {
      node.setAttribute("download", "");
      pswp.on("change", () => {
        if (shown()) node.href = `${shown().url}?download=1`;
      });
    },
  });
  pswp.ui.registerElement({
    name: "copy",
    order: 9,
    isButton: true,
    title: t("viewer.copy"),
    ariaLabel: t("viewer.copy"),
    html: { isCustomSVG: true, inner: '<path d="M13 13h12v12H13zM19 13V7H7v12h6" id="pswp__icn-copy"/>', outlineID: "pswp__icn-copy" },
    onClick: () => copyShown(shown()),
  });
}

function press(event, pswp, source, shown, opened) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const ours = {
    Home: () => pswp.goTo(0),
    End: () => pswp.goTo(source.total - 1),
    c: () => copyShown(shown()),
    d: () => find(".pswp__button--download", pswp.element)?.click(),
  };
  // PhotoSwipe listens to these once it is open; a quick finger does not wait for that.
  const early = { Escape: () => pswp.close(), ArrowRight: () => pswp.next(), ArrowLeft: () => pswp.prev() };
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = ours[name] ?? (pswp.opener.isOpen ? null : early[name]);
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  opened.then(action);
}

async function copyShown(image) {
  if (!image) return;
  const link = directLink(image);
  if (await copy(link)) toast(t("copy.done"));
  else offerCopy(link);
}

let styles = null;

function stylesheets() {
  styles ??= Promise.all(
    ["/static/vendor/photoswipe/photoswipe.css", "/static/css/viewer.css"].map(
      (href) =>
        new Promise((resolve) => {
          document.head.append(el("link", { rel: "stylesheet", href, on: { load: resolve, error: resolve } }));
        }),
    ),
  );
  return styles;
}
