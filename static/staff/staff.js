"use strict";

// An open entry, a selection or an open dialog would be lost by a refresh.
function inboxMayRefresh() {
  const reading = document.querySelector("#inbox details[open]") || String(document.getSelection());
  return !document.hidden && !reading;
}

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    const said = copy.querySelector("[data-said]");
    said.textContent = "Copied";
    setTimeout(() => { said.textContent = "Copy"; }, 1500);
  }
  const close = event.target.closest("#modal-content [data-close-dialog]");
  if (close) {
    event.preventDefault();
    Alpine.$data(document.documentElement).openModal = false;
  }
});
