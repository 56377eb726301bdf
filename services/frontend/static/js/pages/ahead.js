/** Asks for the first pictures while the rest of the gallery's script is still on its way. */

import { askAhead } from "../lib/api.js";
import { parse, readPreferences, toQuery } from "../lib/state.js";
import { recall } from "../lib/store.js";
import { preloadPicture } from "../lib/thumbnails.js";

const FIRST = 2; // pictures that are surely in sight, on a phone too

askAhead(toQuery(parse(location.search, readPreferences(recall("gallery"))))).then(
  (page) => page.images.slice(0, FIRST).forEach(preloadPicture),
  () => {}, // the gallery asks the same and says what is wrong
);
