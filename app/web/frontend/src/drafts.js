// A form marked data-draft="URL" saves what was typed two seconds after the last key, and says so. Any form marked
// data-guard (or one whose draft could not be saved) asks before the page is left with unsaved words in it.
const REST = 2000;

export function drafts(document) {
  for (const form of document.querySelectorAll("form[data-draft], form[data-guard]")) watch(form);
}

function watch(form) {
  const status = form.querySelector("[data-draft-status]");
  let dirty = false;
  let leaving = false;
  let timer;
  let last = Promise.resolve();

  const say = (text) => {
    if (status) status.textContent = text;
  };

  async function save() {
    const body = new FormData(form);
    // Files travel once, with the form itself.
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    dirty = false;
    say(status?.dataset.saving || "");
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST",
        body,
        credentials: "same-origin",
        headers: { "X-Requested-With": "fetch", Accept: "text/plain" },
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      say(text);
    } catch {
      dirty = true;
      say(status?.dataset.failed || "");
    }
  }

  form.addEventListener("input", () => {
    dirty = true;
    if (!form.dataset.draft) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!leaving) last = last.then(save);
    }, REST);
  });
  form.addEventListener("submit", () => {
    leaving = true;
    clearTimeout(timer);
  });
  window.addEventListener("pageshow", () => (leaving = false));
  window.addEventListener("beforeunload", (event) => {
    if (dirty && !leaving) event.preventDefault();
  });
}
