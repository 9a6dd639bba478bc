/**
 * Kills a writing process a thousand times in one directory and looks whether anything acknowledged is lost or wrong:
 * `npm run soak:tiers`. Argument: rounds, 1,000 where it is left out.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killRounds } from "../test/tier/kill-rounds.ts";

const rounds = Number(process.argv[2] ?? 1_000);
const folder = mkdtempSync(join(tmpdir(), "embed-once-soak-"));
try {
  const { acknowledged, lost, wrong } = await killRounds(join(folder, "cache"), rounds, (report) => {
    if (report.rounds % 50 === 0) {
      process.stdout.write(
        `${report.rounds} of ${rounds} processes killed, ${report.acknowledged} entries acknowledged\n`,
      );
    }
  });
  process.stdout.write(`${rounds} processes killed, ${acknowledged} entries acknowledged\n`);
  process.stdout.write(`${lost} lost, ${wrong} wrong\n`);
  if (lost + wrong > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
