"use strict";

// Alpine runs no code that stands in attributes, since the content policy forbids it. What unfold's pages call is
// named here, and the state of the page that unfold writes in an attribute is kept.
document.addEventListener("alpine:init", () => {
  for (const part of [theme, searchForm, searchDropdown, searchCommand]) Alpine.data(part.name, part);
  Alpine.data("staffPage", () => ({
    // The address, for a form that keeps the tab in it.
    window: { location: { pathname: location.pathname, search: location.search } },
    activeTab: getCurrentTab() ?? document.body.dataset.firstTab ?? "",
    sidebarMobileOpen: false,
    sidebarDesktopOpen: localStorage.getItem("sidebarDesktopOpen") !== "0",
    init() {
      this.$watch("sidebarDesktopOpen", (open) => localStorage.setItem("sidebarDesktopOpen", open ? "1" : "0"));
    },
  }));
});

// A refresh behind an open dialog would remove the button that the focus returns to.
function pageMayRefresh() {
  return !document.hidden && !Alpine.$data(document.documentElement).openModal && !String(document.getSelection());
}

// When what is fetched every few seconds may be, by its `data-refresh`.
const MAY_REFRESH = {
  seen: () => !document.hidden,
  page: pageMayRefresh,
  // A refresh would close an open entry.
  inbox: () => pageMayRefresh() && !document.querySelector("#inbox details[open]"),
  // Nobody waits for newer lines of a feed that is out of sight.
  feed(poll) {
    const { top, bottom } = poll.closest("#feed").getBoundingClientRect();
    return pageMayRefresh() && top < window.innerHeight && bottom > 0;
  },
};

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, requestConfig } = event.detail;
  const mayRefresh = MAY_REFRESH[elt.dataset.refresh];
  if (mayRefresh && !requestConfig.triggeringEvent && !mayRefresh(elt)) event.preventDefault();
});

// Browsers offer the clipboard only to pages on https or localhost; elsewhere we copy a selection.
function copySelected(text, opener) {
  const field = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  opener.focus();
  return done;
}

async function copyFrom(button) {
  const text = button.dataset.copy;
  const said = button.querySelector("[data-said]");
  const icon = button.querySelector(".material-symbols-outlined");
  const before = said.textContent;
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  const copied = done || copySelected(text, button);
  [said.textContent, icon.textContent] = copied ? ["Copied", "check"] : ["Not copied", "error"];
  setTimeout(() => { [said.textContent, icon.textContent] = [before, "content_copy"]; }, 1500);
}

document.addEventListener("click", (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) copyFrom(copy);
  const close = event.target.closest("#modal-content [data-close-dialog]");
  if (close) {
    event.preventDefault();
    Alpine.$data(document.documentElement).openModal = false;
  }
});

// unfold's modal leaves the focus on the page behind it.
const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea";
let opener = null;

document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (target.id !== "modal-content") return;
  opener = detail.requestConfig.elt;
  target.setAttribute("role", "dialog");
  target.setAttribute("aria-modal", "true");
  target.setAttribute("aria-label", target.querySelector("h2").textContent);
  setTimeout(() => target.querySelector(FOCUSABLE).focus());
});

document.addEventListener("keydown", (event) => {
  const dialog = event.key === "Tab" && event.target.closest("#modal-content");
  if (!dialog) return;
  const stops = [...dialog.querySelectorAll(FOCUSABLE)];
  const [edge, other] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  if (event.target !== edge) return;
  event.preventDefault();
  other.focus();
});

document.addEventListener("alpine:initialized", () => {
  Alpine.effect(() => {
    if (Alpine.$data(document.documentElement).openModal || !opener) return;
    opener.focus();
    opener = null;
  });
  // After an act the page is loaded anew. Its message stays in sight while the focus goes on from where it was.
  const address = sessionStorage.getItem(ACTED);
  sessionStorage.removeItem(ACTED);
  if (!address) return;
  const again = [...document.querySelectorAll("#main a")].find((link) => link.getAttribute("href") === address);
  setTimeout(() => (again ?? document.querySelector("[data-message]"))?.focus({ preventScroll: true }));
});

const ACTED = "opener-of-act";
document.addEventListener("submit", ({ target }) => {
  if (opener && target.closest("#modal-content")) sessionStorage.setItem(ACTED, opener.getAttribute("href"));
});

// A search still under way knows nothing of the product chosen meanwhile, and would take the choice back.
document.addEventListener("change", ({ target }) => {
  if (target.matches("#products [type=radio]")) htmx.trigger("[hx-target='#products']", "htmx:abort");
});

// A dialog that may not be opened any more, or whose row is gone: the page says why.
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (detail.target.id === "modal-content") location.assign(detail.requestConfig.elt.href);
});

// The find box answers to one key, except where people type.
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
  if (Alpine.$data(document.documentElement).openModal) return;
  event.preventDefault();
  document.getElementById("find")?.select();
  document.getElementById("find")?.focus();
});

// select2 hides the field and shows another.
function focusField(field) {
  const shown = field.nextElementSibling?.querySelector(".select2-selection") ?? field;
  shown.scrollIntoView({ block: "center" });
  shown.focus({ preventScroll: true });
}

// A refused form begins at its first error. Fields of select2 are there after this event.
window.addEventListener("load", () => setTimeout(() => {
  const field = document.querySelector('#main [aria-invalid="true"]:not([type="hidden"])');
  const note = document.querySelector("#main :is([data-errors], form .errornote)");
  if (field) focusField(field);
  else if (note) {
    note.tabIndex = -1;
    note.focus();
  }
}));

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-errors] a");
  const found = link && document.getElementById(link.hash.slice(1));
  if (!found) return;
  event.preventDefault();
  focusField(found.matches("input, select, textarea") ? found : found.querySelector("input") ?? found);
});

// unfold's pages have no landmark besides the navigation.
document.addEventListener("DOMContentLoaded", () => document.getElementById("main")?.setAttribute("role", "main"));

// select2 names its fields by their values, which are empty at first.
function nameSelectFields() {
  document.querySelectorAll("select.select2-hidden-accessible").forEach((select) => {
    const label = document.querySelector(`label[for="${select.id}"]`);
    const shown = document.getElementById(`select2-${select.id}-container`);
    label.id = `${select.id}-label`;
    shown.setAttribute("aria-labelledby", label.id);
    shown.closest(".select2-selection").setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
  });
}

// Each scrolled region needs a name of its own, and the keyboard must reach a long body of JSON or XML.
window.addEventListener("load", () => {
  document.querySelector("#nav-sidebar-apps .simplebar-content-wrapper")?.setAttribute("aria-label", "Menu");
  document.querySelectorAll("fieldset .simplebar-content-wrapper").forEach((region) => {
    const heading = document.getElementById(region.closest("fieldset").getAttribute("aria-labelledby"));
    if (heading) region.setAttribute("aria-label", heading.textContent.trim());
  });
  // jQuery makes these fields of select2 when it is ready, which may be after this event.
  window.django?.jQuery?.(nameSelectFields);
  document.querySelectorAll(".readonly .staff-json").forEach((body) => { body.tabIndex = 0; });
});
