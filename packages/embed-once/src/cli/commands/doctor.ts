import type { Command } from "commander";
import { AS_ASKED, describeOption, type ResolvedConfig } from "../../config.ts";
import { CommandFailure } from "../errors.ts";
import { formatBytes, type Output, plural } from "../output.ts";
import { type CommandServices, FLAGS, type GlobalOptions, servicesFor } from "../services.ts";

interface Finding {
  what: string;
  ok: boolean;
  /** What is so, or what is wrong and what to do about it. */
  detail: string;
}

export function registerDoctorCommand(program: Command, output: Output): void {
  program
    .command("doctor")
    .description("check configuration, provider and cache, and say what to do")
    .option("--json", "as JSON")
    .action(async (_options: object, command: Command) => {
      const options: GlobalOptions & { json?: boolean } = command.optsWithGlobals();
      const silent: Output = { ...output, note: () => {} };
      const findings = await examine(() => servicesFor(options, silent));
      if (options.json) output.result(JSON.stringify({ findings }, null, 2));
      else output.result(findings.map(({ what, ok, detail }) => `${ok ? "✓" : "✗"} ${what}: ${detail}`).join("\n"));
      const wrong = findings.filter(({ ok }) => !ok);
      if (wrong.length > 0) throw new CommandFailure(`${plural(wrong.length, "check")} failed`);
    });
}

async function examine(open: () => CommandServices): Promise<Finding[]> {
  const findings: Finding[] = [
    { what: "Node.js", ok: true, detail: `${process.version} on ${process.platform} ${process.arch}` },
  ];
  let opened: CommandServices;
  try {
    opened = open();
  } catch (error) {
    return [
      ...findings,
      { what: "configuration", ok: false, detail: error instanceof Error ? error.message : String(error) },
    ];
  }
  const { services, directory, providerReason, resolved } = opened;
  const { embedderInfo, identity } = services.embedder;
  try {
    const dimensions = identity.dimensions === undefined ? "" : `, ${identity.dimensions} dimensions`;
    findings.push({ what: "settings", ok: true, detail: describeSettings(resolved) });
    findings.push({
      what: "configuration",
      ok: true,
      detail: `${embedderInfo.name}, model ${identity.model}${dimensions} (${providerReason})`,
    });
    findings.push({ what: "provider", ...(await examineProvider(opened)) });
    const { tiers, degraded } = (await services.cache()).statistics();
    const stored =
      tiers.L3.state === "open"
        ? `${plural(tiers.L3.entries, "vector")}, ${formatBytes(tiers.L3.usedBytes)}`
        : "in memory only";
    findings.push({
      what: "cache",
      ok: degraded.length === 0,
      detail: degraded.length === 0 ? `${stored} in ${directory}` : degraded.join("; "),
    });
  } finally {
    await services.close();
  }
  findings.push(await searchPackage());
  return findings;
}

async function examineProvider({ services, resolved }: CommandServices): Promise<Omit<Finding, "what">> {
  if (resolved.cache.mode === "offline") return { ok: true, detail: 'not asked in the mode "offline"' };
  const { valid, error } = await services.embedder.validateConfiguration();
  return { ok: valid, detail: valid ? "answers" : (error ?? "does not work") };
}

/** What was set, and by which flag, variable or file; secrets are not shown. */
function describeSettings({ provider, cache, sources }: ResolvedConfig): string {
  const values: Record<string, unknown> = { ...provider, ...cache };
  const set = Object.entries(sources)
    .filter(([option]) => typeof values[option] !== "function")
    .map(([option, source]) => {
      const where = source === AS_ASKED ? FLAGS[option as keyof typeof FLAGS] : source;
      return `${option} ${describeOption(option, values[option])} (${where})`;
    });
  return set.length === 0 ? "all by default" : set.join(", ");
}

async function searchPackage(): Promise<Finding> {
  const specifier = "embed-once-search/commands";
  try {
    await import(specifier);
    return { what: "search", ok: true, detail: "embed-once-search is installed" };
  } catch {
    return { what: "search", ok: false, detail: "embed-once-search is missing: npm install embed-once-search" };
  }
}
