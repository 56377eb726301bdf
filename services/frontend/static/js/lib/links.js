/** The forms a picture's link is given in. */

export const LINK_FORMATS = ["direct", "markdown", "html", "bbcode"];

/**
 * The picture's full address, as this visitor reaches the server: behind a proxy that the server
 * was not told of, the server's own idea of it would be wrong.
 */
export const directLink = (image) => new URL(image.url, location.origin).href;

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
