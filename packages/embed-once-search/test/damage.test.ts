import { hash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { seededRandom } from "../../embed-once/test/codec/provider-vectors.ts";
import { SemanticSearchEngine } from "../src/index.ts";
import { openIndexFile } from "../src/index-file.ts";
import { setModified, temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

const PAGE = 8192;
const FILES = 60;
const ROUNDS = 10;

/** Letters alone: `WordEmbedder` knows no digits. */
const nameOf = (index: number): string => `name${String.fromCharCode(97 + Math.floor(index / 26), 97 + (index % 26))}`;

type Random = () => number;

/** What happens to the bytes of a file. */
const DAMAGE: Record<string, (bytes: Buffer, random: Random) => Buffer> = {
  "20 bits turned over": (bytes, random) => {
    for (let i = 0; i < 20; i++) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
    return bytes;
  },
  "two pages in each other's place": (bytes, random) => {
    const [a, b] = [0, 1].map(() => PAGE * Math.floor((random() * bytes.length) / PAGE)) as [number, number];
    const page = Buffer.from(bytes.subarray(a, a + PAGE));
    bytes.copy(bytes, a, b, b + PAGE);
    page.copy(bytes, b);
    return bytes;
  },
  "a stretch of zeros": (bytes, random) => {
    const from = Math.floor(random() * bytes.length);
    return bytes.fill(0, from, Math.min(bytes.length, from + 1 + Math.floor(random() * 5000)));
  },
  "an end cut off": (bytes, random) => bytes.subarray(0, Math.floor(random() * bytes.length)),
};

/** A folder with a complete index, of which damaged copies can be put in its place. */
async function setUp() {
  const [root, indexDirectory] = [temporaryFolder(), temporaryFolder()];
  for (let i = 0; i < FILES; i++) {
    writeTree(root, { [`${i}.ts`]: `export const ${nameOf(i)} = "some text ${i}";\n` });
    setModified(join(root, `${i}.ts`), 1_700_000_000);
  }
  const openEngine = (): SemanticSearchEngine =>
    new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory, onWarning: () => {} });
  const engine = openEngine();
  await engine.index(root);
  const { indexPath } = await engine.status(root);
  await engine.close();
  const sound = readFileSync(indexPath);
  const place = (bytes: Buffer): void => {
    const directory = dirname(indexPath);
    for (const name of readdirSync(directory)) if (name.includes(".sqlite")) rmSync(join(directory, name));
    writeFileSync(indexPath, bytes);
  };
  const notFound = async (searching: SemanticSearchEngine): Promise<string[]> => {
    const missing: string[] = [];
    for (let i = 0; i < FILES; i++) {
      const results = await searching.search(nameOf(i), root, { index: false });
      if (!results.some(({ file }) => file === `${i}.ts`)) missing.push(`${i}.ts`);
    }
    return missing;
  };
  return { root, indexPath, sound, place, openEngine, notFound };
}

const COMPLETE = { state: "complete", files: FILES, vectors: FILES };

describe("an index with", () => {
  test.each(Object.entries(DAMAGE))(
    "%s fails no search, and finds everything after one more indexing",
    async (name, damage) => {
      const { root, sound, place, openEngine, notFound } = await setUp();
      const random = seededRandom(20_261 + name.length);
      for (let round = 0; round < ROUNDS; round++) {
        place(damage(Buffer.from(sound), random));
        const first = openEngine();
        for (const index of [1, 17, 42]) await first.search(nameOf(index), root, { index: false });
        await first.index(root);
        await first.close();
        const second = openEngine();
        expect([round, await notFound(second)]).toEqual([round, []]);
        expect(await second.status(root)).toMatchObject(COMPLETE);
        await second.close();
      }
    },
  );

  test("one record damaged is met by the search, which answers, and has its vector again", async () => {
    const { root, indexPath, openEngine, notFound } = await setUp();
    const { database } = openIndexFile(indexPath);
    database.exec("UPDATE vector SET record = zeroblob(length(record)) WHERE row = 7");
    database.close();
    const engine = openEngine();
    onTestFinished(() => engine.close());
    expect(await notFound(engine)).toEqual([]);
    await engine.index(root);
    expect(await engine.status(root)).toMatchObject(COMPLETE);
  });

  test("one bit turned over in a text's key, wherever that stands, finds everything after one more indexing", async () => {
    const { root, sound, place, openEngine, notFound } = await setUp();
    const key = hash("sha256", `export const ${nameOf(7)} = "some text 7";`, "buffer");
    let places = 0;
    for (let at = sound.indexOf(key); at !== -1; at = sound.indexOf(key, at + 1)) {
      const bytes = Buffer.from(sound);
      bytes[at]! ^= 1;
      place(bytes);
      const engine = openEngine();
      await engine.index(root);
      expect([places, await notFound(engine)]).toEqual([places, []]);
      expect(await engine.status(root)).toMatchObject(COMPLETE);
      await engine.close();
      places++;
    }
    expect(places).toBe(4); // two tables, and an index of each
  });

  test("a damaged key in a chunk is met by the search, which answers", async () => {
    const { root, sound, place, openEngine } = await setUp();
    const key = hash("sha256", `export const ${nameOf(7)} = "some text 7";`, "buffer");
    const found: (string | undefined)[] = [];
    for (let at = sound.indexOf(key); at !== -1; at = sound.indexOf(key, at + 1)) {
      const bytes = Buffer.from(sound);
      bytes[at]! ^= 1;
      place(bytes);
      const engine = openEngine();
      found.push((await engine.search(nameOf(7), root, { index: false }))[0]?.file);
      await engine.close();
    }
    expect(found).toEqual(["7.ts", "7.ts", "7.ts", "7.ts"]);
  });

  test.each([
    ["a chunk less than words have", "DELETE FROM chunk WHERE file_id = (SELECT id FROM file WHERE path = '7.ts')"],
    ["fewer vectors than it calls itself complete with", "DELETE FROM vector WHERE row = 7"],
  ])("%s is built again", async (_name, damage) => {
    const { root, indexPath, openEngine } = await setUp();
    const { database } = openIndexFile(indexPath);
    database.exec(damage);
    database.close();
    const engine = openEngine();
    onTestFinished(() => engine.close());
    expect((await engine.search(nameOf(7), root))[0]?.file).toBe("7.ts");
    expect(await engine.status(root)).toMatchObject(COMPLETE);
  });
});
