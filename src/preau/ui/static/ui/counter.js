// The counter and the till's count: sums as one types. Without script the server does them.
(() => {
  const cents = (text) => {
    const n = Number.parseFloat(String(text).replace(/[\s\u00a0\u202f€]/g, "").replace(",", "."));
    return Number.isFinite(n) ? Math.round(n * 100) : 0;
  };
  const typed = (value) => (value / 100).toFixed(2).replace(".", ",");
  const euros = new Intl.NumberFormat("fr-FR", { style: "currency", currency: "EUR" });

  document.querySelectorAll("[data-counter]").forEach((form) => {
    const total = form.querySelector("[data-total]");
    const first = form.querySelector("[data-received]");
    let touched = false;
    const sums = () => {
      let due = 0;
      form.querySelectorAll("[data-tick]").forEach((box) => {
        if (box.checked) due += cents(box.closest("tr").querySelector("[data-part]").value);
      });
      if (!touched && first && due) first.value = typed(due);
      let received = 0;
      form.querySelectorAll("[data-received]").forEach((field) => { received += cents(field.value); });
      total.textContent = received ? euros.format(received / 100) : "";
    };
    form.addEventListener("input", (event) => {
      if (event.target === first) touched = true;
      sums();
    });
    sums();
  });

  const count = document.querySelector("[data-count]");
  if (count) {
    const form = count.closest("form");
    const sum = () => {
      let held = 0;
      form.querySelectorAll("[data-cents]").forEach((field) => {
        held += Number(field.dataset.cents) * (Number.parseInt(field.value, 10) || 0);
      });
      count.textContent = euros.format(held / 100);
    };
    form.addEventListener("input", sum);
    sum();
  }
})();
