/**
 * Opens a doubtful database and reads every row, in a process of its own: lmdb kills its process over structural
 * damage. Ends with code 0 where the file can be used, 3 where lmdb or this walk finds it damaged.
 * Argument: path of the database.
 */
import { open } from "lmdb";
import { LMDB_OPTIONS, TABLES } from "./lmdb-options.ts";

const DAMAGED = 3;

async function walk(path: string): Promise<void> {
  const root = open({ ...LMDB_OPTIONS, path });
  for (const [name, encoding] of Object.entries(TABLES)) {
    const table = root.openDB({ name, ...encoding });
    let entries = 0;
    for (const key of table.getKeys()) {
      // Reading the value follows its length and place, which may be damaged, too.
      const value = name === "meta" ? table.get(key) : table.getBinaryFast(key);
      if (value === undefined) throw new Error(`${name} holds a row that cannot be found`);
      entries++;
    }
    const { entryCount } = table.getStats() as { entryCount: number };
    if (entries !== entryCount) throw new Error(`${name} holds ${entries} of its ${entryCount} rows`);
  }
  // A commit walks the list of free pages.
  const meta = root.openDB({ name: "meta", ...TABLES.meta });
  await root.transaction(() => void meta.put("trial", (Number(meta.get("trial")) || 0) + 1));
  await root.close();
}

try {
  await walk(process.argv[2]!);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = DAMAGED;
}
