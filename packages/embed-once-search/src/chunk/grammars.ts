import { readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { Language, Parser } from "web-tree-sitter";
import type { GrammarName } from "../languages.ts";

/** A grammar in memory, with a parser of its own that is used for one text after the other. */
export interface Grammar {
  language: Language;
  parser: Parser;
}

const loaded = new Map<GrammarName, Grammar>();
const loading = new Map<GrammarName, Promise<void>>();

/** Loads a grammar once a process. */
export async function loadGrammar(name: GrammarName): Promise<void> {
  if (loaded.has(name)) return;
  let load = loading.get(name);
  if (load === undefined) {
    load = read(name).finally(() => loading.delete(name));
    loading.set(name, load);
  }
  await load;
}

/** @throws Error for one that was not loaded */
export function loadedGrammar(name: GrammarName): Grammar {
  const grammar = loaded.get(name);
  if (grammar === undefined) throw new Error(`The grammar of ${name} is not loaded; prepareToChunk must come first`);
  return grammar;
}

async function read(name: GrammarName): Promise<void> {
  await Parser.init();
  const language = await Language.load(zstdDecompressSync(readGrammar(name)));
  const parser = new Parser();
  parser.setLanguage(language);
  loaded.set(name, { language, parser });
}

function readGrammar(name: GrammarName): Buffer {
  // The same way from src/chunk as from dist/chunk.
  const url = new URL(`../../grammars/${name}.wasm.zst`, import.meta.url);
  try {
    return readFileSync(url);
  } catch (cause) {
    throw new Error(`The grammar of ${name} is missing; in the repository \`npm run build\` gathers it`, { cause });
  }
}
