// Copy buttons stay hidden until this script shows them, so that nobody meets one that does nothing.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const word = button.querySelector("[data-word]");
    word.textContent = button.dataset.done;
  });
}
