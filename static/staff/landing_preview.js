"use strict";

// The server draws the page from the form's current values. Each drawing gets its own frame, which replaces the last
// one when it is ready: nothing flickers, and no drawing becomes a step of the back button.
document.addEventListener("DOMContentLoaded", () => {
  const preview = document.querySelector(".landing-preview");
  if (!preview) return;
  const form = document.getElementById(preview.dataset.form);
  const stage = preview.querySelector("[data-stage]");
  const said = preview.querySelector("[data-said]");
  let newest = 0;
  let timer = 0;

  function fit(frame) {
    const width = Number(preview.querySelector("[name=screen]:checked").value);
    const scale = Math.min(1, stage.clientWidth / width);
    const height = width > 400 ? 800 : 700;
    Object.assign(frame.style, { width: `${width}px`, height: `${height}px`, transform: `scale(${scale})` });
    stage.style.height = `${height * scale}px`;
  }

  function place(html) {
    const frame = document.createElement("iframe");
    frame.title = "Preview of the landing page";
    frame.setAttribute("sandbox", "");
    frame.className = "landing-preview__frame";
    frame.srcdoc = html;
    fit(frame);
    frame.dataset.drawing = "";
    frame.addEventListener("load", () => {
      while (frame.previousSibling) frame.previousSibling.remove();
      delete frame.dataset.drawing;
    });
    stage.append(frame);
  }

  async function draw() {
    const number = (newest += 1);
    const body = new FormData(form);
    body.set("nonce", preview.dataset.nonce);
    body.set("outcome", preview.querySelector("[name=outcome]").value);
    try {
      const answer = await fetch(preview.dataset.url, { method: "POST", body });
      if (!answer.ok) throw new Error(answer.status);
      const html = await answer.text();
      if (number === newest) place(html);
      said.textContent = "";
    } catch {
      said.textContent = "The preview could not be drawn. Check your connection.";
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(draw, 250);
  }

  form.addEventListener("input", later);
  form.addEventListener("change", later);
  preview.querySelector("[name=outcome]").addEventListener("change", draw);
  preview.querySelector("fieldset").addEventListener("change", draw);
  new ResizeObserver(() => [...stage.children].forEach(fit)).observe(stage);
  draw();
});
