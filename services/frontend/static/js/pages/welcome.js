import { mountPrefs } from "../elements/prefs.js";
import { find } from "../lib/dom.js";
import { start } from "../lib/i18n.js";

await start();
mountPrefs(find("#prefs"));
