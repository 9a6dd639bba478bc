/** Takes the write lock of a directory's database, says so, and keeps it for some seconds. Arguments: directory, ms. */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import { LMDB_OPTIONS } from "../../src/tier/lmdb-options.ts";

const [directory, holdMs] = process.argv.slice(2);
const root = open({ ...LMDB_OPTIONS, path: join(directory!, "vectors-v2.lmdb") });
root.transactionSync(() => {
  writeSync(1, "locked\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(holdMs));
});
await root.close();
