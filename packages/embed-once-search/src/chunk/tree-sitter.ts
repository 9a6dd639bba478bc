import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Language, Parser } from "web-tree-sitter";
import type { GrammarName } from "../languages.ts";
import { CALLS_LEFT, MOST_CALLS, metered } from "./metering.ts";

/** A grammar in memory, with a parser of its own that is used for one text after the other. */
export interface Grammar {
  language: Language;
  parser: Parser;
  /** The instance that it lies in. */
  instance: TreeSitter;
}

/**
 * tree-sitter's own stack has 64 KB and nothing that guards its end: some 2,000 levels of a text that the grammar cannot
 * read, and it overwrites what the parser rests on. With so much, the thread's stack ends first, and that throws.
 */
const STACK_BYTES = 4 << 20;

/**
 * The scanner of the Swift grammar asks for no bytes of cleared memory, and keeps its state there. What lay there before
 * made it look for the ends of strings that nobody had begun, from the second text on.
 */
const LEAST_CLEARED_BYTES = 64;

/** The addresses that a stack may begin at. */
const STACK_ALIGNMENT = 16;

/** Of memory, 64 KB each: those that the library's module is linked for, and the most that a text may take. */
const FIRST_PAGES = 512;
const MOST_PAGES = 8192;

/** An instance whose memory grew beyond this is given up: memory never shrinks, and no text of a usual size takes half of it. */
const MAX_KEPT_BYTES = 256 << 20;

/** What is used of WebAssembly, which @types/node does not declare. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  Instance: new (module: WasmModule, imports: object) => WasmInstance;
  Memory: new (pages: { initial: number; maximum: number }) => { buffer: ArrayBufferLike };
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WasmModule>;
};

/** A compiled module, which any instance takes. */
export type WasmModule = object & { readonly __brand: "WebAssembly.Module" };

interface WasmInstance {
  exports: Record<string, unknown>;
}

interface WasmGlobal {
  value: number;
}

/** What an instance is made of, and what it offers, as Emscripten has them. */
interface Imports {
  env: { __stack_pointer: WasmGlobal; memory: { buffer: ArrayBufferLike }; calloc: Calloc };
}

interface Emscripten {
  _malloc(bytes: number): number;
  _calloc: Calloc;
}

type Calloc = (count: number, bytes: number) => number;

let compiled: WasmModule | undefined;

/** Compiles a grammar, for any instance. */
export function compileGrammar(bytes: Uint8Array<ArrayBuffer>): Promise<WasmModule> {
  return WebAssembly.compile(bytes);
}

/** One instance of tree-sitter in WebAssembly: a memory, and the grammars that were loaded into it. */
export class TreeSitter {
  readonly grammars = new Map<GrammarName, Grammar>();
  readonly #library: typeof import("web-tree-sitter");
  readonly #module: Emscripten;
  readonly #memory: Imports["env"]["memory"];
  readonly #callsLeft: WasmGlobal;

  private constructor(
    library: typeof import("web-tree-sitter"),
    module: Emscripten,
    { env }: Imports,
    { exports }: WasmInstance,
  ) {
    this.#library = library;
    this.#module = module;
    this.#memory = env.memory;
    this.#callsLeft = exports[CALLS_LEFT] as WasmGlobal;
    const end = module._malloc(STACK_BYTES) + STACK_BYTES;
    env.__stack_pointer.value = end - (end % STACK_ALIGNMENT);
    // Grammars take from there what they import.
    env.calloc = (count, bytes) => module._calloc(1, Math.max(count * bytes, LEAST_CLEARED_BYTES));
  }

  static async start(): Promise<TreeSitter> {
    const library = freshLibrary();
    let parts: [Imports, WasmInstance] | undefined;
    const options = {
      wasmMemory: new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MOST_PAGES }),
      instantiateWasm(imports: Imports, receive: (instance: WasmInstance, module: WasmModule) => void) {
        compiled ??= new WebAssembly.Module(metered(readFileSync(wasmPath())));
        const instance = new WebAssembly.Instance(compiled, imports);
        parts = [imports, instance];
        receive(instance, compiled);
        return {};
      },
    };
    // The library makes its options the module, whose functions it calls.
    await library.Parser.init(options as Parameters<typeof Parser.init>[0]);
    return new TreeSitter(library, options as unknown as Emscripten, ...parts!);
  }

  /** Takes a grammar in, unless it is there. */
  load(name: GrammarName, module: WasmModule): void {
    if (this.grammars.has(name)) return;
    const language = this.#library.Language.loadSync(module);
    const parser = new this.#library.Parser();
    parser.setLanguage(language);
    this.grammars.set(name, { language, parser, instance: this });
  }

  /** Lets the instance trap after so many calls of functions in it. @param most @default no bound */
  boundCalls(most: number = MOST_CALLS): void {
    this.#callsLeft.value = most | 0;
  }

  get callsLeft(): number {
    return this.#callsLeft.value >>> 0;
  }

  /** Whether its memory is larger than it should be kept. */
  get isBloated(): boolean {
    return this.#memory.buffer.byteLength > MAX_KEPT_BYTES;
  }

  /** Lets go of an instance whose memory nothing can be said of. */
  abandon(): void {
    // The library frees there what the collector finds, and a trap in that would end the process.
    for (const name of Object.keys(this.#module)) {
      if (name === "_free" || /^_ts_.*delete/.test(name)) Object.assign(this.#module, { [name]: () => {} });
    }
  }
}

/**
 * web-tree-sitter has one instance a module and no way to end it. As CommonJS the module can be had anew, and goes with
 * its last user; others in this process keep theirs.
 */
function freshLibrary(): typeof import("web-tree-sitter") {
  const require = createRequire(import.meta.url);
  const path = require.resolve("web-tree-sitter");
  const others = require.cache[path];
  delete require.cache[path];
  try {
    return require(path);
  } finally {
    if (others === undefined) delete require.cache[path];
    else require.cache[path] = others;
  }
}

function wasmPath(): string {
  return createRequire(import.meta.url).resolve("web-tree-sitter/web-tree-sitter.wasm");
}
