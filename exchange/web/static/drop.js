// A file dropped on a marked zone goes into the zone's own file field; the form stays an ordinary form.
for (const zone of document.querySelectorAll("[data-drop]")) {
  const field = zone.querySelector("input[type=file]");
  const over = (event, state) => {
    event.preventDefault();
    zone.toggleAttribute("data-over", state);
  };
  zone.addEventListener("dragover", (event) => over(event, true));
  zone.addEventListener("dragleave", (event) => over(event, false));
  zone.addEventListener("drop", (event) => {
    over(event, false);
    if (event.dataTransfer.files.length) field.files = event.dataTransfer.files;
  });
}
