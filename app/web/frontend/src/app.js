// Small improvements on pages that work without them. Nothing here decides anything: the server does.
import "htmx.org/dist/htmx.esm.js";
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
  scrollIntoViewOnBoost: false,
});

document.documentElement.classList.add("js");

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]');
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
});

menus(document);
drafts(document);
files(document);
rows(document);
keys(document);
