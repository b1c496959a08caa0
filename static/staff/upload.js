"use strict";

// The server takes a request of a few megabytes only, and each within half a minute. A larger file goes in parts, each
// of which may be sent again; the last one goes with the form itself.
const PART = 2 * 1024 * 1024;
const TRIES = 3;
const form = document.getElementById("upload");
const problem = document.getElementById("upload-problem");
// unfold would look for a field of its own beside this one.
form.elements.file.hasChangeListener = true;
const progress = document.getElementById("upload-progress");

async function sendPart(file, number) {
  const data = new FormData(form);
  data.set("file", file.slice(number * PART, (number + 1) * PART), file.name);
  data.set("number", number);
  data.set("more", "1");
  const answer = await fetch(form.action, { method: "POST", body: data });
  if (answer.status === 400) return Promise.reject(new Error((await answer.json()).sentence));
  if (!answer.ok) throw new TypeError(answer.statusText);
  form.elements.run.value = (await answer.json()).run;
}

async function sendPartAgain(file, number, tries = TRIES) {
  try {
    await sendPart(file, number);
  } catch (error) {
    // A TypeError is the network's or the server's; everything else will not get better.
    if (!(error instanceof TypeError) || tries === 1) throw error;
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    await sendPartAgain(file, number, tries - 1);
  }
}

function showProgress(done, total) {
  progress.hidden = false;
  progress.querySelector("progress").value = done / total;
  progress.querySelector("p").textContent = `${Math.floor((100 * done) / total)}% uploaded. Keep this page open until the upload ends.`;
}

async function sendLargeFile(file) {
  const last = Math.ceil(file.size / PART) - 1;
  for (let number = 0; number < last; number += 1) {
    showProgress(number, last + 1);
    await sendPartAgain(file, number);
  }
  const rest = new DataTransfer();
  rest.items.add(new File([file.slice(last * PART)], file.name));
  form.elements.file.files = rest.files;
  form.elements.number.value = last;
  form.submit();
}

form.addEventListener("submit", async (event) => {
  // A browser that comes back to the page may have kept them from the file before.
  form.elements.run.value = "";
  form.elements.number.value = "";
  const [file] = form.elements.file.files;
  if (!file || file.size <= PART) return;
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  if (file.size > Number(form.dataset.most)) {
    problem.textContent = `The file is larger than ${Math.floor(form.dataset.most / 1024 / 1024)} MB; split it, and import one part after the other.`;
    return;
  }
  button.disabled = true;
  problem.textContent = "";
  try {
    await sendLargeFile(file);
  } catch (error) {
    button.disabled = false;
    progress.hidden = true;
    problem.textContent = error instanceof TypeError ? "The upload was cut off. Check your connection and try again." : error.message;
  }
});
