// Repeated rows: "add" and "remove" without a round trip. Without JavaScript the buttons submit the form and the
// server draws one row more or less.
export function rows(document) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-row]");
    if (!button) return;
    const table = button.closest("[data-rows]");
    const body = table?.querySelector("tbody");
    if (!body) return;
    const lines = [...body.querySelectorAll("tr")];
    if (button.dataset.row === "add") {
      if (lines.length >= Number(table.dataset.most || 200)) return;
      event.preventDefault();
      const line = lines.at(-1).cloneNode(true);
      for (const part of line.querySelectorAll("input, select, textarea")) {
        if (part.type === "checkbox") part.checked = false;
        else part.value = "";
        part.removeAttribute("aria-invalid");
        part.removeAttribute("aria-describedby");
      }
      for (const wrong of line.querySelectorAll(".wrong")) wrong.remove();
      body.append(line);
      number(table);
      line.querySelector("input, select, textarea")?.focus();
    } else if (lines.length > 1) {
      event.preventDefault();
      const line = button.closest("tr");
      (line.previousElementSibling || line.nextElementSibling)?.querySelector("input, select, textarea")?.focus();
      line.remove();
      number(table);
    }
    table.closest("form")?.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function number(table) {
  table.querySelectorAll("tbody tr").forEach((line, at) => {
    for (const part of line.querySelectorAll("[name], [id], [value]")) {
      if (part.name) part.name = part.name.replace(/^([^.]+\.)\d+/, `$1${at}`);
      if (part.id) part.id = part.id.replace(/^([^.]+\.)\d+/, `$1${at}`);
      if (part.dataset.row === "drop") part.value = part.value.replace(/\d+$/, String(at));
    }
  });
}
