// Places held while one checks: the minutes left, a word before the end, and what is left then.
(() => {
  "use strict";
  const PLUS = '<path d="M5 12h14"/><path d="M12 5v14"/>';
  const entry = performance.getEntriesByType("navigation")[0];
  document.querySelectorAll("[data-hold]").forEach((told) => {
    // The town's clock, not the telephone's, which may be minutes off; a page that comes back from
    // the browser's own memory was written some time ago.
    const fresh = !entry || entry.type !== "back_forward";
    const off = fresh ? Date.now() - Date.parse(told.dataset.now) : 0;
    const until = Date.parse(told.dataset.hold);
    const left = told.querySelector("[data-hold-left]");
    const said = told.querySelector("[role=status]");
    let over = false;
    const tell = () => {
      if (over) return;
      const minutes = Math.ceil((until - Date.now() + off) / 60000);
      if (minutes > 0) {
        left.textContent = `encore ${minutes} minute${minutes > 1 ? "s" : ""}`;
        if (minutes <= 2 && !said.textContent) said.textContent = told.dataset.soon;
        return;
      }
      over = true;
      clearInterval(timer);
      told.querySelector("[data-hold-words]").hidden = true;
      said.className = "";
      said.textContent = told.dataset.over;
      const note = told.closest(".note");
      if (note) note.className = "note is-bad";
      document.querySelectorAll("[data-while-held]").forEach((e) => { e.hidden = true; });
      document.querySelectorAll("[data-hold-over]").forEach((e) => { e.hidden = false; });
      document.querySelectorAll(".slot.kept").forEach((slot) => {
        slot.classList.remove("kept", "is-wait");
        slot.querySelectorAll(".on, .add").forEach((face) => {
          face.querySelector("svg").innerHTML = PLUS;
          const word = face.querySelector("span");
          word.innerHTML = "Ajouté <small>n’est plus gardé</small>";
        });
      });
    };
    const timer = setInterval(tell, 5000);
    // A telephone that slept, a page that comes back: at once, not five seconds later.
    document.addEventListener("visibilitychange", tell);
    addEventListener("pageshow", tell);
    tell();
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
