/** Words in the reader's language: flat catalogues, `{name}` placeholders, plurals by `Intl`. */

import { catalogue } from "./api.js";
import { findAll } from "./dom.js";
import { remember } from "./store.js";

export const LANGUAGES = { en: "English", ru: "Русский" };

let words = {};
const listeners = new Set();

export const language = () => document.documentElement.lang;

/** Loads the catalogue of the page's language and translates the page. */
export async function start() {
  words = await catalogue(language());
  translate(document);
  delete document.documentElement.dataset.translating;
}

/** Changes the language at once, without a reload: uploads go on. */
export async function setLanguage(code) {
  const loaded = await catalogue(code);
  remember("language", code);
  document.documentElement.lang = code;
  words = loaded;
  translate(document);
  for (const listener of listeners) listener();
}

export const onLanguage = (listener) => listeners.add(listener);

/** The text of `key`. With `count` among the values, the key's plural form of that number. */
export function t(key, values = {}) {
  const text = "count" in values ? plural(key, values.count) : words[key];
  if (text === undefined) {
    console.error(`missing text: ${key} (${language()})`);
    return key;
  }
  return text.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : values[name]));
}

export const number = (value) => new Intl.NumberFormat(language()).format(value);

function plural(key, count) {
  return words[`${key}.${new Intl.PluralRules(language()).select(count)}`] ?? words[`${key}.other`] ?? words[key];
}

/** `data-i18n` is the element's text, `data-i18n-<attribute>` an attribute's. */
export function translate(root) {
  for (const node of findAll("[data-i18n]", root)) node.textContent = t(node.dataset.i18n);
  for (const attribute of ["alt", "aria-label", "placeholder", "title", "content"]) {
    for (const node of findAll(`[data-i18n-${attribute}]`, root)) {
      node.setAttribute(attribute, t(node.getAttribute(`data-i18n-${attribute}`)));
    }
  }
}
