/** The gallery's state and its two forms: an address people see, a query the server reads. Pure. */

export const PAGE_SIZES = [4, 8, 12, 24, 48];
export const SORTS = ["sort_age", "sort_size", "sort_name"];
export const VIEWS = ["cards", "table"];

export const DEFAULTS = Object.freeze({
  page: 1,
  perPage: 8,
  sort: "sort_age",
  direction: "desc",
  view: "cards",
  q: "",
  image: null,
});

/** What an address says; what it leaves out comes from `remembered`, then the defaults. */
export function parse(search, remembered = {}) {
  const said = new URLSearchParams(search);
  const oneOf = (name, allowed, fallback) => (allowed.includes(said.get(name)) ? said.get(name) : fallback);
  const base = { ...DEFAULTS, ...remembered };
  const perPage = whole(said.get("per_page"));
  return {
    page: whole(said.get("page")) ?? 1,
    perPage: perPage !== null && perPage <= 100 ? perPage : base.perPage,
    sort: oneOf("sort_param", SORTS, base.sort),
    direction: oneOf("sort_value", ["asc", "desc"], base.direction),
    view: oneOf("view", VIEWS, base.view),
    q: said.get("q") ?? "",
    image: said.get("image"),
  };
}

/** The address's query of a state, complete, so that a shared link shows the same page. */
export function format(state) {
  const query = new URLSearchParams({
    page: state.page,
    per_page: state.perPage,
    sort_param: state.sort,
    sort_value: state.direction,
    view: state.view,
  });
  if (state.q) query.set("q", state.q);
  if (state.image) query.set("image", state.image);
  return `?${query}`;
}

/** The parameters `GET /api/images/` is asked with, always in one order: one page, one address. */
export function toQuery(state, collection) {
  const query = { page: state.page, per_page: state.perPage, sort_param: state.sort, sort_value: state.direction };
  if (collection) query.collection = collection;
  if (state.q) query.q = state.q;
  return query;
}

/** A changed state. Anything that reorders or narrows the list starts again at page 1. */
export function change(state, patch) {
  const reordered = ["perPage", "sort", "direction", "q"].some((key) => key in patch && patch[key] !== state[key]);
  return { ...state, ...(reordered ? { page: 1 } : {}), image: null, ...patch };
}

/** What is worth remembering for the next visit. */
export const preferences = ({ perPage, sort, direction, view }) => ({ perPage, sort, direction, view });

/** Remembered preferences from their stored form; anything odd is dropped. */
export function readPreferences(text) {
  let stored;
  try {
    stored = JSON.parse(text ?? "{}");
  } catch {
    return {};
  }
  const kept = {};
  if (PAGE_SIZES.includes(stored?.perPage)) kept.perPage = stored.perPage;
  if (SORTS.includes(stored?.sort)) kept.sort = stored.sort;
  if (["asc", "desc"].includes(stored?.direction)) kept.direction = stored.direction;
  if (VIEWS.includes(stored?.view)) kept.view = stored.view;
  return kept;
}

/** The numbers a pager shows: ends, neighbours, and null for each gap. */
export function pagerNumbers(page, total) {
  const wanted = new Set([1, 2, page - 1, page, page + 1, total - 1, total].filter((n) => n >= 1 && n <= total));
  if (page <= 4) for (let n = 1; n <= Math.min(5, total); n += 1) wanted.add(n);
  if (page >= total - 3) for (let n = Math.max(1, total - 4); n <= total; n += 1) wanted.add(n);
  if (page > 4) wanted.delete(2);
  if (page < total - 3) wanted.delete(total - 1);
  const numbers = [];
  for (const n of [...wanted].sort((a, b) => a - b)) {
    const last = numbers.at(-1);
    if (last && n === last + 2) numbers.push(n - 1);
    else if (last && n > last + 2) numbers.push(null);
    numbers.push(n);
  }
  return numbers;
}

function whole(text) {
  return /^[1-9]\d{0,8}$/.test(text ?? "") ? Number(text) : null;
}
