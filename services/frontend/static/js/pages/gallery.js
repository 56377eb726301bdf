/** The gallery: one page of pictures, its controls, and the address that holds its state. */

import { confirmDelete } from "../elements/confirm-delete.js";
import { imageCard, imageRow, refreshTimes } from "../elements/image-card.js";
import { emptyState, skeletons } from "../elements/states.js";
import { pager } from "../elements/pager.js";
import { announce, offerCopy, toast } from "../elements/toast.js";
import { toolbar } from "../elements/toolbar.js";
import { getImage, knownPage, listPage, removeImage } from "../lib/api.js";
import { copy } from "../lib/clipboard.js";
import { el, reconcile } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { directLink } from "../lib/links.js";
import { change, format, parse, preferences, readPreferences, toQuery } from "../lib/state.js";
import { recall, remember } from "../lib/store.js";

const PATIENCE = 120; // ms before skeletons replace the page that is being left
const COPIED = 1800; // ms the button says so

export class Gallery {
  #root;
  #path;
  #collection;
  #navigate;
  #goToUpload;
  #toolbar;
  #results = el("div", { class: "results", tabindex: "-1" });
  #pages = el("div", { class: "pages" });
  #state = null;
  #page = null; // the page object that is on screen
  #nodes = new Map(); // key -> card or row
  #nodesFor = ""; // view and language the nodes were made for
  #removed = new Set(); // keys that are being deleted
  #request = null;
  #viewer = null;

  constructor({ root, path, collection, navigate, goToUpload }) {
    this.#root = root;
    this.#path = path;
    this.#collection = collection;
    this.#navigate = navigate;
    this.#goToUpload = goToUpload;
    this.#toolbar = toolbar((patch, how) => this.#change(patch, how));
    this.#results.addEventListener("click", (event) => this.#act(event));
  }

