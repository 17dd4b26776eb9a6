// What script adds to pages that already work without it: keys for agents, live recap of the
// planning, undo, copy, confirm. No eval, no inline handler: behaviours hang on data- attributes.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const plural = (n, one, many) => `${n}\u00a0${Math.abs(n) < 2 ? one : many || one + "s"}`;

  function euros(cents, signed) {
    const whole = String(Math.floor(Math.abs(cents) / 100)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
    const rest = String(Math.abs(cents) % 100).padStart(2, "0");
    const sign = cents < 0 ? "\u2212" : signed && cents > 0 ? "+" : "";
    return `${sign}${whole},${rest}\u202f€`;
  }

  // --- Planning: the recap counts what differs from what is booked (data-was) -----------------
  const cellsOf = (bar) => {
    const form = bar.dataset.recap && document.getElementById(bar.dataset.recap);
    return form ? [...form.elements].filter((e) => e.dataset.was) : all("input[data-was]");
  };

  function recount(bar) {
    const children = new Map();
    let count = 0, cents = 0;
    for (const cell of cellsOf(bar)) {
      const was = cell.dataset.was === "1";
      if (cell.checked === was) continue;
      count += 1;
      if (!cell.dataset.waits) cents += (cell.checked ? 1 : -1) * Number(cell.dataset.cents || 0);
      const name = cell.dataset.child || "";
      const tally = children.get(name) || { added: 0, removed: 0 };
      tally[cell.checked ? "added" : "removed"] += 1;
      children.set(name, tally);
    }
    const text = [...children].map(([name, { added, removed }]) => {
      const parts = [];
      if (added) parts.push(plural(added, "ajouté"));
      if (removed) parts.push(plural(removed, "retiré"));
      return `${name ? name + "\u00a0: " : ""}${parts.join(", ")}.`;
    });
    const put = (selector, value) => { const e = $(selector, bar); if (e) e.textContent = value; };
    put("[data-recap-count]", count ? plural(count, "changement") : "Aucun changement");
    put("[data-recap-text]", text.join(" "));
    put("[data-recap-price]", euros(cents, true));
    const unsent = $("[data-recap-unsent]", bar);
    if (unsent) {
      unsent.hidden = !count;
      unsent.textContent = ` pas encore envoyé${count < 2 ? "" : "s"}`;
    }
  }

  const done = []; // cells touched on this page, the last one at the end
  function refreshUndo() { all("[data-undo]").forEach((b) => { b.hidden = !done.length; }); }
  document.addEventListener("change", (event) => {
    if (event.target.dataset && event.target.dataset.was) {
      done.push(event.target);
      all("[data-recap]").forEach(recount);
      refreshUndo();
    }
  });

  // --- Clicks: undo, copy, confirm ------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const undo = event.target.closest("[data-undo]");
    if (undo && done.length) {
      const cell = done.pop();
      cell.checked = !cell.checked;
      all("[data-recap]").forEach(recount);
      refreshUndo();
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard.writeText(copy.dataset.copy).then(() => {
        const label = copy.lastChild, before = label.textContent;
        label.textContent = "Copié";
        setTimeout(() => { label.textContent = before; }, 2000);
      });
    }
    const asks = event.target.closest("[data-confirm]");
    if (asks && !window.confirm(asks.dataset.confirm)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
    if (event.target.closest("[data-print]")) window.print();
    const shows = event.target.closest("[data-show-password]");
    if (shows) {
      const input = document.getElementById(shows.dataset.showPassword);
      if (input) input.type = shows.checked ? "text" : "password";
    }
    const pop = $("details.menu-pop[open]");
    if (pop && !pop.contains(event.target)) pop.open = false;
  }, true);

  // A form sent twice by an impatient hand: the second is held back for a few seconds.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent && Date.now() - form.dataset.sent < 3000) event.preventDefault();
    else form.dataset.sent = Date.now();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });

  // --- Keys of agents -------------------------------------------------------------------------
  const keysOn = () => { try { return localStorage.getItem("preau-keys") !== "off"; } catch { return true; } };
  const typing = (e) => e.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  function walk(step) {
    const list = $("[data-walk]");
    if (!list) return false;
    const links = all("a[href]", list).filter((a) => a.matches("[data-row], [data-walk] > li > a, tbody th a, tbody td:first-child a"));
    if (!links.length) return false;
    let at = links.indexOf(document.activeElement);
    if (at < 0) at = links.findIndex((a) => a.closest(".sel, [aria-current]"));
    const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    if (list.dataset.walk === "open") next.click();
    return true;
  }

  const entries = (menu) => all("ul a[href], ul button", menu);

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest("details.menu-pop[open]");
    if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const items = entries(menu), at = items.indexOf(document.activeElement);
      items[Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), items.length - 1)]?.focus();
      event.preventDefault();
      return;
    }
    if (event.key === "Escape") {
      const pop = $("details.menu-pop[open]");
      if (pop) { pop.open = false; $("summary", pop).focus(); }
      if (typing(event.target) && event.target.matches("[data-key]")) event.target.blur();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || $("dialog[open]") || !keysOn()) return;
    let used = false;
    if (event.key === "?") {
      const help = $("[data-keys-help]");
      if (help) { help.showModal(); used = true; }
    } else if (event.key === "j" || event.key === "k") {
      used = walk(event.key === "j" ? 1 : -1);
    }
    if (!used) {
      const target = all("[data-key]").find((e) => e.dataset.key === event.key && !e.disabled && e.offsetParent);
      if (target) {
        used = true;
        if (target.matches("input, textarea, select")) { target.focus(); if (target.select) target.select(); }
        else target.click();
        // A menu opened by its key is walked at once.
        if (target.matches(".menu-pop > summary") && target.parentElement.open) entries(target.parentElement)[0]?.focus();
      }
    }
    if (used) event.preventDefault();
  });

  // --- Suggestions under a search box: arrows walk them, Escape closes, the count is said ------
  const shut = (form) => { const found = $(".found", form); if (found) found.replaceChildren(); };
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest("[data-suggests]");
    if (!form) return;
    const links = all(".found a", form), at = links.indexOf(document.activeElement);
    if (event.key === "Escape" && $(".found *", form)) { shut(form); $("input", form).focus(); event.preventDefault(); event.stopPropagation(); }
    else if (links.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      if (next < 0) $("input", form).focus();
      else if (next < links.length) links[next].focus();
      event.preventDefault();
    }
  }, true);
  document.addEventListener("focusout", (event) => {
    const form = event.target.closest("[data-suggests]");
    // Leaving by the keyboard closes; a click on a suggestion keeps it until it is followed.
    if (form && event.relatedTarget && !form.contains(event.relatedTarget)) shut(form);
  });
  document.addEventListener("click", (event) => {
    all("[data-suggests]").forEach((form) => { if (!form.contains(event.target)) shut(form); });
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const form = event.target.closest("[data-suggests]");
    if (!form) return;
    const said = $("[role=status]", form), words = $("[data-said]", event.target);
    if (said) said.textContent = words ? words.dataset.said : "";
  });

  // --- htmx: the CSRF token travels with each request; its errors are said --------------------
  document.addEventListener("htmx:configRequest", (event) => {
    const token = $("input[name=csrfmiddlewaretoken]");
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.value;
  });
  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(name, () => {
      const main = $("#contenu .shell") || $("#contenu");
      let box = $("[data-failure]");
      if (!box) {
        box = document.createElement("div");
        box.dataset.failure = "";
        box.className = "note is-bad";
        box.setAttribute("role", "alert");
        box.append(document.createElement("div"));
        main.prepend(box);
      }
      box.firstChild.textContent = "L’envoi n’a pas abouti. Vérifiez votre connexion, puis recommencez ou rechargez la page.";
    });
  }

  // --- When a page, or a piece of it, arrives -------------------------------------------------
  function settle(root) {
    const summary = $("[data-focus]", root);
    if (summary) summary.focus();
    if (navigator.clipboard) all("[data-copy][hidden]", root).forEach((b) => { b.hidden = false; });
    all("[data-js]", root).forEach((e) => { e.hidden = false; });
    all("[data-recap]", root).forEach(recount);
    all("[data-keys-on]", root).forEach((box) => {
      box.checked = keysOn();
      box.addEventListener("change", () => { try { localStorage.setItem("preau-keys", box.checked ? "on" : "off"); } catch { /* private mode */ } });
    });
  }
  document.addEventListener("htmx:afterSettle", (event) => settle(event.target));
  // What is folded on screen is printed unfolded.
  window.addEventListener("beforeprint", () => all("details:not(.menu-pop)").forEach((d) => { if (!d.open) { d.dataset.printed = ""; d.open = true; } }));
  window.addEventListener("afterprint", () => all("details[data-printed]").forEach((d) => { d.open = false; delete d.dataset.printed; }));
  settle(document);
})();
