/** The forms a picture's link is given in. Pure. */

export const LINK_FORMATS = ["direct", "markdown", "html", "bbcode"];

/** The picture's full address, as this visitor reaches the server. */
export function directLink(image, { publicUrl = null, here = location.origin } = {}) {
  return new URL(image.url, publicUrl ?? here).href;
}

export function formatLink(image, format, where) {
  const url = directLink(image, where);
  const name = image.original_name;
  if (format === "markdown") return `![${name.replace(/[\\[\]]/g, "\\$&")}](${url})`;
  if (format === "html") return `<img src="${url}" alt="${escape(name)}" width="${image.width}" height="${image.height}">`;
  if (format === "bbcode") return `[img]${url}[/img]`;
  return url;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
}
