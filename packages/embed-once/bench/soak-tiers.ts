/**
 * Kills a thousand writing processes, one to four at once, in one directory and looks whether anything acknowledged is
 * lost or wrong: `npm run soak:tiers`. Argument: processes, 1,000 where it is left out.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killRounds } from "../test/tier/kill-rounds.ts";

const processes = Number(process.argv[2] ?? 1_000);
const folder = mkdtempSync(join(tmpdir(), "embed-once-soak-"));
try {
  const { acknowledged, lost, wrong } = await killRounds(join(folder, "cache"), processes, (report) => {
    if (report.killed % 100 === 0) {
      process.stdout.write(
        `${report.killed} of ${processes} processes killed, ${report.acknowledged} entries acknowledged\n`,
      );
    }
  });
  process.stdout.write(`${processes} processes killed, ${acknowledged} entries acknowledged\n`);
  process.stdout.write(`${lost} lost, ${wrong} wrong\n`);
  if (lost + wrong > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
