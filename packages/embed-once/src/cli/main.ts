import { Command, CommanderError, Option } from "commander";
import { ConfigurationError } from "../core/errors.ts";
import { ProviderError } from "../provider/provider-error.ts";
import { providerNames, providers } from "../provider/registry.ts";
import { registerDoctorCommand } from "./commands/doctor.ts";
import { registerInspectCommand } from "./commands/inspect.ts";
import { registerMaintenanceCommands } from "./commands/maintenance.ts";
import { registerMetricsCommand } from "./commands/metrics.ts";
import { registerSearchCommands } from "./commands/search.ts";
import { registerServeCommands } from "./commands/serve.ts";
import { registerStatsCommand } from "./commands/stats.ts";
import { registerStatusCommand } from "./commands/status.ts";
import { UsageError } from "./errors.ts";
import { type Output, terminalOutput } from "./output.ts";
import { version } from "./version.ts";

const FAILURE = 1;
const USAGE = 2;

/**
 * Runs the command line and leaves its exit code in `process.exitCode`: 0 for success, 1 for failure, 2 for wrong use.
 * @param args what follows the command's name
 */
export async function main(
  args: readonly string[] = process.argv.slice(2),
  output: Output = terminalOutput(),
): Promise<void> {
  // For good, since what is written last may fail after the end of this; once, however often this is called.
  if (!process.stdout.listeners("error").includes(onOutputError)) process.stdout.on("error", onOutputError);
  if (!process.stderr.listeners("error").includes(onStderrError)) process.stderr.on("error", onStderrError);
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error("interrupted; what was embedded so far is kept"));
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    await createProgram(output, stop.signal).parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = report(error, stop.signal);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

/** A reader such as `head` that has seen enough is no failure. */
function onOutputError({ code, message }: NodeJS.ErrnoException): void {
  if (code === "EPIPE") process.exit(0);
  process.stderr.write(`embed-once: the output cannot be written: ${message}\n`);
  process.exit(FAILURE);
}

/** Progress and notes that nobody reads are no reason to end. */
function onStderrError(): void {}

function createProgram(output: Output, signal: AbortSignal): Command {
  const program = new Command("embed-once")
    .description("Ask a repository in plain words, and embed no text twice.")
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      outputError: (text, write) => write(`embed-once: ${oneLine(text.replace(/^error: /, ""))}\n`),
    })
    .addOption(
      new Option(
        "--provider <name>",
        `who makes the vectors: ${providerNames().join(", ")}, or auto for the one whose key is set (default: local)`,
      ).helpGroup("Embedder:"),
    )
    .addOption(new Option("--model <name>", "the provider's model").helpGroup("Embedder:"))
    .addOption(new Option("--dimensions <number>", "length of the vectors").helpGroup("Embedder:"))
    .addOption(new Option("--base-url <url>", "address of the provider's API").helpGroup("Embedder:"))
    .addOption(new Option("--cache-dir <folder>", "where the cache and the indexes lie").helpGroup("Cache:"))
    .addOption(
      new Option(
        "--config <file>",
        "settings, as your own (default: embed-once.config.json here or above, as a stranger's)",
      ).helpGroup("Settings:"),
    )
    .addOption(new Option("--no-config", "read no settings").helpGroup("Settings:"))
    .addHelpText(
      "after",
      `
Environment:
  EMBED_ONCE_PROVIDER, EMBED_ONCE_MODEL, EMBED_ONCE_DIMENSIONS, EMBED_ONCE_BASE_URL, EMBED_ONCE_CACHE_DIR
                         the same as the options, which win
  EMBED_ONCE_ENCODING, EMBED_ONCE_MODE, EMBED_ONCE_MODEL_ALIAS, EMBED_ONCE_REVISION
                         the same as in a file of settings (docs/configuration.md)

Keys of providers, of which the first that is set counts:
${keyHelp()}

Examples:
  embed-once search "where is a checksum verified"
  embed-once search "retry with backoff" ~/code/server --limit 3 --json
  EMBED_ONCE_PROVIDER=openai embed-once index .
  embed-once mcp ~/code/server

Exit codes: 0 success, 1 failure, 2 wrong use, 130 interrupted.`,
    );
  registerSearchCommands(program, output, signal);
  registerStatusCommand(program, output, signal);
  registerServeCommands(program, output, signal);
  registerStatsCommand(program, output, signal);
  registerMetricsCommand(program, output, signal);
  registerInspectCommand(program, output);
  registerDoctorCommand(program, output, signal);
  registerMaintenanceCommands(program, output);
  return program;
}

/** One line for each provider that takes a key. */
function keyHelp(): string {
  const lines = [...providers].filter(([, { keyVariables }]) => keyVariables.length > 0);
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return lines.map(([name, { keyVariables }]) => `  ${name.padEnd(width)}${keyVariables.join(", ")}`).join("\n");
}

/** Says what is wrong in one line, and what kind of fault it is. */
function report(error: unknown, signal: AbortSignal): number {
  if (error instanceof CommanderError) {
    // Commander has printed its message already; help and version are no faults.
    return error.exitCode === 0 ? 0 : USAGE;
  }
  const message = describe(error);
  process.stderr.write(`embed-once: ${oneLine(message)}\n`);
  if (signal.aborted) return 130;
  const usage =
    error instanceof UsageError ||
    error instanceof ConfigurationError ||
    error instanceof TypeError ||
    error instanceof RangeError;
  return usage && !(error instanceof ProviderError) ? USAGE : FAILURE;
}

/** The system's words are no sentence for a path that somebody gave. */
function describe(error: unknown): string {
  const { code, path, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOENT" && path) return `there is no ${path}`;
  if (code === "EISDIR") return path ? `${path} is a folder` : "a file was expected, and it is a folder";
  return message ?? String(error);
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}

if (import.meta.main) await main();
