import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { SemanticSearchEngine } from "../src/index.ts";
import { openIndexFile, SCHEMA_VERSION, setAside } from "../src/index-file.ts";
import { openDatabase } from "../src/sqlite.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";
import { WordEmbedder } from "./support/word-embedder.ts";

const permissions = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("an index file", () => {
  test.skipIf(process.platform === "win32")("and what SQLite puts beside it are for their owner alone", () => {
    const path = join(temporaryFolder(), "indexes", "one", "index.sqlite");
    const { database } = openIndexFile(path);
    onTestFinished(() => database.close());
    database.exec("INSERT INTO meta VALUES ('a', 'b')");
    expect(readdirSync(dirname(path)).sort()).toEqual(["index.sqlite", "index.sqlite-shm", "index.sqlite-wal"]);
    for (const name of readdirSync(dirname(path))) expect(permissions(join(dirname(path), name))).toBe("600");
    expect([permissions(dirname(path)), permissions(dirname(dirname(path)))]).toEqual(["700", "700"]);
  });

  test("is opened again with what it holds, without a warning", () => {
    const path = join(temporaryFolder(), "index.sqlite");
    const first = openIndexFile(path);
    first.database.exec("INSERT INTO meta VALUES ('a', 'b')");
    first.database.close();
    const { database, warning } = openIndexFile(path);
    expect([database.prepare("SELECT value FROM meta").get()?.value, warning]).toEqual(["b", undefined]);
    database.close();
  });

  test.each([
    [
      "text",
      "This is no database. ".repeat(500),
      "index.damaged.sqlite",
      /is damaged; it was set aside as index\.damaged\.sqlite/,
    ],
    [
      "a later version",
      SCHEMA_VERSION + 7,
      `index.version-${SCHEMA_VERSION + 7}.sqlite`,
      new RegExp(`has version ${SCHEMA_VERSION + 7}, where ${SCHEMA_VERSION} was expected`),
    ],
    ["another program's database", "foreign", "index.foreign.sqlite", /is another program's database/],
  ])("that turns out to be %s is set aside and replaced, with one warning", (_name, content, aside, message) => {
    const path = join(temporaryFolder(), "index.sqlite");
    if (content === "foreign") {
      const database = openDatabase(path);
      database.exec("CREATE TABLE someone_elses (value)");
      database.close();
    } else if (typeof content === "number") {
      const { database } = openIndexFile(path);
      database.exec(`PRAGMA user_version = ${content}`);
      database.close();
    } else {
      writeFileSync(path, content);
    }
    const { database, warning } = openIndexFile(path);
    expect(warning).toMatch(message);
    expect(database.prepare("SELECT count(*) AS files FROM file").get()?.files).toBe(0);
    expect(readdirSync(dirname(path))).toContain(aside);
    database.close();
    expect(openIndexFile(path).warning).toBeUndefined();
  });

  test("is set aside only where it is still the one that is meant", () => {
    const path = join(temporaryFolder(), "index.sqlite");
    const first = openIndexFile(path);
    expect(setAside(path, first.file)).toMatch(/is damaged; it was set aside as index\.damaged\.sqlite/);
    const second = openIndexFile(path);
    second.database.exec("INSERT INTO meta VALUES ('a', 'b')");
    expect(setAside(path, first.file)).toBeUndefined();
    first.database.close();
    const names = ["index.damaged.sqlite", "index.sqlite", "index.sqlite-shm", "index.sqlite-wal"];
    expect(readdirSync(dirname(path)).sort()).toEqual(names);
    second.database.close();
    const third = openIndexFile(path);
    expect(third.database.prepare("SELECT value FROM meta").get()?.value).toBe("b");
    third.database.close();
  });

  test("may find a folder in its place", () => {
    const path = join(temporaryFolder(), "index.sqlite");
    mkdirSync(path);
    const { database, warning } = openIndexFile(path);
    expect(warning).toMatch(/set aside/);
    database.close();
  });

  test("whose pages are damaged in the middle costs a search one warning and a rebuild, not its answer", async () => {
    const [root, indexDirectory] = [temporaryFolder(), temporaryFolder()];
    for (let i = 0; i < 60; i++)
      writeTree(root, { [`file${i}.ts`]: `export const name${i} = "${"text ".repeat(40)}${i}";\n` });
    const first = new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory });
    const expected = await first.search("name33", root);
    const { indexPath } = await first.status(root);
    await first.close();

    const bytes = readFileSync(indexPath);
    bytes.fill(0x5a, 4096 * 2);
    writeFileSync(indexPath, bytes);
    const warnings: string[] = [];
    const onWarning = (message: string): void => void warnings.push(message);
    const second = new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory, onWarning });
    onTestFinished(() => second.close());
    expect(await second.search("name33", root)).toEqual(expected);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/is damaged; it was set aside/);
  });

  test("that cannot be made says where and why in one line", async () => {
    const folder = temporaryFolder();
    writeTree(folder, { "a-file": "" });
    const engine = new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory: join(folder, "a-file") });
    await expect(engine.index(folder)).rejects.toThrow(/^The index .*a-file.* cannot be opened: .*$/);
  });

  test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "says so where its folder may not be written to",
    async () => {
      const indexDirectory = temporaryFolder();
      chmodSync(indexDirectory, 0o500);
      const engine = new SemanticSearchEngine({ embedder: new WordEmbedder(), indexDirectory });
      await expect(engine.index(temporaryFolder())).rejects.toThrow(/cannot be opened: .*EACCES/);
    },
  );
});
