import type { Command } from "commander";
import { UsageError } from "../errors.ts";
import { formatBytes, type Output, plural } from "../output.ts";
import { type CommandCache, cacheFor, type GlobalOptions } from "../services.ts";

const DAMAGE_FOUND = 1;

/** What a command found: for people and as JSON, and whether something is wrong. */
interface Finding {
  text: string;
  json: object;
  damage?: boolean;
}

type Progress = { onProgress: (done: number, total: number) => void };

interface MaintenanceOptions extends GlobalOptions {
  json?: boolean;
  all?: boolean;
}

/** What a command works with, besides its argument. */
interface Work extends CommandCache {
  progress: Progress;
  options: MaintenanceOptions;
}

export function registerMaintenanceCommands(program: Command, output: Output): void {
  const run =
    (label: string, work: (work: Work, argument: string) => Promise<Finding>) =>
    async (...args: unknown[]) => {
      const command = args.at(-1) as Command;
      const options: MaintenanceOptions = command.optsWithGlobals();
      const opened = await cacheFor(options, output, label === "import");
      const { cache } = opened;
      const bar = output.progress(label);
      try {
        const argument = typeof args[0] === "string" ? args[0] : "";
        const progress = { onProgress: bar.update };
        const { text, json, damage } = await work({ ...opened, progress, options }, argument);
        bar.end();
        output.result(options.json ? JSON.stringify(json, null, 2) : text);
        if (damage) process.exitCode = DAMAGE_FOUND;
      } finally {
        bar.end();
        await cache.close();
      }
    };

  program
    .command("verify")
    .description("read every record of the cache and report damage; exit code 1 where there is some")
    .option("--json", "as JSON")
    .action(
      run("verify", async ({ cache, progress }) => {
        const report = await cache.verify(progress);
        const damage = report.damaged > 0;
        const text = `${plural(report.sound, "vector")} sound, ${report.damaged} damaged`;
        return { text, json: report, damage };
      }),
    );
  program
    .command("compact")
    .description("give room that the cache no longer uses back to the file system; nobody else may have it open")
    .option("--json", "as JSON")
    .action(
      run("compact", async ({ cache, progress }) => {
        const report = await cache.compact(progress);
        const text = `from ${formatBytes(report.bytesBefore)} to ${formatBytes(report.bytesAfter)}`;
        return { text, json: report };
      }),
    );
  program
    .command("clear")
    .description("remove all vectors from the cache, or, with --model, those of one model")
    .option("--all", "of all models, although the environment or a file of settings names one")
    .option("--json", "as JSON")
    .action(
      run("clear", async ({ cache, progress, options, model }) => {
        // Whoever set a model may mean that one; vectors that are gone have to be paid for again.
        if (model && options.model === undefined && !options.all) {
          throw new UsageError(
            `${model.source} names the model ${model.name}: --model ${model.name} removes its vectors, --all those of every model`,
          );
        }
        const removed = await cache.clear(options.model, progress);
        return { text: `${plural(removed, "vector")} removed`, json: { removed } };
      }),
    );
  program
    .command("export")
    .description("write all vectors into a portable file, to hand a warm cache on")
    .argument("<file>", "the file to write")
    .option("--json", "as JSON")
    .action(
      run("export", async ({ cache, progress }, file) => {
        const exported = await cache.exportPack(file, progress);
        return { text: `${plural(exported, "vector")} written to ${file}`, json: { exported, file } };
      }),
    );
  program
    .command("import")
    .description("take in the vectors of an exported file, as far as they are sound; exit code 1 where some are not")
    .argument("<file>", "the file to read")
    .option("--json", "as JSON")
    .action(
      run("import", async ({ cache }, file) => {
        const report = await cache.importPack(file);
        const notes = [`${plural(report.imported, "vector")} imported`];
        if (report.damagedBytes > 0) notes.push(`${formatBytes(report.damagedBytes)} damaged and left out`);
        if (report.unreadable > 0) notes.push(`${plural(report.unreadable, "record")} of another version left out`);
        return { text: notes.join(", "), json: report, damage: report.damagedBytes > 0 };
      }),
    );
}
