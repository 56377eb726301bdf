/** The reader's language and theme, at the foot of every page. */

import { el } from "../lib/dom.js";
import { LANGUAGES, language, onLanguage, setLanguage, t } from "../lib/i18n.js";
import { recall, remember } from "../lib/store.js";

const THEMES = ["system", "light", "dark"];

export function mountPrefs(root) {
  const render = () => root.replaceChildren(languages(), themes());
  onLanguage(render);
  render();
}

function languages() {
  const options = Object.entries(LANGUAGES).map(([code, name]) =>
    el("option", { value: code, lang: code, selected: code === language() }, name),
  );
  const select = el("select", { "aria-label": t("prefs.language"), id: "language" }, options);
  select.addEventListener("change", async () => {
    await setLanguage(select.value);
    document.getElementById("language")?.focus();
  });
  return el("div", { class: "select" }, select);
}

function themes() {
  const stored = recall("theme") ?? "system";
  const choice = el("fieldset", { class: "choice", id: "theme" }, el("legend", { class: "visually-hidden" }, t("prefs.theme")));
  for (const theme of THEMES) {
    const radio = el("input", { class: "visually-hidden", type: "radio", name: "theme", value: theme, checked: theme === stored });
    radio.addEventListener("change", () => apply(theme));
    choice.append(el("label", {}, radio, t(`prefs.theme.${theme}`)));
  }
  return choice;
}

function apply(theme) {
  remember("theme", theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
