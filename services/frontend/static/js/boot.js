// Runs before the first paint, as a classic script: theme and language must be right at
// once, or the page flashes. Everything else waits for the modules.
(() => {
  "use strict";
  const root = document.documentElement;
  const read = (key) => {
    try {
      return localStorage.getItem(`shoebox.${key}`);
    } catch {
      return null; // storage is blocked: the defaults are fine
    }
  };
  const theme = read("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;

  const languages = ["en", "ru"];
  const wanted = [read("language"), ...navigator.languages].map((tag) => (tag || "").slice(0, 2).toLowerCase());
  const language = wanted.find((tag) => languages.includes(tag)) || "en";
  // The pages are written in English; others stay hidden until their catalogue is in.
  if (language !== "en") root.dataset.translating = "";
  root.lang = language;

  const preload = document.createElement("link");
  preload.rel = "preload";
  preload.as = "fetch";
  preload.crossOrigin = "anonymous";
  preload.href = `/static/i18n/${language}.json`;
  document.head.append(preload);
  if (language === "ru") {
    const font = document.createElement("link");
    font.rel = "preload";
    font.as = "font";
    font.type = "font/woff2";
    font.crossOrigin = "anonymous";
    font.href = "/static/vendor/onest/onest-cyrillic-wght-normal.woff2";
    document.head.append(font);
  }
})();
