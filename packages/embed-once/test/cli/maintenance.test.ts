import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import { numberedEntry } from "../tier/numbered-entry.ts";
import { COMMAND, environmentOf } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-maintenance-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newPath = () => join(folder, String(count++));

async function filled(entries: number, model?: string): Promise<string> {
  const directory = newPath();
  await using cache = await openCache({ directory });
  await cache.setMany(
    Array.from({ length: entries }, (_, i) => ({ key: numberedEntry(i).key, vector: [i, i / 3, -0], model })),
  );
  return directory;
}

function run(directory: string, ...args: string[]) {
  const env = environmentOf(folder);
  const command = [...COMMAND, "--cache-dir", directory, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8", env });
  return { status, stdout: stdout.trim(), stderr };
}

describe("the maintenance commands", () => {
  test("verify says that all is well, and ends with code 1 where something is damaged", async () => {
    const directory = await filled(50);
    expect(run(directory, "verify")).toMatchObject({ status: 0, stdout: "50 vectors sound, 0 damaged" });
    const path = join(directory, "vectors-v2.lmdb");
    const bytes = readFileSync(path);
    bytes[bytes.indexOf(numberedEntry(7).key) + 40]! ^= 1;
    writeFileSync(path, bytes);
    const { status, stdout } = run(directory, "verify", "--json");
    expect({ status, report: JSON.parse(stdout) }).toEqual({ status: 1, report: { sound: 49, damaged: 1 } });
  });

  test("export and import hand a warm cache on; clear empties it, one model or all; compact ends well", async () => {
    const [from, to, pack] = [await filled(50, "small"), newPath(), newPath()];
    expect(run(from, "export", pack)).toMatchObject({ status: 0, stdout: `50 vectors written to ${pack}` });
    expect(run(to, "import", pack)).toMatchObject({ status: 0, stdout: "50 vectors imported" });
    expect(run(to, "clear", "--model", "large")).toMatchObject({ status: 0, stdout: "0 vectors removed" });
    expect(run(to, "verify")).toMatchObject({ status: 0, stdout: "50 vectors sound, 0 damaged" });
    expect(run(to, "clear", "--model", "small")).toMatchObject({ status: 0, stdout: "50 vectors removed" });
    expect(run(to, "compact")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^from .* to /) });
    expect(run(to, "import", newPath())).toMatchObject({ status: 1, stderr: expect.stringContaining("there is no ") });
  });

  test("clear removes nothing of a model that only the environment or a file names, until it is told which", async () => {
    const [directory, settings] = [await filled(50, "small"), newPath()];
    writeFileSync(settings, '{ "model": "large" }');
    const refused = run(directory, "clear", "--config", settings);
    expect(refused).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("names the model large: --model large"),
    });
    expect(run(directory, "verify")).toMatchObject({ stdout: "50 vectors sound, 0 damaged" });
    expect(run(directory, "clear", "--config", settings, "--all")).toMatchObject({ stdout: "50 vectors removed" });
  });

  test.each(["verify", "compact", "clear", "export"])("%s makes no cache where there is none", (name) => {
    const directory = newPath();
    const { status, stderr } = run(directory, name, ...(name === "export" ? [newPath()] : []));
    expect({ status, stderr }).toEqual({ status: 1, stderr: `embed-once: there is no cache in ${directory}\n` });
  });

  test("keep to the budget of the settings that are named", async () => {
    const [to, pack, settings] = [newPath(), newPath(), newPath()];
    await using from = await openCache({ directory: await filled(5_000) });
    await from.exportPack(pack);
    writeFileSync(settings, '{ "diskBytes": 300000 }');
    expect(run(to, "import", pack, "--config", settings)).toMatchObject({ status: 0 });
    await using cache = await openCache({ directory: to });
    const { entries } = cache.statistics().tiers.L3;
    expect(entries).toBeGreaterThan(100);
    expect(entries).toBeLessThan(4_000);
    // And to that of the directory where no settings are named.
    expect(run(to, "import", pack)).toMatchObject({ status: 0 });
    expect(cache.statistics().tiers.L3).toMatchObject({ maxBytes: 300_000, entries: expect.closeTo(entries, -2) });
  });
});
