// Bundles the browser's part into ../static/built, names every file by its content, and writes the list of names.
import { build } from "esbuild";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "built");
mkdirSync(out, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/app.js", "src/diagram.js", "src/app.css"],
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome100", "edge100", "firefox102", "safari15.4"],
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
});

// app.js and app.css have one stem: the manifest tells them apart by the file they were built from.
const manifest = {};
for (const [file, made] of Object.entries(result.metafile.outputs)) {
  if (made.entryPoint) {
    manifest[basename(made.entryPoint)] = basename(file);
    if (made.cssBundle) manifest[basename(made.entryPoint).replace(/\.js$/, ".css")] = basename(made.cssBundle);
  }
}
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

// What an earlier build left behind goes only after the new list is in place.
const keep = new Set(["manifest.json", ...Object.keys(result.metafile.outputs).map((file) => basename(file))]);
for (const name of readdirSync(out)) if (!keep.has(name)) rmSync(join(out, name));
