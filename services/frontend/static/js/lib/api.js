/** The server, in this application's words. The only place that sends requests. */

/** An answer that is not a success. `status` 0 means that there was no answer at all. */
export class ApiError extends Error {
  constructor({ status, code, detail, retryAfter = null }) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter; // seconds, or null
  }
}

const LOST = 500; // ms before a small file that got lost on the way is asked for again

/** The catalogue of one language. Without it a page has no words, so a lost one is asked for again. */
export async function catalogue(language, attempts = 3) {
  try {
    return await (await ask(`/static/i18n/${language}.json`)).json();
  } catch (error) {
    if (attempts === 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, LOST));
    return catalogue(language, attempts - 1);
  }
}

let limitsAnswer = null;

/** What the server accepts; asked once. */
export function limits() {
  limitsAnswer ??= ask("/api/limits").then((answer) => answer.json());
  limitsAnswer.catch(() => {
    limitsAnswer = null;
  });
  return limitsAnswer;
}

const MAX_PAGES_KEPT = 40;
const pages = new Map(); // address -> {etag, page}: Back shows a known page at once

let ahead = null; // {url, answer}: the first page, asked for before the gallery's script is there

/** Asks for a page that `listPage` will be asked for soon. */
export function askAhead(query) {
  const answer = listPage(query);
  ahead = { url: address(query), answer };
  return answer;
}

/** The last answer to this query, or null. */
export const knownPage = (query) => pages.get(address(query))?.page ?? null;

/**
 * A page object. An unchanged one costs a 304 and comes back as the very same object, so a
 * caller tells "nothing new" by identity.
 */
export async function listPage(query, signal) {
  const url = address(query);
  if (ahead?.url === url) {
    const { answer } = ahead;
    ahead = null;
    return answer;
  }
  const known = pages.get(url);
  const answer = await ask(url, { signal, headers: known?.etag ? { "If-None-Match": known.etag } : {}, cache: "no-store" });
  if (answer.status === 304) return known.page;
  const page = await answer.json();
  pages.delete(url);
  pages.set(url, { etag: answer.headers.get("ETag"), page });
  if (pages.size > MAX_PAGES_KEPT) pages.delete(pages.keys().next().value);
  return page;
}

export async function getImage(key, signal) {
  return (await ask(`/api/images/${encodeURIComponent(key)}`, { signal })).json();
}

/** Deletes for good. A picture that is gone already counts as deleted. */
export async function removeImage(key) {
  try {
    await ask(`/api/images/${encodeURIComponent(key)}`, { method: "DELETE" });
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}

const WHOLE = 8 * 1024 * 1024; // bytes; a larger file is sent so that a broken line does not begin it anew

/** Sends one file. `onProgress(fraction)` runs while its bytes leave, with 1 when all have. */
export async function upload(file, options) {
  if (file.size <= WHOLE) return uploadWhole(file, options);
  const { uploadInPieces } = await import("./tus.js").catch((error) => {
    throw unanswered(error);
  });
  return uploadInPieces(file, options);
}

async function uploadWhole(file, { collection, signal, onProgress }) {
  const form = new FormData();
  if (collection) form.append("collection", collection);
  form.append("file", file, file.name);
  const headers = { Accept: "application/json" };
  const answer = await transmit("POST", "/api/upload/", { headers, body: form, signal, onProgress });
  return JSON.parse(answer.responseText);
}

/** XMLHttpRequest, because fetch cannot tell how far an upload is. */
export function transmit(method, url, { headers, body, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open(method, url);
    request.responseType = "text";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.upload.onload = () => onProgress(1);
    request.onload = () => {
      if (request.status === 201 || request.status === 204) resolve(request);
      else reject(problem(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => reject(unanswered());
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", stop);
    signal.addEventListener("abort", stop);
    request.send(body);
  });
}

function address(query) {
  return `/api/images/?${new URLSearchParams(query)}`;
}

/** The answer of any request, if it is a success or a 304. */
export async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unanswered(error);
  }
  if (answer.ok || answer.status === 304) return answer;
  throw problem(answer.status, await answer.text(), answer.headers.get("Retry-After"));
}

function unanswered(cause) {
  return Object.assign(new ApiError({ status: 0, code: "network", detail: "" }), { cause });
}

function problem(status, text, retryAfter) {
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy on the way answered in HTML; the status has to do.
  }
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  return new ApiError({
    status,
    code: body.code ?? "unknown",
    detail: body.detail ?? "",
    retryAfter: Number.isFinite(seconds) ? seconds : null,
  });
}
