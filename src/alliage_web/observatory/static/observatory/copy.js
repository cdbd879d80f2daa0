/* A button that copies the text of a field; without it, the text is selected by hand. */

function reveal() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(field.value);
  const told = button.parentElement.querySelector("[role=status]");
  if (told) told.textContent = button.dataset.done;
});

reveal();
document.addEventListener("htmx:load", reveal);
