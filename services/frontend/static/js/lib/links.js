/** The forms a picture's link is given in. */

export const LINK_FORMATS = ["direct", "markdown", "html", "bbcode"];

let base = location.origin;

/** What links begin with: the address the operator named, or null. */
export function startLinksWith(publicUrl) {
  base = publicUrl ?? location.origin;
}

/**
 * The picture's full address: at the operator's address, else as this visitor reaches the server.
 * Behind a proxy that the server was not told of, the server's own idea of it would be wrong.
 */
export const directLink = (image) => new URL(image.url, base).href;

export function formatLink(image, format) {
  const url = directLink(image);
  const name = image.original_name;
  if (format === "markdown") return `![${name.replace(/[\\[\]]/g, "\\$&")}](${url})`;
  if (format === "html") return `<img src="${url}" alt="${escape(name)}" width="${image.width}" height="${image.height}">`;
  if (format === "bbcode") return `[img]${url}[/img]`;
  return url;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
}
