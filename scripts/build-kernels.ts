import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import asc from "assemblyscript/asc";

/** Compiles `assembly/` into one WebAssembly module, embedded as text so that no file is needed at run time. */
export async function buildKernels(): Promise<void> {
  const packageFolder = join(import.meta.dirname, "../packages/embed-once");
  const output = await mkdtemp(join(tmpdir(), "embed-once-kernels-"));
  try {
    const { error, stderr } = await asc.main([
      join(packageFolder, "assembly/index.ts"),
      ...["--outFile", join(output, "kernels.wasm"), "--runtime", "stub", "--enable", "simd"],
      ...["--optimizeLevel", "3", "--shrinkLevel", "0", "--noAssert", "--converge"],
    ]);
    if (error) throw new Error(stderr.toString(), { cause: error });
    const base64 = (await readFile(join(output, "kernels.wasm"))).toString("base64");
    await writeFile(
      join(packageFolder, "src/codec/kernels.wasm.ts"),
      `// Built from assembly/ by "npm run build".\nexport const KERNELS_BASE64: string =\n  "${base64}";\n`,
    );
  } finally {
    await rm(output, { recursive: true });
  }
}

if (import.meta.main) await buildKernels();
