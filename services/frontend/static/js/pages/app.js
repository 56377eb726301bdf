/** The two tabs, "Upload" and "Images": which one is shown, its address, its title. */

import { watchDrops, watchPaste } from "../elements/drop-overlay.js";
import { mountPrefs } from "../elements/prefs.js";
import { find, findAll } from "../lib/dom.js";
import { onLanguage, start, t } from "../lib/i18n.js";
import { watch } from "../lib/live.js";

const views = { upload: find("#upload-view"), images: find("#images-view") };
const galleries = new Map(); // collection or "" -> Gallery
let Gallery = null;
let uploads = null;
let shown = null;

// What the address shows comes first; the other tab's script follows when that is on screen.
await Promise.all([start(), fetchScripts(place())]);
history.scrollRestoration = "manual";
watchDrops({ title: overlayTitle, onFiles: takeFiles });
watchPaste(takeFiles);
mountPrefs(find("#prefs"));
window.addEventListener("popstate", () => show({ back: true }));
window.addEventListener("pagehide", keepScroll);
document.addEventListener("click", followLink);
onLanguage(() => {
  setTitle();
  for (const gallery of galleries.values()) gallery.rewrite();
});
await show();
watch(async () => current()?.refresh());
// A script that cannot be had now is asked for again when its tab is opened.
await Promise.allSettled([prepare({ view: "images" }), prepare({ view: "upload" })]);

function fetchScripts({ view, collection }) {
  const gallery = view === "images" || collection ? import("./gallery.js") : null;
  const upload = view === "upload" ? import("./upload.js") : null;
  return Promise.all([gallery, upload]);
}

async function prepare(there) {
  const [gallery, upload] = await fetchScripts(there);
  if (gallery) ({ Gallery } = gallery);
  if (upload) uploads ??= upload.mountUpload({ collection: () => place().collection, onStored: () => current()?.refresh(), goToUpload });
}

/** Files that came from outside, wherever the visitor is. */
async function takeFiles(files) {
  await prepare({ view: "upload" });
  uploads.add(files);
}

function overlayTitle() {
  const { collection } = place();
  return collection ? t("upload.overlay.collection", { name: collection }) : t("upload.overlay");
}

/** What the address means. Everything that is not a tab is a collection's upload page. */
function place() {
  const path = location.pathname.replace(/\/$/, "");
  if (path === "/images") return { view: "images", collection: null, path: "/images/" };
  if (["/upload", "/upload.html"].includes(path)) return { view: "upload", collection: null, path: "/upload/" };
  return { view: "upload", collection: decodeURIComponent(path.slice(1)), path };
}

function current() {
  const { view, collection } = place();
  if (view === "upload" && !collection) return null;
  return galleries.get(collection ?? "") ?? null;
}

async function show({ back = false } = {}) {
  const { view, collection, path } = place();
  await prepare({ view, collection });
  const turn = () => {
    for (const [name, section] of Object.entries(views)) section.hidden = name !== view;
    for (const tab of findAll("[data-tab]")) {
      if (tab.dataset.tab === view) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    if (view === "upload") find("[data-tab=upload]").href = path;
    setTitle();
    uploads?.show(collection);
    find("#collection").hidden = !collection;
    const gallery = galleryOf(collection, view, path);
    gallery?.show({ scroll: back ? (history.state?.scroll ?? 0) : null });
    if (back && !gallery) window.scrollTo(0, history.state?.scroll ?? 0);
  };
  const turning = shown !== null && shown !== view;
  shown = view;
  if (turning && document.startViewTransition && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    document.startViewTransition(turn);
  } else turn();
}

function galleryOf(collection, view, path) {
  if (view === "upload" && !collection) return null;
  const name = collection ?? "";
  if (!galleries.has(name)) {
    const root = collection ? find("#collection") : find("#gallery");
    galleries.set(name, new Gallery({ root, path, collection, navigate, goToUpload }));
  }
  const gallery = galleries.get(name);
  gallery.attach();
  return gallery;
}

function setTitle() {
  const { view, collection } = place();
  document.title = collection ? `${collection} · Shoebox` : t(`${view}.title`);
}

/** Goes to an address of these pages without loading it. */
function navigate(url, { replace = false, state = {} } = {}) {
  keepScroll();
  history[replace ? "replaceState" : "pushState"](state, "", url);
  show();
}

function goToUpload() {
  if (place().view !== "upload") {
    navigate(find("[data-tab=upload]").href);
    window.scrollTo(0, 0);
  }
}

function followLink(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button !== 0 || link.hasAttribute("download") || link.target) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  const mine = ["/upload/", "/images/", place().path].includes(url.pathname);
  if (url.origin !== location.origin || !mine || url.hash || url.searchParams.get("view") === "plain") return;
  event.preventDefault();
  const samePage = url.pathname === location.pathname && url.search === location.search;
  const paging = link.closest(".pager") !== null;
  navigate(url.href, { replace: samePage });
  if (!paging) window.scrollTo(0, 0);
}

function keepScroll() {
  history.replaceState({ ...history.state, scroll: window.scrollY }, "");
}
