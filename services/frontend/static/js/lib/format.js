/** Numbers and times as people read them. */

import { language, t } from "./i18n.js";

const UNITS = ["kilobyte", "megabyte", "gigabyte"];
const STEP = 1024; // as file managers count, and as the server states its limit

export function bytes(size) {
  let value = size / STEP;
  let unit = 0;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  const maximumFractionDigits = value < 10 && (unit > 0 || value < 1) ? 1 : 0;
  const options = { style: "unit", unit: UNITS[unit], unitDisplay: "short", maximumFractionDigits };
  return new Intl.NumberFormat(language(), options).format(value);
}

export const percent = (fraction) => new Intl.NumberFormat(language(), { style: "percent" }).format(fraction);

export function exactTime(iso) {
  return new Intl.DateTimeFormat(language(), { dateStyle: "long", timeStyle: "medium" }).format(new Date(iso));
}

const SPANS = [
  ["minute", 60, 3600],
  ["hour", 3600, 86_400],
  ["day", 86_400, 7 * 86_400],
];

/** "5 minutes ago" within the last week, the date before that. */
export function relativeTime(iso, now = Date.now()) {
  const age = (now - new Date(iso).getTime()) / 1000;
  if (age < 60) return t("time.now");
  const words = new Intl.RelativeTimeFormat(language(), { numeric: "auto", style: "short" });
  for (const [unit, seconds, until] of SPANS) if (age < until) return words.format(-Math.floor(age / seconds), unit);
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium" }).format(new Date(iso));
}

export const list = (items) => new Intl.ListFormat(language(), { type: "conjunction", style: "narrow" }).format(items);
