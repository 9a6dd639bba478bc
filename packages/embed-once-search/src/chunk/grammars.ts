import { readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import type { GrammarName } from "../languages.ts";
import { compileGrammar, type Grammar, TreeSitter, type WasmModule } from "./tree-sitter.ts";

/** The instance in use, while there is one. */
let running: TreeSitter | undefined;

/** Loaded into an instance that is given up since. */
const lost = new Set<GrammarName>();

/** Compiled once a process: another instance takes them as they are. */
const modules = new Map<GrammarName, Promise<WasmModule>>();

/** Whether these grammars, and all that were loaded ever, are there. */
export function areGrammarsLoaded(names: Iterable<GrammarName>): boolean {
  return running !== undefined && lost.size === 0 && [...names].every((name) => running!.grammars.has(name));
}

/** Loads grammars once a process, and again after an instance was given up, those that it had too. */
export async function loadGrammars(names: Iterable<GrammarName>): Promise<void> {
  const wanted = [...new Set([...names, ...lost])];
  if (wanted.length === 0) return;
  const compiled = await Promise.all(wanted.map(compile));
  // Nobody can give up what is new before this goes on.
  if (running === undefined) {
    const fresh = await TreeSitter.start();
    running ??= fresh;
  }
  for (const [index, name] of wanted.entries()) {
    running.load(name, compiled[index]!);
    lost.delete(name);
  }
}

/**
 * What some work with a grammar comes to, `undefined` where it throws. Then the instance may have any damage, since all
 * its grammars share one memory, and is given up; till others are loaded, all such work comes to `undefined`.
 *
 * @throws Error for a grammar that was never loaded
 */
export function tryWithGrammar<Result>(
  name: GrammarName,
  work: (grammar: Grammar) => Result | undefined,
): Result | undefined {
  const instance = running;
  const grammar = instance?.grammars.get(name);
  if (instance === undefined || grammar === undefined) {
    if (lost.has(name)) return undefined;
    throw new Error(`The grammar of ${name} is not loaded; prepareToChunk must come first`);
  }
  try {
    const result = work(grammar);
    instance.boundCalls();
    if (instance.isBloated) giveUp(instance);
    return result;
  } catch {
    giveUp(instance);
    return undefined;
  }
}

function giveUp(instance: TreeSitter): void {
  running = undefined;
  for (const name of instance.grammars.keys()) lost.add(name);
  instance.abandon();
}

function compile(name: GrammarName): Promise<WasmModule> {
  let module = modules.get(name);
  if (module === undefined) {
    module = readGrammar(name);
    module.catch(() => modules.delete(name));
    modules.set(name, module);
  }
  return module;
}

async function readGrammar(name: GrammarName): Promise<WasmModule> {
  // The same way from src/chunk as from dist/chunk.
  const url = new URL(`../../grammars/${name}.wasm.zst`, import.meta.url);
  let packed: Buffer;
  try {
    packed = readFileSync(url);
  } catch (cause) {
    throw new Error(`The grammar of ${name} is missing; in the repository \`npm run build\` gathers it`, { cause });
  }
  return compileGrammar(zstdDecompressSync(packed));
}
