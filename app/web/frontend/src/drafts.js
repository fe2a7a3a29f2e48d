// A form marked data-draft="URL" saves what was typed a few seconds after the last key, and says so. The server counts
// every save in the work item's version, so the form takes over the new one, and a form is never sent while a save is
// on its way. Any form marked data-guard or data-draft asks before the page is left with unsaved words in it.
const REST = 4000;
const watched = new WeakSet();

export function drafts(root) {
  for (const form of root.querySelectorAll("form[data-draft], form[data-guard]")) {
    if (!watched.has(form)) watch(form);
    watched.add(form);
  }
}

function watch(form) {
  const status = form.querySelector("[data-draft-status]");
  let dirty = false;
  let leaving = false;
  let saving = null;
  let timer;

  const say = (text) => {
    if (status && text) status.textContent = text;
  };

  async function save() {
    const body = new FormData(form);
    // Files travel once, with the form itself.
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    dirty = false;
    say(status?.dataset.saving);
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST",
        body,
        credentials: "same-origin",
        headers: { "X-Requested-With": "fetch" },
      });
      if (!answer.ok) throw new Error(answer.status);
      const version = answer.headers.get("X-Version");
      if (version && form.elements._version) form.elements._version.value = version;
      say(await answer.text());
    } catch {
      dirty = true;
      say(status?.dataset.failed);
    }
    saving = null;
  }

  form.addEventListener("input", () => {
    dirty = true;
    if (!form.dataset.draft) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!leaving && form.isConnected) saving = (saving || Promise.resolve()).then(save);
    }, REST);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (event.defaultPrevented) return;
    if (saving) {
      event.preventDefault();
      saving.finally(() => form.requestSubmit(event.submitter));
      return;
    }
    leaving = true;
  });
  window.addEventListener("pageshow", () => (leaving = false));
  window.addEventListener("beforeunload", (event) => {
    if (dirty && !leaving && form.isConnected) event.preventDefault();
  });
}
