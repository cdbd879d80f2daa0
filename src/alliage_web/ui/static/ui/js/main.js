/* Small behaviours of every page. Without them each element still works. */

// Menus close when one clicks elsewhere or presses Escape.
const MENUS = "details.popover[open], details.site-menu[open]";

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(MENUS)) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(MENUS)) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// The summary of the errors takes the focus, so that it is read first.
document.querySelector("[data-focus]")?.focus();

// A link to the data of a figure opens them.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.querySelector("summary").focus();
  }
}
window.addEventListener("hashchange", openTarget);
if (location.hash) openTarget();

// On a phone the facets start folded: the results come first. A facet that a person opened or
// closed stays so when the counts are refreshed.
const folds = new Map();
const key = (fold) => fold.dataset.facet ?? "";
const facets = ".facets__fold, .facet";

function restore() {
  for (const fold of document.querySelectorAll(facets)) {
    if (folds.has(key(fold))) fold.open = folds.get(key(fold));
  }
}

if (window.matchMedia("(max-width: 59.99rem)").matches) folds.set("", false);
restore();
document.addEventListener("htmx:afterSettle", restore);
document.addEventListener("click", (event) => {
  const fold = event.target.closest?.("summary")?.parentElement;
  if (fold?.matches(facets)) folds.set(key(fold), !fold.open);
});

// A form sent twice would be recorded once, but the person should see that it is on its way.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post" || event.defaultPrevented) return;
  const button = event.submitter;
  if (button) setTimeout(() => { button.disabled = true; }, 0);
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("form[method=post] button[disabled]")) {
    button.disabled = false;
  }
});
