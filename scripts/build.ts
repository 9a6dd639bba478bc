import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { buildGrammars } from "./build-grammars.ts";
import { buildKernels } from "./build-kernels.ts";
import { bundle } from "./bundle.ts";

const root = join(import.meta.dirname, "..");

// With --compile, only what changes with the sources: kernels and grammars are there since the installation.
if (!process.argv.includes("--compile")) {
  await buildKernels();
  buildGrammars();
}
// The search package is compiled against the library's published types, so the library comes first.
for (const name of ["embed-once", "embed-once-search"]) {
  const folder = join(root, "packages", name);
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
    cwd: folder,
    stdio: "inherit",
  });
  // Others put the library under their own code, so it must be imported fast.
  if (name === "embed-once") await bundle(folder);
}
