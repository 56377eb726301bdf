/**
 * The queue of uploads: three at a time, patient with a server or a network that is away.
 * Knows no page. Dispatches `change` (detail: the item), `finish` (detail: the items of the
 * batch) when nothing is left to send.
 *
 * States: queued → uploading → processing → done; failed, cancelled.
 */

import { ApiError } from "./api.js";

const CONCURRENCY = 3; // leaves three of a browser's six connections to the page
const MAX_ATTEMPTS = 6; // with the waits below about half a minute: a restart of the server
const FIRST_WAIT = 800; // ms
const LONGEST_WAIT = 15_000; // ms; nobody watches a row longer than that
const isPassing = (status) => [0, 408, 429].includes(status) || status >= 500; // 0: no answer at all

let lastId = 0;

export class UploadQueue extends EventTarget {
  #send;
  #check;
  #online;
  #random;
  #items = [];
  #batch = new Set();

  /**
   * `send(file, {signal, onProgress})` resolves to an image object or rejects with an
   * ApiError; `check(file)` gives a reason not to send, or null.
   */
  constructor({ send, check = () => null, online = () => navigator.onLine, random = Math.random }) {
    super();
    this.#send = send;
    this.#check = check;
    this.#online = online;
    this.#random = random;
  }

  get items() {
    return [...this.#items];
  }

  /** Something would be lost if the page went away now. */
  get busy() {
    return this.#items.some((item) => ["queued", "uploading", "processing"].includes(item.state));
  }

  add(files, context = {}) {
    const added = [...files].map((file) => newItem(file, context));
    for (const item of added) {
      this.#items.push(item);
      this.#batch.add(item);
      const reason = this.#check(item.file);
      if (reason) this.#update(item, { state: "failed", error: reason });
      else this.#update(item, {});
    }
    this.pump();
    this.#settle();
    return added;
  }

  /** Tries again at once; the browser's own check is skipped, so that the server decides. */
  retry(item) {
    if (item.state !== "failed" && item.state !== "cancelled") return;
    this.#batch.add(item);
    this.#update(item, { state: "queued", error: null, attempts: 0, progress: 0, resumeAt: null });
    this.pump();
  }

  cancel(item) {
    if (!["queued", "uploading", "processing"].includes(item.state)) return;
    clearTimeout(item.timer);
    this.#update(item, { state: "cancelled", resumeAt: null });
    item.controller?.abort();
    this.#settle();
    this.pump();
  }

  dismiss(item) {
    this.cancel(item);
    this.#items = this.#items.filter((other) => other !== item);
    this.#batch.delete(item);
  }

  /** Starts what may start. Call it when the network comes back. */
  pump() {
    if (!this.#online()) return;
    for (const item of this.#items) {
      if (this.#active() >= CONCURRENCY) return;
      if (item.state === "queued" && item.resumeAt === null) this.#start(item);
    }
  }

  #active() {
    return this.#items.filter((item) => item.controller !== null).length;
  }

  async #start(item) {
    item.controller = new AbortController();
    this.#update(item, { state: "uploading", progress: 0 });
    const onProgress = (progress) => {
      if (item.state === "cancelled") return;
      this.#update(item, { progress, state: progress < 1 ? "uploading" : "processing" });
    };
    try {
      const image = await this.#send(item.file, { ...item.context, signal: item.controller.signal, onProgress });
      item.controller = null;
      this.#update(item, { state: "done", progress: 1, image, error: null });
    } catch (error) {
      item.controller = null;
      this.#fail(item, error);
    }
    this.pump();
    this.#settle();
  }

  #fail(item, error) {
    if (item.state === "cancelled") return;
    if (!(error instanceof ApiError)) {
      this.#update(item, { state: "failed", error: { code: "unknown", detail: "" } });
      return;
    }
    if (error.status === 0 && !this.#online()) {
      this.#update(item, { state: "queued", progress: 0 }); // the network's fault is no attempt of the file's
      return;
    }
    const attempts = item.attempts + 1;
    if (!isPassing(error.status) || attempts >= MAX_ATTEMPTS) {
      this.#update(item, { state: "failed", attempts, error: { code: error.code, detail: error.message, status: error.status } });
      return;
    }
    const wait = this.#wait(attempts, error.retryAfter);
    item.timer = setTimeout(() => {
      this.#update(item, { resumeAt: null });
      this.pump();
    }, wait);
    this.#update(item, { state: "queued", attempts, progress: 0, resumeAt: Date.now() + wait });
  }

  /** Never earlier than the server asks, never all at the same moment. */
  #wait(attempts, retryAfter) {
    const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempts - 1));
    const jitter = ceiling * (0.5 + this.#random() / 2);
    return retryAfter === null ? jitter : retryAfter * 1000 + this.#random() * FIRST_WAIT;
  }

  #update(item, patch) {
    Object.assign(item, patch);
    this.dispatchEvent(new CustomEvent("change", { detail: item }));
  }

  #settle() {
    if (this.busy || this.#batch.size === 0) return;
    const batch = [...this.#batch];
    this.#batch.clear();
    this.dispatchEvent(new CustomEvent("finish", { detail: batch }));
  }
}

function newItem(file, context) {
  lastId += 1;
  return {
    id: lastId,
    file,
    context,
    state: "queued",
    progress: 0,
    attempts: 0,
    resumeAt: null,
    error: null,
    image: null,
    controller: null,
    timer: null,
  };
}
