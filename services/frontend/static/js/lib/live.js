/** Calls `look` every few seconds while somebody can see the page, and at once on return. */

const INTERVAL = 4000; // ms; an unchanged list costs the server a 304

export function watch(look) {
  let timer = null;
  const tick = async () => {
    clearTimeout(timer);
    if (document.hidden || !navigator.onLine) return;
    await look();
    clearTimeout(timer);
    timer = setTimeout(tick, INTERVAL);
  };
  document.addEventListener("visibilitychange", tick);
  window.addEventListener("online", tick);
  timer = setTimeout(tick, INTERVAL);
}
