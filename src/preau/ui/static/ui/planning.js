// Places held while one checks: the minutes left, and the word when the time is over.
(() => {
  "use strict";
  document.querySelectorAll("[data-hold]").forEach((told) => {
    const until = Date.parse(told.dataset.hold);
    const left = told.querySelector("[data-hold-left]");
    const tell = () => {
      const minutes = Math.ceil((until - Date.now()) / 60000);
      if (minutes > 0) { left.textContent = `encore ${minutes} minute${minutes > 1 ? "s" : ""}`; return; }
      clearInterval(timer);
      told.setAttribute("role", "status");
      told.textContent = told.dataset.over;
      document.querySelectorAll(".slot.kept small").forEach((note) => { note.textContent = "n’est plus gardé"; });
    };
    const timer = setInterval(tell, 5000);
  });
})();
// Leaving the month with choices not kept yet: the form keeps them first, then goes on.
(() => {
  "use strict";
  const form = document.getElementById("planning");
  if (!form) return;
  const touched = () => [...form.elements].some((e) => e.dataset.was && e.checked !== e.defaultChecked);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-keep]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !touched()) return;
    event.preventDefault();
    form.elements.go.value = link.pathname + link.search;
    const act = document.createElement("input");
    act.type = "hidden"; act.name = "do"; act.value = "keep";
    form.append(act);
    form.submit();
  });
})();
