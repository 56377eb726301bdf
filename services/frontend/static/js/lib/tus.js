/**
 * Large files, sent so that what has arrived stays: tus 1.0.0 as far as an upload page needs it.
 * A file that is sent again, by the queue or by a person, goes on where it was broken off.
 */

import { ask, transmit } from "./api.js";

const SPOKEN = { "Tus-Resumable": "1.0.0" };
const MAX_TURNS = 4; // of one attempt: another connection of ours may still be dying
const GONE = [404, 410];
const OVERTAKEN = 409;

const places = new WeakMap(); // file -> where the server takes it

/** Resolves to an image object or rejects with an ApiError. */
export async function uploadInPieces(file, { collection, signal, onProgress }) {
  for (let turn = 1; ; turn += 1) {
    try {
      const place = await placeOf(file, collection, signal);
      return await goOn(place, file, { signal, onProgress });
    } catch (error) {
      if (signal.aborted) giveUp(file);
      if (GONE.includes(error.status)) places.delete(file);
      if (turn === MAX_TURNS || ![...GONE, OVERTAKEN].includes(error.status)) throw error;
    }
  }
}

async function placeOf(file, collection, signal) {
  if (!places.has(file)) {
    const headers = { ...SPOKEN, "Upload-Length": String(file.size), "Upload-Metadata": metadata({ filename: file.name, collection }) };
    const answer = await ask("/api/tus/", { method: "POST", headers, signal });
    places.set(file, answer.headers.get("Location"));
  }
  return places.get(file);
}

async function goOn(place, file, { signal, onProgress }) {
  const state = await ask(place, { method: "HEAD", headers: SPOKEN, cache: "no-store", signal });
  const stored = state.headers.get("Upload-Image") ?? (await sendRest(place, file, Number(state.headers.get("Upload-Offset")), { signal, onProgress }));
  return (await ask(stored, { signal })).json();
}

async function sendRest(place, file, offset, { signal, onProgress }) {
  const rest = file.slice(offset);
  const headers = { ...SPOKEN, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
  const answer = await transmit("PATCH", place, {
    headers,
    body: rest,
    signal,
    onProgress: (part) => onProgress((offset + part * rest.size) / file.size),
  });
  return answer.getResponseHeader("Upload-Image");
}

/** Nobody waits for this: what is not given up expires. */
function giveUp(file) {
  const place = places.get(file);
  places.delete(file);
  if (place) ask(place, { method: "DELETE", headers: SPOKEN }).catch(() => {});
}

function metadata(words) {
  return Object.entries(words)
    .filter(([, text]) => text)
    .map(([name, text]) => `${name} ${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}`)
    .join(",");
}
