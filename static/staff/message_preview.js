"use strict";

// The preview beside a message follows what is typed, filled with sample facts.
document.addEventListener("input", ({ target }) => {
  const preview = document.querySelector("[data-sample-facts]");
  if (!preview || !target.matches("[data-previewed]")) return;
  const facts = JSON.parse(preview.dataset.sampleFacts);
  preview.textContent = target.value.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
});
