/** Files from outside: dropped anywhere on the window, or pasted. */

import { el, find } from "../lib/dom.js";

/**
 * Calls `onFiles(files)` for a drop anywhere. Counts enter and leave, because every element
 * under the pointer sends its own pair.
 */
export function watchDrops({ title, onFiles }) {
  const words = el("p", {});
  const box = find(".box").cloneNode(true);
  const frame = el("div", { class: "drop-overlay-frame" }, box, words);
  const overlay = el("div", { class: "drop-overlay", "aria-hidden": "true", hidden: true }, frame);
  document.body.append(overlay);
  let depth = 0;
  const show = (on) => {
    if (on) words.textContent = title();
    overlay.hidden = !on;
    document.documentElement.toggleAttribute("data-dragging", on);
  };
  window.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth += 1;
    show(true);
  });
  window.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  window.addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(false);
  });
  window.addEventListener("drop", async (event) => {
    depth = 0;
    show(false);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const files = await dropped(event.dataTransfer);
    if (files.length > 0) onFiles(files);
  });
}

/** Calls `onFiles(files)` for pictures pasted anywhere but in a text field. */
export function watchPaste(onFiles) {
  document.addEventListener("paste", (event) => {
    if (event.target.closest?.("input:not([type=file], [type=radio]), textarea, [contenteditable]")) return;
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    onFiles(files.map((file) => (isNameless(file) ? renamed(file) : file)));
  });
}

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

// What browsers call a bitmap that has no file behind it.
const isNameless = (file) => !file.name || file.name === "image.png";

function renamed(file) {
  const now = new Date();
  const two = (n) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return new File([file], `pasted-${day}-${time}.png`, { type: file.type, lastModified: now.getTime() });
}

/** The files of a drop; a folder stands for the files in it, at any depth. */
async function dropped(transfer) {
  // Both lists must be read before the first await: the browser empties them after the event.
  const plain = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return plain;
  return (await Promise.all(entries.map(walk))).flat();
}

async function walk(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    found.push(...(await Promise.all(some.map(walk))).flat());
  }
}
