import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { TreeSitter } from "../src/chunk/tree-sitter.ts";
import { chunkSource, chunkText, isPreparedToChunk, prepareToChunk } from "../src/chunker.ts";
import { openIndexFile } from "../src/index-file.ts";
import { IndexStore } from "../src/index-store.ts";
import { readChanges } from "../src/indexer.ts";
import { readQuestion } from "../src/question.ts";
import { expectCoverage } from "./support/chunk-coverage.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";

const SOURCES = {
  "a.ts": "function parcel() {}\n",
  "a.go": "package a\nfunc parcel() {}\n",
  "a.py": "def parcel():\n  pass\n",
};

/** Of 9 to 50 KB; each went over the end of tree-sitter's own stack, or came near. */
const BREAKING: [string, string][] = [
  ["x.ts", "+];\n".repeat(2700)],
  ["x.js", "+];\n".repeat(2700)],
  ["x.rb", "+];\n".repeat(2700)],
  ["x.go", "[{\n".repeat(3000)],
  ["x.py", "/*\n".repeat(4000)],
  ["x.ts", "+];\n".repeat(12_000)],
  ["x.go", "[{\n".repeat(15_000)],
];

/** Makes the next text trap in the middle of the parser. */
function breakNextParse(): void {
  const { boundCalls } = TreeSitter.prototype;
  vi.spyOn(TreeSitter.prototype, "boundCalls").mockImplementationOnce(function (this: TreeSitter) {
    boundCalls.call(this, 50);
  });
}

function definedIn(file: keyof typeof SOURCES): readonly string[] | undefined {
  return chunkSource(SOURCES[file], file)[0]!.definitions;
}

afterEach(() => vi.restoreAllMocks());

describe("a text that breaks the parser", () => {
  test.each(BREAKING)("%s is divided all the same, and so are others after it", async (file, text) => {
    await prepareToChunk([file, ...Object.keys(SOURCES)]);
    expectCoverage(text, chunkSource(text, file), 1500);
    await prepareToChunk([file]);
    for (const name of Object.keys(SOURCES)) expect(definedIn(name as keyof typeof SOURCES)).toEqual(["parcel"]);
    expectCoverage(text, chunkSource(text, file), 1500);
  });

  test("is divided by its looks, and others too until the grammars are loaded anew", async () => {
    await prepareToChunk(["a.go", "a.ts"]);
    breakNextParse();
    expect(chunkSource(SOURCES["a.go"], "a.go")).toEqual(chunkText(SOURCES["a.go"]));
    expect([isPreparedToChunk("a.ts"), isPreparedToChunk("a.txt")]).toEqual([false, true]);
    expect(definedIn("a.ts")).toBeUndefined();
    await prepareToChunk(["x.py"]);
    expect([isPreparedToChunk("a.ts"), isPreparedToChunk("a.go")]).toEqual([true, true]);
    expect(definedIn("a.ts")).toEqual(["parcel"]);
  });

  test("leaves nothing to the garbage collector that could fail there", async () => {
    const instances: TreeSitter[] = [];
    const abandon = vi.spyOn(TreeSitter.prototype, "abandon").mockImplementation(function (this: TreeSitter) {
      instances.push(this);
    });
    await prepareToChunk(["a.go"]);
    breakNextParse();
    chunkSource(SOURCES["a.go"], "a.go");
    abandon.mockRestore();
    const [instance] = instances as [TreeSitter];
    const { parser } = instance.grammars.get("go")!;
    instance.boundCalls(0);
    expect(() => parser.reset()).toThrow();
    instance.abandon();
    parser.delete();
  });

  test("keeps no other file of its folder out of the index", async () => {
    const root = temporaryFolder();
    writeTree(root, { "0.ts": "const zero = 0;\n", ...SOURCES, "b.ts": BREAKING[0]![1] });
    const store = new IndexStore(openIndexFile(join(temporaryFolder(), "index.sqlite")).database);
    onTestFinished(() => store.close());
    const abandon = vi.spyOn(TreeSitter.prototype, "abandon");
    breakNextParse();
    expect(await readChanges(root, store)).toMatchObject({ filesChanged: 5, problems: [] });
    expect(abandon).toHaveBeenCalled();
    const found = store.matchWords(readQuestion("parcel").words, 10);
    const definitions = found.map(({ chunkId }) => store.places([chunkId])[0]!.definitions);
    expect(definitions).toEqual([["parcel"], ["parcel"], ["parcel"]]);
  });
});

/** Calls within tree-sitter that dividing a text takes; each time that they are bounded anew, the last ones are over. */
function callsToChunk(text: string, file: string): number {
  let calls = 0;
  let bound: number | undefined;
  const { boundCalls } = TreeSitter.prototype;
  const spy = vi.spyOn(TreeSitter.prototype, "boundCalls").mockImplementation(function (this: TreeSitter, most) {
    if (bound !== undefined) calls += bound - this.callsLeft;
    bound = most;
    boundCalls.call(this, most);
  });
  const abandon = vi.spyOn(TreeSitter.prototype, "abandon").mockImplementation(function (this: TreeSitter) {
    calls += bound! - this.callsLeft;
  });
  chunkSource(text, file);
  spy.mockRestore();
  abandon.mockRestore();
  return calls;
}

describe("the effort of a parser", () => {
  const folder = join(import.meta.dirname, "golden");
  const goldens = readdirSync(folder).filter((file) => !/\.(json|md)$/.test(file));

  test.each(goldens)("is far within its bound for a usual source, as %s is", async (file) => {
    const text = readFileSync(join(folder, file), "utf8");
    await prepareToChunk([file]);
    // As few for a text that is no longer the first: Swift's scanner once kept something of each.
    const longer = text.repeat(4);
    expect(callsToChunk(text, file)).toBeLessThan(32 * text.length);
    expect(callsToChunk(longer, file)).toBeLessThan(48 * longer.length);
  });

  test("suffices for a comment that the scanner looks through again at each of its lines", async () => {
    const text = `${"# What has changed since the version before that one.\n".repeat(250)}def parcel():\n  pass\n`;
    await prepareToChunk(["x.py"]);
    expect(chunkSource(text, "x.py").at(-1)!.definitions).toEqual(["parcel"]);
  });

  test.each([
    ["x.cpp", "+}"],
    ["x.py", "?-::\n"],
    ["x.ts", "~,"],
    ["x.go", "->\n"],
  ])("is bounded where %s repeats %j", async (file, piece) => {
    const text = piece.repeat(8192 / piece.length);
    await prepareToChunk([file]);
    const calls = callsToChunk(text, file);
    expect(calls).toBeGreaterThan(1_000_000);
    expect(calls).toBeLessThan(2 * 4_100_000);
  });

  test.each(goldens)("is bounded for whatever calls itself %s", async (file) => {
    const piece = fc.constantFrom(
      ..."()[]{}<>+-*/=;,.:?!&|^%@#$~\\'\"` \na1",
      "/*",
      "*/",
      "//",
      "=>",
      "->",
      "::",
      "<a>",
      "func ",
    );
    const texts = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(""));
    await fc.assert(
      fc.asyncProperty(texts, async (repeated) => {
        const text = repeated.repeat(2000 / repeated.length);
        await prepareToChunk([file]);
        expect(callsToChunk(text, file)).toBeLessThan(2 * 2_600_000);
        expectCoverage(text, chunkSource(text, file), 1500);
      }),
      { seed: 4, numRuns: 15 },
    );
  });
});
