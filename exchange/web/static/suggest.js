// Titles that complete what is typed, as links below the field. Arrows go through them, Escape closes them.
const PAUSE_MS = 150;

for (const box of document.querySelectorAll("[data-suggest]")) {
  const field = box.querySelector("input"), list = document.createElement("ul");
  list.className = "suggested";
  list.hidden = true;
  list.setAttribute("aria-label", box.dataset.suggest);
  box.append(list);
  let latest = 0, pause = 0;

  const link = ({ text, address }) => {
    const row = document.createElement("li"), found = document.createElement("a");
    found.href = address;
    found.textContent = text;
    row.append(found);
    return row;
  };
  const ask = async () => {
    const mine = (latest += 1), typed = field.value.trim();
    const answer = typed && (await fetch(`/search/suggestions?q=${encodeURIComponent(typed)}`).catch(() => null));
    const items = answer && answer.ok ? (await answer.json()).items : [];
    if (mine !== latest || !box.contains(document.activeElement)) return;
    list.replaceChildren(...items.map(link));
    list.hidden = items.length === 0;
  };
  const close = () => {
    latest += 1;
    list.hidden = true;
  };
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(ask, PAUSE_MS);
  });
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      field.focus();
      close();
    } else if (step && !list.hidden && !event.isComposing) {
      event.preventDefault();
      const stops = [field, ...list.querySelectorAll("a")], at = stops.indexOf(document.activeElement);
      stops[(at + step + stops.length) % stops.length].focus();
    }
  });
  // A press would take the focus from the field and close the list before the link is followed.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  box.addEventListener("focusout", (event) => {
    if (!box.contains(event.relatedTarget)) close();
  });
}
