import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** Files that are started or imported by their path, besides those that `exports` names. */
const STARTED = ["cli/main", "tier/lmdb-trial"];

/**
 * Bundles a package's modules into one file for each of its entries and few that they share: a hundred small files take
 * three times as long to import. What is shared lies in a folder as deep as the sources', so that paths relative to a
 * module stay right.
 */
export async function bundle(folder: string): Promise<void> {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  const entries = Object.values(exports)
    .flatMap((target) => (typeof target === "string" ? [] : [target.default]))
    .map((path) => path.replace(/^\.\/dist\/(.*)\.js$/, "$1"));
  const build = await rolldown({
    input: Object.fromEntries([...entries, ...STARTED].map((name) => [name, join(folder, "src", `${name}.ts`)])),
    external: /^[^./]/,
    platform: "node",
  });
  await build.write({
    dir: join(folder, "dist"),
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "shared/[name]-[hash].js",
    // Readable, without comments: they are in src, which is packed, too, and which the source maps lead to.
    comments: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  await build.close();
}