  /** Puts the gallery into its place, which other collections may have used meanwhile. */
  attach() {
    if (this.#toolbar.node.parentElement === this.#root) return;
    const title = this.#collection ? el("h2", { class: "collection-title", id: "collection-title", "data-i18n": "images.collection" }, t("images.collection")) : null;
    this.#root.replaceChildren(...[title, this.#toolbar.node, this.#results, this.#pages].filter(Boolean));
  }

  /** Shows what the address says. `scroll` is where to go once it is there; null: stay. */
  async show({ scroll = null } = {}) {
    const state = parse(location.search, readPreferences(recall("gallery")));
    const turned = this.#state !== null && this.#state.page !== state.page;
    this.#state = state;
    this.#toolbar.update(state, this.#page?.total_items ?? null);
    if (this.#viewer && !state.image) {
      this.#viewer.close();
      return;
    }
    // Until the list is there its links must not lead back to what was chosen before.
    if (this.#page) this.#renderPager(this.#page);
    const known = knownPage(this.#query());
    if (known) this.#render(known);
    await this.#load({ quiet: known !== null });
    if (scroll !== null) window.scrollTo(0, scroll);
    else if (turned) this.#arrive();
    if (state.image && !this.#viewer) await this.#openLinked(state.image);
  }

  /** Looks for changes; costs a 304 when there are none. */
  async refresh() {
    if (!this.#state || this.#viewer || this.#root.closest("[hidden]")) return;
    await this.#load({ quiet: true });
    refreshTimes(this.#results);
  }

  /** Says everything again, in another language. */
  rewrite() {
    if (!this.#state) return;
    this.#toolbar.update(this.#state, this.#page?.total_items ?? null);
    if (this.#page) this.#render(this.#page);
  }

  #query(page = this.#state.page) {
    return toQuery({ ...this.#state, page }, this.#collection);
  }

  #href(patch) {
    return this.#path + format(change(this.#state, patch));
  }

  #change(patch, { typing = false } = {}) {
    const next = change(this.#state, patch);
    if (format(next) === format(this.#state)) return;
    remember("gallery", JSON.stringify(preferences(next)));
    // One entry in the history for a whole search, not one a letter.
    const replace = typing && this.#state.q !== "" && patch.q !== "";
    this.#navigate(this.#path + format(next), { replace });
  }

  async #load({ quiet }) {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    const waiting = quiet ? null : setTimeout(() => this.#showSkeletons(), this.#page ? PATIENCE : 0);
    try {
      const page = await listPage(this.#query(), request.signal);
      if (request.signal.aborted) return;
      if (page.images.length === 0 && page.total_pages > 0) {
        this.#navigate(this.#href({ page: page.total_pages }), { replace: true });
        return;
      }
      this.#render(page);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!quiet || !this.#page) this.#showAway(error);
    } finally {
      clearTimeout(waiting);
    }
  }

  #render(page) {
    const { view } = this.#state;
    const dressed = `${view} ${document.documentElement.lang}`;
    if (this.#page === page && this.#nodesFor === dressed && this.#removed.size === 0 && !this.#results.dataset.state) return;
    this.#page = page;
    this.#toolbar.update(this.#state, page.total_items);
    delete this.#results.dataset.state;
    this.#results.removeAttribute("aria-busy");
    const images = page.images.filter((image) => !this.#removed.has(image.filename));
    if (images.length === 0) this.#showEmpty();
    else this.#showImages(images, view, dressed);
    this.#renderPager(page);
  }

  #showImages(images, view, dressed) {
    let container = this.#results.querySelector(view === "table" ? "tbody" : ".cards");
    if (!container || this.#nodesFor !== dressed) {
      this.#nodes.clear();
      const holder = view === "table" ? table() : el("ul", { class: "cards", "aria-label": t("images.list") });
      this.#results.replaceChildren(holder);
      container = view === "table" ? holder.querySelector("tbody") : holder;
    }
    this.#nodesFor = dressed;
    const columns = view === "table" ? 6 : getComputedStyle(container).gridTemplateColumns.split(" ").length;
    const make = view === "table" ? imageRow : imageCard;
    const nodes = images.map((image, index) => {
      const href = this.#path + format({ ...this.#state, image: image.filename });
      return this.#nodes.get(image.filename) ?? make(image, { eager: index < columns, href });
    });
    this.#nodes = new Map(images.map((image, index) => [image.filename, nodes[index]]));
    reconcile(container, nodes);
  }

  #renderPager(page) {
    const inside = this.#pages.contains(document.activeElement);
    const nav = pager({ page: this.#state.page, pages: page.total_pages, href: (number) => this.#href({ page: number }) });
    this.#pages.replaceChildren(...(nav ? [nav] : []));
    if (inside) this.#results.focus({ preventScroll: true });
  }

  /** After turning a page: at its top, and said aloud. */
  #arrive() {
    const top = this.#toolbar.node.getBoundingClientRect().top + window.scrollY - 80;
    if (window.scrollY > top) window.scrollTo(0, Math.max(0, top));
    announce(t("pager.moved", { page: this.#state.page, pages: this.#page?.total_pages ?? 1 }));
  }

  #showSkeletons() {
    this.#nodes.clear();
    this.#nodesFor = "";
    this.#results.dataset.state = "loading";
    this.#results.setAttribute("aria-busy", "true");
    this.#results.replaceChildren(skeletons(this.#state.view, this.#state.perPage));
  }

  #showEmpty() {
    const { q } = this.#state;
    this.#nodes.clear();
    this.#nodesFor = "";
    this.#results.dataset.state = q ? "no-match" : "empty";
    this.#results.replaceChildren(
      q
        ? emptyState({ kind: "search", title: t("images.noMatch", { q }), text: t("images.noMatch.text"), button: t("images.noMatch.button"), onClick: () => this.#clearSearch() })
        : this.#collection
          ? emptyState({ kind: "box", title: t("images.empty.collection"), text: t("images.empty.collection.text") })
          : emptyState({ kind: "box", title: t("images.empty"), text: t("images.empty.text"), button: t("images.empty.button"), onClick: this.#goToUpload }),
    );
  }

  #clearSearch() {
    this.#toolbar.clear();
    this.#change({ q: "" });
  }

  #showAway(error) {
    this.#page = null;
    this.#nodes.clear();
    this.#nodesFor = "";
    this.#results.dataset.state = "away";
    this.#results.removeAttribute("aria-busy");
    this.#pages.replaceChildren();
    this.#results.replaceChildren(
      emptyState({ kind: "away", title: t("images.away"), text: error.message || t("images.away.text"), button: t("images.away.button"), onClick: () => this.#load({ quiet: false }) }),
    );
    announce(t("images.away"));
  }

  #act(event) {
    const target = event.target.closest("[data-action]");
    const key = target?.closest("[data-key]")?.dataset.key;
    const image = this.#page?.images.find((candidate) => candidate.filename === key);
    if (!image) return;
    const { action } = target.dataset;
    if (action === "copy") this.#copy(image, target);
    if (action === "delete") this.#delete(image);
    if (action === "open" && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)) {
      event.preventDefault();
      this.#open(image);
    }
  }

  async #copy(image, button) {
    const link = directLink(image);
    if (!(await copy(link))) {
      offerCopy(link);
      return;
    }
    button.dataset.copied = "";
    toast(t("copy.done"));
    setTimeout(() => delete button.dataset.copied, COPIED);
  }

  async #delete(image) {
    if (!(await confirmDelete(image))) return;
    const key = image.filename;
    const node = this.#nodes.get(key);
    const neighbour = node?.nextElementSibling ?? node?.previousElementSibling;
    this.#removed.add(key);
    this.#render(this.#page);
    (neighbour?.querySelector("[data-action=open]") ?? this.#results).focus();
    try {
      await removeImage(key);
      toast(t("delete.done", { name: image.original_name }));
      await this.refresh();
    } catch (error) {
      this.#removed.delete(key);
      this.#render({ ...this.#page });
      toast(t("delete.failed", { name: image.original_name, reason: error.message || t("error.away") }), { error: true });
      this.#nodes.get(key)?.querySelector("[data-action=delete]")?.focus();
    }
    this.#removed.delete(key);
  }

  // The viewer ------------------------------------------------------------------------------

  async #open(image) {
    history.replaceState({ ...history.state, scroll: window.scrollY }, "");
    history.pushState({ viewer: true }, "", this.#path + format({ ...this.#state, image: image.filename }));
    this.#state = { ...this.#state, image: image.filename };
    await this.#view(this.#page, image);
  }

  /** A link straight to a picture: Back must close it, so the page below gets its own entry. */
  async #openLinked(key) {
    const page = this.#page;
    let image = page?.images.find((candidate) => candidate.filename === key);
    let alone = false;
    if (!image) {
      try {
        image = await getImage(key);
        alone = true;
      } catch {
        toast(t("viewer.gone"), { error: true });
        this.#state = { ...this.#state, image: null };
        history.replaceState(history.state, "", this.#path + format(this.#state));
        return;
      }
    }
    if (!history.state?.viewer) {
      history.replaceState(history.state, "", this.#path + format({ ...this.#state, image: null }));
      history.pushState({ viewer: true }, "", this.#path + format(this.#state));
    }
    await this.#view(alone ? { ...page, images: [image], total_items: 1, page: 1, per_page: 1, alone: true } : page, image);
  }

  async #view(page, image) {
    const { openViewer } = await import("../elements/viewer.js");
    this.#viewer = await openViewer({
      page,
      index: page.images.indexOf(image),
      load: (number) => listPage(this.#query(number)),
      thumbnail: (key) => this.#nodes.get(key)?.querySelector("img"),
      onTurn: (number, shown) => {
        this.#state = { ...this.#state, ...(page.alone ? {} : { page: number }), image: shown.filename };
        history.replaceState(history.state, "", this.#path + format(this.#state));
      },
      onClose: (shown) => this.#closed(shown),
    });
  }

  /** Whichever way it was closed: the address loses the picture, the thumbnail gets the focus. */
  async #closed(shown) {
    this.#viewer = null;
    const { page } = this.#state;
    if (history.state?.viewer) {
      await new Promise((resolve) => {
        window.addEventListener("popstate", resolve, { once: true });
        history.back();
      });
    }
    this.#state = { ...this.#state, page, image: null };
    history.replaceState(history.state, "", this.#path + format(this.#state));
    await this.#load({ quiet: true });
    this.#nodes.get(shown.filename)?.querySelector("[data-action=open]")?.focus();
  }
}

function table() {
  const titles = ["preview", "name", "size", "date", "link", "actions"];
  const head = titles.map((name) => el("th", { scope: "col", role: "columnheader", class: `cell-${name}` }, t(`table.${name}`)));
  return el(
    "table",
    { class: "table", role: "table", "aria-label": t("images.list") },
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, head)),
    el("tbody", { role: "rowgroup" }),
  );
}
