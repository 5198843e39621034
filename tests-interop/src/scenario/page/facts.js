// What a page of a plan says of itself.
const texts = (selector) => [...document.querySelectorAll(selector)].map((found) => found.textContent.trim());
return {
  title: document.title,
  headings: [...document.querySelectorAll("h2")].map((heading) => heading.id),
  decisions: texts("#decisions ~ .scroll tbody tr:first-child > *"),
  matrix: texts("table.matrix tbody tr:first-child > *"),
  mirrors: texts("table.matrix thead th"),
  links: [...document.querySelectorAll("a")].map((link) => link.getAttribute("href")),
  active: document.querySelectorAll("img, script, iframe, object, form").length,
  text: document.body.textContent,
  paper: getComputedStyle(document.body).backgroundColor,
  wide: document.documentElement.scrollWidth,
  window: innerWidth,
};
