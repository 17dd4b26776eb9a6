// The tablet of a site, and of a crèche's door. Everything is drawn from what was kept last; each act is queued first, with
// a key of its own, then sent: without network it leaves later, once and only once.
(() => {
  "use strict";
  const root = document.querySelector("[data-tablet]");
  if (!root) return;
  const $ = (selector) => document.querySelector(selector);
  const set = root.dataset;
  const SITE = set.site;
  const state = { day: null, queue: [], slot: null, view: "", offline: false, locked: false, stopped: false };

  // --- What is kept: the day (wiped), the queue (ids and instants alone) ---------------------
  const opened = {};
  function db(name) {
    opened[name] = opened[name] || new Promise((yes, no) => {
      const asked = indexedDB.open(name, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore("rows", { keyPath: "key" });
      asked.onsuccess = () => {
        asked.result.onversionchange = () => { asked.result.close(); delete opened[name]; };
        yes(asked.result);
      };
      asked.onerror = () => no(asked.error);
    });
    return opened[name];
  }
  async function store(name, mode, act) {
    const base = await db(name);
    return new Promise((yes, no) => {
      const tx = base.transaction("rows", mode);
      const found = act(tx.objectStore("rows"));
      tx.oncomplete = () => yes(found && "result" in found ? found.result : undefined);
      tx.onerror = tx.onabort = () => no(tx.error);
    });
  }
  const DAY = "preau-site-day", QUEUE = "preau-queue";
  const wipeDay = () => store(DAY, "readwrite", (s) => s.clear()).catch(() => {});
  const today = () => new Date().toLocaleDateString("sv-SE", { timeZone: "Europe/Paris" });

  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 15) | 64; b[8] = (b[8] & 63) | 128;
    const h = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
  }
  function device() {
    try {
      let name = localStorage.getItem("preau-device");
      if (!name) localStorage.setItem("preau-device", (name = uuid().slice(0, 8)));
      return name;
    } catch { return ""; }
  }

  // --- The rows as they are once the queue has its word --------------------------------------
  function rowsOf(slot) {
    const rows = new Map(slot.rows.map((row) => [row.child, { ...row }]));
    const undone = new Set(state.queue.filter((t) => t.undoes).map((t) => t.undoes));
    for (const tick of state.queue) {
      if (tick.slot !== slot.id || tick.act === "UNDO" || undone.has(tick.key) || !tick.child) continue;
      const row = rows.get(tick.child) || { child: tick.child, state: "expected", walk_in: true, class: "" };
      row.waits = true;
      if (tick.act === "PRESENT") {
        row.state = row.state === "left" ? "left" : "present";
        if (!row.arrived || row.arrived > tick.at) row.arrived = tick.at;
      } else if (tick.act === "ABSENT" && row.state !== "present" && row.state !== "left") {
        row.state = "absent";
      } else if (tick.act === "LEFT") {
        row.state = "left";
        if (!row.left || row.left > tick.at) row.left = tick.at;
        row.collected_by = tick.by || row.collected_by;
      }
      rows.set(tick.child, row);
    }
    // What was sent and taken back before the day was read again.
    for (const tick of state.queue) {
      if (tick.act !== "UNDO" || tick.slot !== slot.id || !rows.has(tick.child)) continue;
      if (state.queue.some((t) => t.key === tick.undoes)) continue;
      Object.assign(rows.get(tick.child), { state: "expected", arrived: null, left: null, waits: true });
    }
    const name = (row) => (child(row.child).name || "").toLocaleLowerCase("fr");
    return [...rows.values()].sort((a, b) => name(a).localeCompare(name(b), "fr"));
  }
  function child(id) {
    const known = state.day.children[id];
    if (known) return known;
    const pupil = state.day.pupils.find((p) => p.id === id);
    const name = pupil ? pupil.name : "Enfant";
    return { name, initials: name.slice(0, 2), colour: 1, collect: [], forbidden: [], call: [], leave: "", young: false };
  }

  // --- Drawing ---------------------------------------------------------------------------------
  function make(tag, attributes, ...inside) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "class") element.className = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...inside.filter((x) => x !== "" && x != null && x !== false));
    return element;
  }
  const icon = (name) => {
    const found = root.querySelector(`template[data-icon="${name}"]`);
    return found ? found.content.cloneNode(true) : "";
  };
  const tag = (kind, sign, text) => make("span", { class: `tag is-${kind}` }, icon(sign), text);
  const hour = (instant) => instant
    ? new Date(instant).toLocaleTimeString("fr-FR", { hour: "numeric", minute: "2-digit", timeZone: "Europe/Paris" }).replace(":", "\u00a0h\u00a0")
    : "";
  const clockNow = () => new Date().toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Paris" });

  function draw() {
    const clock = $("[data-clock]");
    if (clock) clock.textContent = clockNow().replace(":", "\u00a0h\u00a0");
    const bar = $("[data-net]");
    const waiting = state.queue.length;
    bar.hidden = !(state.offline || waiting || state.locked);
    const text = $("[data-net-text]");
    const said = state.locked
      ? "Votre session est finie. Reconnectez-vous : les pointages gardés partiront ensuite."
      : state.offline
        ? "Sans réseau. Continuez : les pointages sont gardés sur cette tablette et partiront seuls, une seule fois."
        : "Envoi en cours…";
    const whole = waiting ? `${said} ${waiting} en attente.` : said;
    if (text.textContent !== whole) text.textContent = whole;
    $("[data-empty]").hidden = !(state.day && !state.day.slots.length);
    if (!state.day) return;
    $("[data-words]").textContent = state.day.words;
    drawSlots(); drawCounts(); drawRows(); drawStaff();
  }
  const slotNow = () => state.day.slots.find((s) => s.id === state.slot) || state.day.slots[0];

  // «07:30» is told «7 h 30», «16:00» «16 h», as everywhere.
  const toldHour = (text) => text.replace(/^0(?=\d)/, "").replace(":", "\u00a0h\u00a0").replace(/\u00a000$/, "");

  function drawSlots() {
    const list = $("[data-slots]");
    list.replaceChildren(...state.day.slots.map((slot) => make("li", {}, make("a", {
      href: "#", "aria-current": slot === slotNow() ? "true" : false, "data-slot": slot.id,
      onclick: (event) => { event.preventDefault(); state.slot = slot.id; draw(); },
    }, `${slot.name} ${toldHour(slot.from)}`, slot.closed ? " (close)" : ""))));
  }

  function adultsNow() {
    const now = clockNow();
    return state.day.staff.filter((s) => !s.absent && s.from <= now && now < s.to).length;
  }
  function drawCounts() {
    const slot = slotNow();
    const box = $("[data-counts]");
    if (!slot) { box.replaceChildren(); return; }
    const rows = rowsOf(slot);
    const count = (...states) => rows.filter((r) => states.includes(r.state)).length;
    const here = rows.filter((r) => r.state === "present");
    const young = here.filter((r) => child(r.child).age < slot.age_cut).length;
    const adults = adultsNow();
    const inGroup = (name) => here.filter((r) => child(r.child).group === name).length;
    const needed = slot.door
      ? Object.entries(slot.per_adult).reduce((sum, [name, many]) => sum + Math.ceil(inGroup(name) / many), 0)
      : slot.young_per_adult && slot.old_per_adult
      ? Math.ceil(young / slot.young_per_adult) + Math.ceil((here.length - young) / slot.old_per_adult) : null;
    const short = needed !== null && adults < needed;
    const figure = (n, words, css) => make("p", { class: css || "" }, make("b", { class: "serif" }, String(n)), make("span", {}, words));
    box.replaceChildren(
      figure(here.length, `présents sur ${rows.length} attendus`),
      figure(count("expected"), "à pointer"),
      figure(count("absent", "away"), "absents"),
      figure(`${here.length} / ${adults}`, short
        ? `enfants par adulte : il faut ${needed} adultes, il en manque ${needed - adults}`
        : `enfants et adultes${needed === null ? "" : `, ${needed} adultes suffisent`}.${slot.door ? "" : ` ${young} de moins de ${slot.age_cut} ans.`}`,
      `ratio${short ? " is-short" : ""}`));
  }

  const STATES = { present: ["here", "here", "Présent"], left: ["past", "left", "Parti"], absent: ["bad", "away", "Absent"], away: ["away", "away", "Absence signalée"] };
  function drawRows() {
    const slot = slotNow();
    const list = $("[data-rows]");
    if (!slot) { list.replaceChildren(); return; }
    const focus = document.activeElement && document.activeElement.dataset.act;
    const wanted = { expected: ["expected"], present: ["present"], gone: ["left", "absent", "away"] }[state.view];
    const rows = rowsOf(slot).filter((r) => !wanted || wanted.includes(r.state));
    list.replaceChildren(...rows.map((row) => drawRow(slot, row)));
    if (focus) { const again = list.querySelector(`[data-act="${focus}"]`); if (again) again.focus(); }
  }
  function drawRow(slot, row) {
    const kid = child(row.child);
    const css = { present: "st-in", left: "st-out", absent: "st-away", away: "st-away" }[row.state] || "";
    const face = kid.photo && !state.offline
      ? make("img", { class: "disc lg face", src: set.photoUrl.replace("/0/", `/${row.child}/`), alt: "", loading: "lazy" })
      : make("span", { class: `disc lg k${kid.colour}`, "aria-hidden": "true" }, kid.initials);
    const signs = [];
    if (kid.allergy || kid.pai) {
      const label = kid.pai && kid.allergy ? "Allergie, PAI" : kid.pai ? "PAI" : "Allergie";
      signs.push(state.day.sees_health
        ? make("button", { type: "button", class: "tag is-bad", "data-health": row.child, onclick: () => showHealth(row.child, label) }, icon(kid.pai ? "pai" : "allergy"), label, make("span", { class: "sr" }, ` de ${kid.name}, lire`))
        : tag("bad", kid.pai ? "pai" : "allergy", label));
    }
    if (kid.diet) signs.push(tag("town", "diet", kid.diet));
    if (row.walk_in) signs.push(tag("wait", "allergy", "Sans réservation"));
    if (row.reported && row.state === "expected") signs.push(tag("away", "away", "Absence signalée"));
    const [kind, sign, word] = STATES[row.state] || [];
    const at = row.state === "present" ? hour(row.arrived) : row.state === "left" ? hour(row.left) : "";
    const late = row.state === "left" && row.left ? lateness(row.to || slot.to, row.left) : 0;
    const acts = [];
    if (word) acts.push(make("p", { class: `tag is-${kind}` }, icon(sign), `${word}${at ? ` ${at}` : ""}${late ? `, ${late} min ${slot.door ? "au-delà" : "de retard"}` : ""}`, row.waits ? icon("wait") : ""));
    if (state.day.may_take) {
      if (row.state === "expected" || row.state === "away") {
        if (!slot.door) acts.push(button(row, "ABSENT", "Absent", "quiet", () => tick(slot, row.child, "ABSENT")));
        acts.push(button(row, "PRESENT", slot.door ? "Arrivée" : "Présent", "", () => tick(slot, row.child, "PRESENT")));
      } else if (row.state === "absent") {
        acts.push(button(row, "PRESENT", "Est là", "quiet", () => tick(slot, row.child, "PRESENT")));
      } else if (row.state === "present" && slot.timed) {
        acts.push(button(row, "UNDO", "Annuler", "plain", () => undo(slot, row)));
        acts.push(button(row, "LEFT", "Départ", "quiet", () => showLeaving(slot, row)));
      } else acts.push(button(row, "UNDO", "Annuler", "plain", () => undo(slot, row)));
    }
    return make("li", { class: css, id: `e${row.child}`, "data-state": row.state }, face,
      make("div", {}, make("h2", {}, kid.name),
        make("p", { class: "small soft" }, [row.class, kid.group, kid.leave, row.collected_by ? `remis à ${row.collected_by}` : ""].filter(Boolean).join(" – ")),
        signs.length ? make("p", {}, ...signs.flatMap((s) => [s, " "])) : "",
        kid.forbidden.length ? make("p", {}, tag("bad", "ban", `Ne pas remettre à ${kid.forbidden.join(", ")}`)) : ""),
      make("div", { class: "act" }, ...acts));
  }
  function button(row, act, label, kind, run) {
    return make("button", { type: "button", class: `btn ${kind}`, "data-act": `${act}:${row.child}`, onclick: run }, label, make("span", { class: "sr" }, ` : ${child(row.child).name}`));
  }
  function lateness(end, instant) {
    const [h, m] = end.split(":").map(Number);
    const clock = new Date(instant).toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Paris" }).split(":").map(Number);
    return Math.max(0, clock[0] * 60 + clock[1] - h * 60 - m);
  }
  function drawStaff() {
    $("[data-staff]").replaceChildren(...(state.day.staff.length ? state.day.staff.map((s) => make("li", {}, make("span", {}, make("b", {}, s.name), ` ${toldHour(s.from)} – ${toldHour(s.to)}${s.group ? `, ${s.group}` : ""}`), s.absent ? tag("bad", "away", "absent") : "")) : [make("li", { class: "soft" }, "Personne n’est noté aujourd’hui.")]));
  }
  let hush;
  function say(words, bad) {
    const box = $("[data-said]");
    box.className = `tag big-said is-${bad ? "bad" : "here"}`;
    box.textContent = words; box.hidden = false;
    clearTimeout(hush); hush = setTimeout(() => { box.hidden = true; }, 6000);
  }

  // --- Acts --------------------------------------------------------------------------------------
  async function enqueue(line) {
    const row = { key: uuid(), site: SITE, at: new Date().toISOString(), ...line };
    await store(QUEUE, "readwrite", (s) => { s.put(row); });
    state.queue.push(row);
    if (row.act !== "UNDO") await remember({ key: row.key, slot: row.slot, child: row.child, act: row.act });
    draw();
    flush();
    return row;
  }
  const tick = (slot, id, act, more) => enqueue({ slot: slot.id, child: id, act, ...(more || {}) });

  async function undo(slot, row) {
    // The last act of this tablet on this child; what another tablet said is corrected on the list.
    const mine = [...(await acts())].reverse().find((t) => t.slot === slot.id && t.child === row.child && t.act !== "UNDO" && !t.undone);
    if (!mine) { say("Pointé ailleurs : corrigez-le sur la liste.", true); return; }
    await remember({ ...mine, undone: true });
    // Always said, even when the first act still waits here: it may have arrived all the same.
    await enqueue({ slot: slot.id, child: row.child, act: "UNDO", undoes: mine.key });
  }
  // The acts of the day by this tablet (ids alone), so that the last one can be taken back.
  const acts = async () => ((await store(DAY, "readonly", (s) => s.get(`acts-${SITE}`)).catch(() => null)) || { list: [] }).list;
  async function remember(line) {
    const list = (await acts()).filter((t) => t.key !== line.key).concat(line).slice(-400);
    await store(DAY, "readwrite", (s) => { s.put({ key: `acts-${SITE}`, day: today(), list }); });
  }

  const dialog = $("[data-dialog]");
  function show(title, ...body) {
    $("[data-dialog-title]").textContent = title;
    $("[data-dialog-body]").replaceChildren(...body);
    if (!dialog.open) dialog.showModal();
  }
  $("[data-dialog-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => $("[data-dialog-body]").replaceChildren());

  function showLeaving(slot, row) {
    const kid = child(row.child);
    const go = (by) => { dialog.close(); tick(slot, row.child, "LEFT", { by }); };
    show(`Départ de ${kid.name}`,
      kid.forbidden.length ? make("p", {}, tag("bad", "ban", `Ne pas remettre à ${kid.forbidden.join(", ")}`)) : "",
      make("p", { class: "soft" }, kid.leave),
      make("div", { class: "stack" }, ...kid.collect.map((name) => make("button", { type: "button", class: "btn quiet", "data-by": name, onclick: () => go(name.split(",")[0]) }, name)),
        make("button", { type: "button", class: "btn", "data-by": "", onclick: () => go("") }, "Départ, sans préciser")),
      kid.call.length ? make("p", { class: "small" }, "À appeler : ", kid.call.map((p) => `${p.name} ${p.phone}`).join(", ")) : "");
  }
  async function showHealth(id, label) {
    if (state.offline) { show(label, make("p", {}, "Sans réseau : le détail n’est pas gardé sur la tablette. Voyez la fiche imprimée au bureau.")); return; }
    try {
      const answer = await fetch(set.healthUrl.replace("/0/", `/${id}/`), { method: "POST", headers: { "X-CSRFToken": state.day.csrf } });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      show(found.name, make("dl", { class: "facts" }, ...found.lines.map(([name, words]) => make("div", {}, make("dt", {}, name), make("dd", {}, words)))),
        make("p", { class: "small soft" }, "Cette lecture est notée au journal."));
    } catch { show(label, make("p", {}, "Le détail n’a pas pu être lu.")); }
  }

  // A card (camera, reader that types, or by hand), else a name.
  async function mark(code) {
    const bytes = new TextEncoder().encode(code.replace(/[\s\-\u00a0\u202f]/g, "").toUpperCase());
    const hash = crypto.subtle ? [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((x) => x.toString(16).padStart(2, "0")).join("").slice(0, 24) : "";
    return state.day.cards[hash];
  }
  // At a crèche's door the same code says the arrival, then the departure.
  async function atTheDoor(slot, id, code, seen) {
    const row = rowsOf(slot).find((r) => r.child === id);
    const name = child(id).name;
    const last = row && (row.left || row.arrived);
    if (last && Date.now() - new Date(last) < 120000) { say(`C’est déjà noté : ${name}, ${hour(last)}.`); return; }
    if (row && row.left) { say(`${name} est déjà parti à ${hour(row.left)} : l’équipe peut corriger.`, true); return; }
    const act = row && row.state === "present" ? "LEFT" : "PRESENT";
    const line = await tick(slot, id, act, { code, seen });
    say(act === "LEFT" ? `${name} : départ noté, ${hour(line.at)}. À bientôt !` : `${name} : arrivée notée, ${hour(line.at)}. Bonne journée !`);
  }
  async function scanned(text, seen) {
    const slot = slotNow();
    const words = text.trim();
    if (!words || !slot || !state.day.may_take) return;
    const id = await mark(words);
    if (id && slot.door) { await atTheDoor(slot, id, words, Boolean(seen)); return; }
    if (id) {
      await tick(slot, id, "PRESENT", { code: words });
      say(`${child(id).name} : présent.`);
      return;
    }
    const key = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase("fr");
    const asked = key(words).split(/\s+/);
    const everyone = [...Object.entries(state.day.children).map(([pk, kid]) => ({ id: Number(pk), name: kid.name })), ...state.day.pupils];
    const found = everyone.filter((c) => asked.every((w) => key(c.name).includes(w))).slice(0, 12);
    const list = $("[data-found]");
    list.hidden = !found.length;
    list.replaceChildren(...found.map((c) => make("li", {}, make("span", { class: "grow" }, c.name, c.class ? ` (${c.class})` : ""), make("button", { type: "button", class: "btn quiet", "data-add": c.id, onclick: () => { list.hidden = true; tick(slot, c.id, "PRESENT"); say(`${c.name} : présent.`); } }, "Est là", make("span", { class: "sr" }, ` : ${c.name}`)))));
    if (found.length) return;
    if (/\d/.test(words) && words.replace(/[\s-]/g, "").length >= 8) {
      await enqueue({ slot: slot.id, act: "PRESENT", code: words });
      say("Carte inconnue de la tablette : elle sera vérifiée à l’envoi.");
    } else say("Personne de ce nom sur ce site, ni carte connue.", true);
  }
  $("[data-scan]").addEventListener("submit", (event) => {
    event.preventDefault();
    const input = event.target.elements.code;
    scanned(input.value);
    input.value = ""; input.focus();
  });
  const camera = $("[data-camera]");
  if ("BarcodeDetector" in window && navigator.mediaDevices) camera.hidden = false;
  camera.addEventListener("click", async () => {
    const video = $("[data-video]");
    if (!video.hidden) { video.srcObject.getTracks().forEach((t) => t.stop()); video.hidden = true; return; }
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch { say("La caméra n’est pas disponible : tapez le code.", true); return; }
    video.hidden = false; await video.play();
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    let last = "";
    const look = async () => {
      if (video.hidden) return;
      try { const [seen] = await detector.detect(video); if (seen && seen.rawValue !== last) { last = seen.rawValue; scanned(last, true); } } catch { /* the next picture */ }
      setTimeout(look, 400);
    };
    look();
  });
  document.querySelectorAll("[data-view]").forEach((b) => b.addEventListener("click", () => {
    state.view = b.dataset.view;
    document.querySelectorAll("[data-view]").forEach((o) => o.setAttribute("aria-pressed", String(o === b)));
    draw();
  }));
  if ($("[data-close]")) $("[data-close]").addEventListener("click", async (event) => {
    if (state.offline || state.queue.length) { say("Attendez que tout soit envoyé pour clore.", true); return; }
    if (!window.confirm(event.currentTarget.dataset.ask)) return;
    const answer = await fetch(set.closeUrl, { method: "POST", headers: { "X-CSRFToken": state.day.csrf } }).catch(() => null);
    if (answer && answer.ok) { say("La journée est close. Une correction reste possible, avec une trace."); refresh(); }
    else say("La journée n’a pas pu être close.", true);
  });
  document.querySelector("[data-signs-out]").addEventListener("submit", (event) => {
    if (state.queue.length && !window.confirm("Des pointages ne sont pas encore partis ; ils restent sur la tablette jusqu’à la prochaine connexion. Se déconnecter ?")) { event.preventDefault(); return; }
    state.stopped = true;
    if (state.wiped) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    state.day = null; state.wiped = true;
    wipeDay().then(() => event.target.submit());
  }, true);

  // --- Sending and reading again ------------------------------------------------------------------
  function refused(answer) {
    return answer.redirected || answer.status === 401 || answer.status === 403 || !(answer.headers.get("content-type") || "").includes("json");
  }
  let again = false;
  async function flush() {
    if (state.sending) { again = true; return; }
    if (!state.queue.length || !state.day || !state.day.csrf) return;
    state.sending = true; again = false;
    const lines = state.queue.slice(0, 300);
    try {
      const answer = await fetch(set.ticksUrl, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": state.day.csrf },
        body: JSON.stringify({ sent_at: new Date().toISOString(), device: device(), ticks: lines }),
      });
      state.offline = false;
      if (refused(answer)) { state.locked = true; return; }
      if (!answer.ok) throw new Error(String(answer.status));
      state.locked = false;
      const { answers } = await answer.json();
      const done = new Set(answers.map((a) => a.key));
      await store(QUEUE, "readwrite", (s) => { done.forEach((key) => s.delete(key)); });
      for (const a of answers) if (a.outcome === "REFUSED") say(`${a.name || "Pointage"} : ${a.sentence}`, true);
      await refresh(done);
    } catch { state.offline = true; }
    finally { state.sending = false; draw(); if (again && !state.offline) flush(); }
  }

  async function refresh(done) {
    if (state.stopped) return;
    try {
      const answer = await fetch(set.dayUrl, { headers: { Accept: "application/json" } });
      if (refused(answer)) { state.locked = true; state.day = null; await wipeDay(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const day = await answer.json();
      if (state.stopped) return;
      state.offline = false; state.locked = false;
      const former = await store(DAY, "readonly", (s) => s.get(`day-${SITE}`));
      if (former && former.value.agent !== day.agent) await wipeDay();
      state.day = day;
      await store(DAY, "readwrite", (s) => { s.put({ key: `day-${SITE}`, day: day.day, value: day }); });
    } catch { state.offline = true; }
    finally {
      if (done) state.queue = state.queue.filter((t) => !done.has(t.key));
      draw();
    }
  }

  async function start() {
    // What is left of another day is wiped before anything is shown.
    for (const row of await store(DAY, "readonly", (s) => s.getAll()).catch(() => [])) if (row.day !== today()) { await wipeDay(); break; }
    state.queue = ((await store(QUEUE, "readonly", (s) => s.getAll())) || []).filter((t) => t.site === SITE).sort((a, b) => a.at.localeCompare(b.at));
    const kept = await store(DAY, "readonly", (s) => s.get(`day-${SITE}`));
    if (kept) state.day = kept.value;
    pick(); draw();
    await refresh();
    pick(); draw();
    flush();
    if ("serviceWorker" in navigator) {
      // The shell and its files are kept from the first visit on: the next one may have no network.
      const files = [...document.querySelectorAll("link[href], script[src]")].map((e) => e.href || e.src).filter((u) => new URL(u).origin === location.origin);
      navigator.serviceWorker.register(set.workerUrl, { scope: set.scope })
        .then(() => navigator.serviceWorker.ready)
        .then(() => caches.open("preau-tablet-1"))
        .then((cache) => Promise.all([location.pathname, ...files].map((u) => cache.add(u).catch(() => {}))))
        .then(() => { root.dataset.ready = "1"; }).catch(() => {});
    }
  }
  function pick() {
    if (!state.day || state.day.slots.some((s) => s.id === state.slot)) return;
    const now = clockNow();
    const running = state.day.slots.filter((s) => s.from <= now && now <= s.to);
    const coming = state.day.slots.filter((s) => s.from > now);
    const best = running[running.length - 1] || coming[0] || state.day.slots[state.day.slots.length - 1];
    state.slot = best ? best.id : null;
  }
  window.addEventListener("online", () => { state.offline = false; refresh().then(flush); });
  window.addEventListener("offline", () => { state.offline = true; draw(); });
  setInterval(() => {
    if (state.day && state.day.day !== today()) { wipeDay(); state.day = null; draw(); }
    if (document.visibilityState !== "visible" || state.stopped) return;
    if (state.queue.length) refresh().then(flush); else refresh();
  }, 15000);
  setInterval(draw, 30000);
  start();
})();
