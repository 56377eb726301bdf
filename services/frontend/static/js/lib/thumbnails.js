/** Which of the server's thumbnails a picture is shown with. */

const WIDTHS = [160, 320, 640, 1280]; // what the server makes

// Very dense phones get the picture of a dense one: on a card nobody sees the difference, and it
// is a quarter of the bytes.
export const CARD_SIZES =
  "(max-width: 44rem) and (min-resolution: 2.5x) 26vw, (max-width: 44rem) 46vw, (max-width: 64rem) 30vw, 18rem";

/** Candidates up to the picture's own width; a thumbnail is never larger than that. */
export function thumbnails(image) {
  const enough = WIDTHS.findIndex((width) => width >= image.width);
  const widths = enough === -1 ? WIDTHS : WIDTHS.slice(0, enough + 1);
  return widths.map((width) => ({ url: `/thumbs/${width}/${image.filename}`, width: Math.min(width, image.width) }));
}

/** The candidates in the form `srcset` has. */
export const sourceSet = (image) => thumbnails(image).map(({ url, width }) => `${url} ${width}w`).join(", ");

/** Starts to fetch what a card will show. */
export function preloadPicture(image) {
  const link = document.createElement("link");
  Object.assign(link, { rel: "preload", as: "image", imageSrcset: sourceSet(image), imageSizes: CARD_SIZES });
  document.head.append(link);
}
