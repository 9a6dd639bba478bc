import * as fs from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { openIndexFile } from "../src/index-file.ts";
import { IndexStore } from "../src/index-store.ts";
import { readChanges } from "../src/indexer.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";

const refused = new Map<string, string>();

function refuse(path: unknown): void {
  const code = refused.get(String(path));
  if (code !== undefined) throw Object.assign(new Error(`${code}: refused, '${path}'`), { code });
}

// Tests often run as root, whom no permission keeps out.
vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    readdirSync: (...args: Parameters<typeof fs.readdirSync>) => {
      refuse(args[0]);
      return real.readdirSync(...args);
    },
    lstatSync: (...args: Parameters<typeof fs.lstatSync>) => {
      refuse(args[0]);
      return real.lstatSync(...args);
    },
  };
});

beforeEach(() => refused.clear());

async function indexed(): Promise<{ root: string; store: IndexStore; paths: () => string[] }> {
  const root = temporaryFolder();
  const store = new IndexStore(openIndexFile(join(temporaryFolder(), "index.sqlite")).database);
  onTestFinished(() => store.close());
  writeTree(root, { "a.ts": "let a;\n", "t/b.ts": "let b;\n", "t/u/c.ts": "let c;\n", "tt.ts": "let d;\n" });
  await readChanges(root, store);
  return { root, store, paths: () => [...store.knownFiles().keys()].sort() };
}

const ALL = ["a.ts", "t/b.ts", "t/u/c.ts", "tt.ts"];

describe.each(["EACCES", "EIO", "EMFILE", "ESTALE"])("where the system answers %s", (code) => {
  test("what is known of a folder that cannot be listed stays, and the folder is a problem", async () => {
    const { root, store, paths } = await indexed();
    refused.set(join(root, "t"), code);
    fs.rmSync(join(root, "tt.ts"));
    const problems = [{ file: "t", reason: "unreadable" }];
    expect(await readChanges(root, store)).toMatchObject({ filesRemoved: 1, skipped: { unreadable: 1 }, problems });
    expect(paths()).toEqual(ALL.slice(0, 3));
    for (const place of ["t", "t/u", "t/u/c.ts"]) {
      expect(await readChanges(root, store, { paths: [place] })).toMatchObject({ filesRemoved: 0, problems });
    }
    refused.clear();
    expect(await readChanges(root, store)).toMatchObject({ filesChanged: 0, filesRemoved: 0, problems: [] });
  });

  test("a root that cannot be listed fails the run and costs nothing", async () => {
    const { root, store, paths } = await indexed();
    refused.set(root, code);
    await expect(readChanges(root, store)).rejects.toThrow(`The folder ${root} cannot be read: ${code}`);
    expect(paths()).toEqual(ALL);
  });
});

test("a folder that goes while it is walked is gone", async () => {
  const { root, store, paths } = await indexed();
  refused.set(join(root, "t", "u"), "ENOENT");
  expect(await readChanges(root, store)).toMatchObject({ filesRemoved: 1, problems: [] });
  expect(paths()).toEqual(["a.ts", "t/b.ts", "tt.ts"]);
});

test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
  "a folder without permissions keeps what is known of it",
  async () => {
    const { root, store, paths } = await indexed();
    fs.chmodSync(join(root, "t"), 0o100);
    onTestFinished(() => fs.chmodSync(join(root, "t"), 0o700));
    expect(await readChanges(root, store)).toMatchObject({ filesRemoved: 0 });
    expect(paths()).toEqual(ALL);
  },
);
