import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CodeBlock, IDirectoryScanner, IEmbedder, IVectorStore } from "./interfaces.ts";

const BATCH = 60;

export class DirectoryScanner implements IDirectoryScanner {
  readonly #embedder: IEmbedder;
  readonly #store: IVectorStore;

  constructor(embedder: IEmbedder, store: IVectorStore) {
    this.#embedder = embedder;
    this.#store = store;
  }

  async scan(folder: string): Promise<number> {
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    const blocks = files.sort().flatMap((file) => blocksOf(file, readFileSync(join(folder, file), "utf8")));
    for (let start = 0; start < blocks.length; start += BATCH) {
      const batch = blocks.slice(start, start + BATCH);
      const { embeddings } = await this.#embedder.createEmbeddings(batch.map(({ text }) => text));
      for (const [i, block] of batch.entries()) this.#store.upsert(block, embeddings[i]!);
    }
    return blocks.length;
  }
}

/** What stands between empty lines. The project itself parses. */
function blocksOf(file: string, text: string): CodeBlock[] {
  let startLine = 1;
  return text.split("\n\n").map((block) => {
    const found = { file, startLine, text: block };
    startLine += block.split("\n").length + 1;
    return found;
  });
}
