/**
 * Opens a doubtful database and reads every row, in a process of its own: lmdb kills its process over structural
 * damage. Ends with code 0 where the file can be used, 3 where lmdb or this walk finds it damaged.
 * Argument: path of the database.
 */
import { open } from "lmdb";
import { messageOf } from "../core/errors.ts";
import { LMDB_OPTIONS, TABLES } from "./lmdb-options.ts";
import { beginsAtNewestCommit } from "./newest-commit.ts";
import { readState } from "./tier-state.ts";

const DAMAGED = 3;

async function walk(path: string): Promise<void> {
  const root = open({ ...LMDB_OPTIONS, path });
  for (const [name, encoding] of Object.entries(TABLES)) {
    const table = root.openDB({ name, ...encoding });
    for (const key of table.getKeys()) {
      // Reading the value follows its length and place, which may be damaged, too. That rows come and go meanwhile is
      // the work of others who have the file open.
      if (name !== "meta") table.getBinaryFast(key);
      else if (key === "state") readState(table.get(key));
      else table.get(key);
    }
  }
  // A commit walks the list of free pages.
  const meta = root.openDB({ name: "meta", ...TABLES.meta });
  await root.transaction(() => {
    if (beginsAtNewestCommit(root, path)) meta.put("trial", (Number(meta.get("trial")) || 0) + 1);
  });
  await root.close();
}

try {
  await walk(process.argv[2]!);
} catch (error) {
  process.stderr.write(messageOf(error));
  process.exitCode = DAMAGED;
}
