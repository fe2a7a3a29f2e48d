// A file that the server would refuse for its size is named before it is sent for nothing.
export function files(document) {
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.type !== "file" || !input.dataset.most) return;
    const most = Number(input.dataset.most);
    const large = [...input.files].filter((file) => file.size > most);
    const text = large.length ? input.dataset.tooLarge.replace("{names}", large.map((file) => file.name).join("、")) : "";
    input.setCustomValidity(text);
    if (text) input.reportValidity();
  });
}
