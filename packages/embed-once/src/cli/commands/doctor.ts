import type { Command } from "commander";
import { indexDirectory } from "../../cache/options.ts";
import { AS_ASKED, describeOption, type ResolvedConfig } from "../../config.ts";
import { messageOf } from "../../core/errors.ts";
import { CommandFailure } from "../errors.ts";
import { formatBytes, type Output, plural } from "../output.ts";
import { type IndexStatus, loadSearchPackage } from "../search-package.ts";
import { type CommandServices, FLAGS, type GlobalOptions, servicesFor } from "../services.ts";

interface Finding {
  what: string;
  ok: boolean;
  /** What is so, or what is wrong and what to do about it. */
  detail: string;
}

export function registerDoctorCommand(program: Command, output: Output, signal: AbortSignal): void {
  program
    .command("doctor")
    .description("check configuration, provider, cache and a folder's index, and say what to do")
    .argument("[folder]", "the folder", ".")
    .option("--json", "as JSON")
    .action(async (folder: string, _options: object, command: Command) => {
      const options: GlobalOptions & { json?: boolean } = command.optsWithGlobals();
      const silent: Output = { ...output, note: () => {} };
      const findings = await examine(folder, (asksNobody) => servicesFor(options, silent, asksNobody), signal);
      if (options.json) output.result(JSON.stringify({ findings }, null, 2));
      else output.result(findings.map(({ what, ok, detail }) => `${ok ? "✓" : "✗"} ${what}: ${detail}`).join("\n"));
      const wrong = findings.filter(({ ok }) => !ok);
      if (wrong.length > 0) throw new CommandFailure(`${plural(wrong.length, "check")} failed`);
    });
}

async function examine(
  folder: string,
  open: (asksNobody: boolean) => CommandServices,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [
    { what: "Node.js", ok: true, detail: `${process.version} on ${process.platform} ${process.arch}` },
  ];
  let opened: CommandServices;
  let isConfigured = true;
  try {
    opened = open(false);
  } catch (error) {
    isConfigured = false;
    findings.push({ what: "configuration", ok: false, detail: messageOf(error) });
    try {
      // Cache and index can be looked at without a key.
      opened = open(true);
    } catch {
      return findings;
    }
  }
  const { services, directory, providerReason, resolved } = opened;
  const { embedderInfo, identity } = services.embedder;
  try {
    const dimensions = identity.dimensions === undefined ? "" : `, ${identity.dimensions} dimensions`;
    findings.push({ what: "settings", ok: true, detail: describeSettings(resolved) });
    if (isConfigured) {
      findings.push({
        what: "configuration",
        ok: true,
        detail: `${embedderInfo.name}, model ${identity.model}${dimensions} (${providerReason})`,
      });
      findings.push({ what: "provider", ...(await examineProvider(opened)) });
    }
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
    findings.push({ what: "index", ...(await examineIndex(folder, opened, signal)) });
  } finally {
    await services.close();
  }
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

async function examineIndex(
  folder: string,
  { services, directory }: CommandServices,
  signal: AbortSignal,
): Promise<Omit<Finding, "what">> {
  const warnings: string[] = [];
  try {
    const search = await loadSearchPackage();
    const status = await search.runStatus(folder, {
      embedder: services.embedder,
      indexDirectory: indexDirectory(directory),
      onWarning: (message) => warnings.push(message),
      signal,
    });
    return warnings.length > 0 ? { ok: false, detail: warnings.join("; ") } : describeIndex(status);
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  }
}

function describeIndex({
  root,
  state,
  files,
  filesIncomplete,
  chunks,
  running,
  indexPath,
}: IndexStatus): Omit<Finding, "what"> {
  const holds = `${plural(files, "file")} in ${plural(chunks, "chunk")}`;
  if (state === "absent") {
    return { ok: true, detail: `none of ${root} yet: embed-once index makes it, and so does the first search` };
  }
  if (running) return { ok: true, detail: `${holds} of ${root} so far, process ${running.pid} is at work` };
  if (state !== "partial") return { ok: true, detail: `${holds} of ${root} in ${indexPath}` };
  const missing =
    filesIncomplete === 0 ? "not all files were read" : `${plural(filesIncomplete, "file")} can be found by words only`;
  return { ok: false, detail: `${holds} of ${root}, but ${missing}: run embed-once index` };
}
