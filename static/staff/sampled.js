"use strict";

// The preview beside a text follows what is typed, with the sample's facts filled in.
document.addEventListener("input", ({ target }) => {
  const shown = document.querySelector("[data-sample]");
  if (!shown || !target.matches("[data-sampled]")) return;
  const facts = JSON.parse(shown.dataset.sample);
  shown.textContent = target.value.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
});
