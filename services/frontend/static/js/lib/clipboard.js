/** Copying, also on plain http, where browsers offer no clipboard API. */

/** Whether the text is on the clipboard now; if not, the caller shows it selected. */
export async function copy(text) {
  if (window.isSecureContext && navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Permission denied or no focus: the older way may still work.
    }
  }
  return copyBySelection(text);
}

function copyBySelection(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "visually-hidden";
  // Inside what holds the focus, because everything outside it cannot be selected.
  (document.querySelector("dialog[open], .pswp") ?? document.body).append(field);
  field.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    copied = false;
  }
  field.remove();
  before?.focus?.({ preventScroll: true });
  return copied;
}
