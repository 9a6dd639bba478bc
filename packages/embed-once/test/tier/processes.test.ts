import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { compact } from "../../src/tier/maintenance.ts";
import { MappedTier } from "../../src/tier/mapped-tier.ts";
import { numberedEntry } from "./numbered-entry.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-processes-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Sharer {
  child: ChildProcess;
  result: Promise<{ lost: number; wrong: number; ofOthers: number }>;
}

function startSharer(directory: string, own: number, processes: number, batches: number): Sharer {
  const script = join(import.meta.dirname, "share-store.ts");
  const child = spawn(process.execPath, [script, directory, ...[own, processes, batches].map(String)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const result = new Promise<string>((resolve, reject) => {
    let output = "";
    child.stdout!.on("data", (chunk) => {
      output += chunk;
      if (output.endsWith("\n")) resolve(output);
    });
    child.on("close", (code, signal) => reject(new Error(`process ${own} ended early: ${code ?? signal}`)));
  }).then((line) => JSON.parse(line));
  return { child, result };
}

/** A transaction number as lmdb's lock file has it; the descriptor stays open, as closing it would end lmdb's locks. */
function lastTransaction(directory: string): { read(): number; write(number: number): void } {
  const file = openSync(join(directory, "vectors-v2.lmdb-lock"), "r+");
  const bytes = Buffer.alloc(4);
  return {
    read() {
      readSync(file, bytes, 0, 4, 8);
      return bytes.readUInt32LE();
    },
    write(number) {
      bytes.writeUInt32LE(number);
      writeSync(file, bytes, 0, 4, 8);
    },
  };
}

describe("the mapped tier, shared by processes", () => {
  test("loses no commit where a process that opens the file sets lmdb's transaction number back", async () => {
    const directory = join(folder, "set-back");
    const tiers = [
      await MappedTier.open({ directory, maxBytes: 1e8 }),
      await MappedTier.open({ directory, maxBytes: 1e8 }),
    ];
    const transaction = lastTransaction(directory);
    for (let number = 0; number < 60; number++) {
      await tiers[number % 2]!.set([numberedEntry(number)]);
      if (number % 3 === 0) transaction.write(transaction.read() - 1 - (number % 2));
    }
    for (const tier of tiers) {
      for (let number = 0; number < 60; number++) {
        const { key, value } = numberedEntry(number);
        expect(Buffer.compare(tier.get(key)!, value)).toBe(0);
      }
      await tier.close();
    }
  });

  test("goes on in a process that has it open twice, and in its worker threads, when another process opens it", async () => {
    const directory = join(folder, "twice");
    const tier = await MappedTier.open({ directory, maxBytes: 1e8 });
    await tier.set([numberedEntry(1)]);
    tier.get(numberedEntry(1).key);
    const second = await MappedTier.open({ directory, maxBytes: 1e8 });
    const worker = new Worker(join(import.meta.dirname, "share-store.ts"), {
      argv: [directory, "3", "1", "1"],
      stdin: true,
    });
    await once(worker, "message");
    const other = startSharer(directory, 2, 1, 1);
    expect(await other.result).toMatchObject({ lost: 0 });
    for (const number of [1, 20_000, 30_000]) expect(tier.get(numberedEntry(number).key)).toBeDefined();
    await tier.set([numberedEntry(4)]);
    expect(second.get(numberedEntry(4).key)).toBeDefined();
    other.child.stdin!.end();
    worker.stdin!.end();
    await Promise.all([once(other.child, "close"), once(worker, "exit")]);
    await tier.close();
    await second.close();
  });

  test("does not take a worker thread that was terminated for one that has it open", async ({ skip }) => {
    if (process.platform !== "linux") skip("the system does not tell of threads");
    const directory = join(folder, "terminated");
    const tier = await MappedTier.open({ directory, maxBytes: 1e8 });
    const argv = [directory, "1", "1", "1"];
    const worker = new Worker(join(import.meta.dirname, "share-store.ts"), { argv, stdin: true });
    await once(worker, "message");
    await expect(compact(tier)).rejects.toThrow(/is open in process/);
    await worker.terminate();
    await compact(tier);
    const again = await MappedTier.open({ directory, maxBytes: 1e8 });
    expect(again.get(numberedEntry(10_000).key)).toBeDefined();
    await again.set([numberedEntry(8)]);
    await again.close();
    expect(readdirSync(directory).sort()).toEqual(["vectors-v2.lmdb", "vectors-v2.lmdb-lock"]);
  });

  test("may open it any number of times, also while it writes", async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "open-while-writing.ts"), join(folder, "again")], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    await once(child, "close");
    expect(output && JSON.parse(output)).toEqual({ found: 30, kept: 60, rounds: 30 });
  });

  test("serves four that write and read at once: nothing is lost, nothing wrong, and each finds what others stored", {
    timeout: 60_000,
  }, async () => {
    const directory = join(folder, "four");
    const sharers = Array.from({ length: 4 }, (_, own) => startSharer(directory, own, 4, 60));
    const results = await Promise.all(sharers.map(({ result }) => result));
    for (const result of results) expect(result).toMatchObject({ lost: 0, wrong: 0 });
    expect(results.reduce((sum, { ofOthers }) => sum + ofOthers, 0)).toBeGreaterThan(100);
    for (const { child } of sharers) child.stdin!.end();
    await Promise.all(sharers.map(({ child }) => child.exitCode ?? once(child, "close")));
  });

  test("is open in 200 at once, and the readers that stay behind when they are killed keep no room", {
    timeout: 120_000,
  }, async () => {
    const PROCESSES = 200;
    const directory = join(folder, "many");
    const sharers: Sharer[] = [];
    // Few at the same moment: starting is what takes time, not sharing, and other tests run beside.
    for (let own = 0; own < PROCESSES; own += 4) {
      const some = Array.from({ length: 4 }, (_, i) => startSharer(directory, own + i, PROCESSES, 1));
      for (const result of await Promise.all(some.map((sharer) => sharer.result))) {
        expect(result).toMatchObject({ lost: 0, wrong: 0 });
      }
      sharers.push(...some);
    }
    expect(sharers.filter(({ child }) => child.exitCode === null)).toHaveLength(PROCESSES);
    for (const { child } of sharers) child.kill("SIGKILL");
    await Promise.all(sharers.map(({ child }) => (child.signalCode ? undefined : once(child, "close"))));

    const tier = await MappedTier.open({ directory, maxBytes: 2_000_000 });
    for (let own = 0; own < PROCESSES; own++) {
      const { key, value } = numberedEntry(own * 10_000);
      expect(Buffer.compare(tier.get(key)!, value)).toBe(0);
    }
    const write = async (first: number) => {
      for (let i = 0; i < 1_000; i += 50) {
        await tier.set(Array.from({ length: 50 }, (_, k) => numberedEntry(10_000_000 + first + i + k)));
      }
      return statSync(join(directory, "vectors-v2.lmdb")).size;
    };
    // Were an old snapshot still held, no freed page could be used again.
    const settled = await write(0);
    expect(await write(1_000)).toBeLessThan(1.5 * settled);
    expect(await write(2_000)).toBeLessThan(1.5 * settled);
    await tier.close();
  });
});
