// Menus are <details>: they open without JavaScript. With it they close on Escape, on a click elsewhere, and when
// another opens. Forms with data-confirm ask first.
export function menus(document) {
  const open = () => document.querySelectorAll("details.menu[open]");

  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("submit", (event) => {
    const from = event.submitter?.dataset.confirm ? event.submitter : event.target;
    const question = from.dataset.confirm;
    if (!question || from.dataset.confirmed) return;
    event.preventDefault();
    ask(document, question, from.dataset.confirmYes, from.dataset.confirmNo).then((yes) => {
      if (!yes) return event.submitter?.focus();
      from.dataset.confirmed = "yes";
      event.target.requestSubmit(event.submitter);
    });
  });
}

function ask(document, question, yes, no) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    const body = Object.assign(document.createElement("form"), { method: "dialog" });
    const text = Object.assign(document.createElement("p"), { textContent: question, id: "ask-" + Date.now() });
    const row = Object.assign(document.createElement("div"), { className: "row" });
    const button = (value, label, look) =>
      Object.assign(document.createElement("button"), { value, textContent: label, className: "btn " + look });
    row.append(button("no", no || "Cancel", ""), button("yes", yes || "OK", "main"));
    body.append(text, row);
    dialog.append(body);
    dialog.setAttribute("aria-labelledby", text.id);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
