// A classic script right behind the hero's box: it picks one of the five before the first
// paint, so that nothing flashes and only one picture is fetched.
(() => {
  "use strict";
  const HEROES = 5;
  const frame = document.getElementById("hero");
  const number = 1 + Math.floor(Math.random() * HEROES);
  const image = document.createElement("img");
  image.id = "hero-image";
  image.width = 640;
  image.height = 640;
  image.dataset.i18nAlt = `welcome.hero.${number}`;
  image.alt = "";
  image.fetchPriority = "high";
  image.src = `/static/random_images/hero-${number}.svg`;
  frame.dataset.hero = String(number);
  frame.append(image);
})();
