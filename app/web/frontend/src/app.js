// Small improvements on pages that work without them. Nothing here decides anything: the server does.
import htmx from "htmx.org/dist/htmx.esm.js";
import { drafts } from "./drafts.js";
import { files } from "./files.js";
import { keys } from "./keys.js";
import { menus } from "./menus.js";
import { rows } from "./rows.js";

// No eval and no injected style: the page's content security policy forbids both, and nothing needs them.
Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
});

menus(document);
files(document);
rows(document);
keys(document);
drafts(document);

// The inbox swaps the open work item only; the list keeps its place and learns which line is open.
document.addEventListener("htmx:load", (event) => drafts(event.detail.elt.parentElement || document));
document.addEventListener("htmx:afterSwap", (event) => {
  const line = event.detail.requestConfig?.elt;
  if (!line?.classList.contains("item")) return;
  for (const other of document.querySelectorAll(".item[aria-current]")) other.removeAttribute("aria-current");
  line.setAttribute("aria-current", "true");
  document.querySelector(".three")?.classList.add("open");
  document.body.classList.add("acting");
  document.querySelector("#work .scroll")?.focus({ preventScroll: true });
});
