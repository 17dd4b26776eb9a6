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
