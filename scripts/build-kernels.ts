import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const packageFolder = fileURLToPath(new URL("../packages/embed-once/", import.meta.url));
const target = fileURLToPath(new URL("../packages/embed-once/src/codec/kernels.wasm.ts", import.meta.url));

const OPTIONS = ["--optimizeLevel", "3", "--shrinkLevel", "0", "--converge", "--noAssert", "--runtime", "stub"];

/**
 * Compiles the AssemblyScript kernels (packages/embed-once/assembly) and writes them as a TypeScript module with the
 * WebAssembly bytes in base64, so that the package has no file to find at run time.
 */
export async function buildKernels(): Promise<void> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      ...["assembly/index.ts", "--baseDir", packageFolder, "--outFile", "kernels.wasm"],
      ...[...OPTIONS, "--enable", "simd", "--initialMemory", "1"],
    ],
    {
      writeFile(name: string, contents: string | Uint8Array): void {
        if (name === "kernels.wasm" && typeof contents !== "string") binary = contents;
      },
    },
  );
  if (error) throw new Error(`The kernels do not compile.\n${stderr.toString()}`, { cause: error });
  if (binary === undefined) throw new Error("The compiler wrote no kernels.");
  writeFileSync(
    target,
    `// Built from assembly/ by scripts/build-kernels.ts; not to be edited.\n` +
      `/** The kernels' WebAssembly module, base64. */\n` +
      `export const KERNELS_WASM: string =\n  "${Buffer.from(binary).toString("base64")}";\n`,
  );
}

if (import.meta.main) await buildKernels();
