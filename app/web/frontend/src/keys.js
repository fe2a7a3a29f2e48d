// Keys in the inbox: j next, k previous, e to the form, ? the list of keys. They can be switched off (WCAG 2.1.4), and
// never fire while somebody types.
export function keys(document) {
  if (document.documentElement.dataset.keys === "off") return;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, select, textarea, [contenteditable], dialog, svg")) return;
    const items = [...document.querySelectorAll(".list .item")];
    const at = items.findIndex((item) => item.hasAttribute("aria-current") || item === document.activeElement);
    if (event.key === "j" && items[at + 1]) items[at + 1].click();
    else if (event.key === "k" && items[at - 1]) items[at - 1].click();
    else if (event.key === "e") document.querySelector(".work :is(input, textarea, select):not([type=hidden])")?.focus();
    else if (event.key === "?") document.querySelector("dialog#keys")?.showModal();
    else return;
    event.preventDefault();
  });
}
