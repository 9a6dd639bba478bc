/**
 * Runs the samples of all pages in this one process, page after page, and writes what came of each as JSON to standard
 * output. Each page has a home, a cache and a project of its own; samples that ask a provider get the library's own server.
 */
import { Console } from "node:console";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { parse as parseYaml } from "yaml";
import { parseConfigurationFile } from "../../src/config.ts";
import { startProviderServer } from "../../src/testing/provider-server.ts";
import { FakeEmbedder } from "../embedder/fake-embedder.ts";
import { type Block, blocks, root, samplePages } from "./markdown.ts";
import { type Command, commandsOf, runCommand } from "./shell.ts";

/** What came of one block. */
export interface Outcome {
  /** Page and line. */
  place: string;
  language: string;
  stdout: string;
  /** What the page says that it prints. */
  expected?: string | undefined;
  error?: string | undefined;
  /** Requests that the provider's server got: in the first run, and in a second one of the same script. */
  requests: number[];
}

const KEY = "sk-sample";

const server = await startProviderServer({ apiKey: KEY });
const homes = mkdtempSync(join(tmpdir(), "embed-once-docs-"));
// Within the checkout, so that the packages are found.
const cacheFolder = join(root, "node_modules/.cache");
mkdirSync(cacheFolder, { recursive: true });
const modules = mkdtempSync(join(cacheFolder, "embed-once-docs-"));
const environment = { ...process.env };
// Standard output is for the outcomes; an MCP server would write to it.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true;
let homeCount = 0;
const consoles: Console[] = [];

// What the pages call the reader's own embedder.
Object.assign(globalThis, { myEmbedder: new FakeEmbedder(), sampleConsoles: consoles });

const outcomes: Outcome[] = [];
for (const page of samplePages()) {
  const samples = blocks(page);
  if (samples.length === 0) continue;
  const home = makeHome();
  for (const block of samples) outcomes.push(await run(block, home));
}
process.chdir(root);
for (const folder of [homes, modules]) rmSync(folder, { recursive: true, force: true });
// Samples may leave a cache open.
write(JSON.stringify(outcomes), () => process.exit(0));

/** A home with a project in it, which is the working directory from here on. */
function makeHome(): string {
  const home = join(homes, String(homeCount++));
  const project = join(home, "code/server");
  cpSync(join(import.meta.dirname, "project"), project, { recursive: true });
  process.chdir(project);
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  const folders = { HOME: home, USERPROFILE: home, XDG_CACHE_HOME: join(home, ".cache"), LOCALAPPDATA: home };
  Object.assign(process.env, folders, { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: server.url });
  return home;
}

async function run({ page, line, language, code, output, notRun }: Block, home: string): Promise<Outcome> {
  const outcome: Outcome = { place: `${page}:${line}`, language, stdout: "", expected: output, requests: [] };
  const print = (text: string): void => {
    outcome.stdout += text;
  };
  const isRun = notRun === undefined;
  const placed = code
    .replaceAll("/path/to/repository", slashes(join(home, "code/server")))
    .replaceAll("/path/for/indexes", slashes(join(home, "indexes")));
  try {
    if (language === "js" || language === "ts") await runScript(placed, isRun, outcome);
    else if (language === "sh") await runCommands(commandsOf(placed, home), isRun, print);
    else if (language === "json") await checkJson(JSON.parse(placed), placed, print);
    else if (language === "yaml") await runCommands(workflowCommands(parseYaml(placed), home), isRun, print);
    else if (language !== "toml") throw new Error(`nobody knows how to check a sample in "${language}"`);
  } catch (error) {
    outcome.error = error instanceof Error ? error.stack : String(error);
  }
  return outcome;
}

/** Runs a script twice, or checks its syntax alone. What it prints in the first run counts. */
async function runScript(code: string, isRun: boolean, outcome: Outcome): Promise<void> {
  const script = join(modules, `${consoles.length}.mjs`);
  // What it subscribes to may go on after it: each script has a console of its own, that is deaf by then.
  const own = `const console = globalThis.sampleConsoles[${consoles.length}];\n`;
  let printsInto: Outcome | undefined = outcome;
  const stdout = new Writable({
    write(bytes, _, done) {
      if (printsInto) printsInto.stdout += bytes;
      done();
    },
  });
  consoles.push(new Console(stdout, new Writable({ write: (_, __, done) => done() })));
  // Beneath node_modules, Node.js runs no TypeScript.
  writeFileSync(script, own + stripTypeScriptTypes(code));
  if (!isRun) return;
  for (const query of ["", "?again"]) {
    const before = server.requests.length;
    await import(`${pathToFileURL(script)}${query}`);
    outcome.requests.push(server.requests.length - before);
    printsInto = undefined;
  }
}

async function runCommands(commands: readonly Command[], isRun: boolean, print: (text: string) => void): Promise<void> {
  if (commands.length === 0) throw new Error("no command in it");
  for (const command of commands) await runCommand(command, isRun, print);
}

/** A configuration file must be one that may be found or named; what a client starts as an MCP server must start. */
async function checkJson(
  value: Record<string, unknown>,
  text: string,
  print: (text: string) => unknown,
): Promise<void> {
  const servers = (value.mcpServers ?? value.servers) as
    | Record<string, { command: string; args: string[] }>
    | undefined;
  for (const { command, args } of Object.values(servers ?? {})) {
    const words = [command, ...args.map((arg) => arg.replace(/\$\{workspaceFolder\}/, process.cwd()))];
    await runCommand({ env: {}, words, text: words.join(" ") }, true, print);
  }
  if ("provider" in value || "directory" in value) parseConfigurationFile("embed-once.config.json", text, true);
}

/** What the steps of a workflow run, in order, with the variables that are set for each, as far as they are known here. */
function workflowCommands(node: unknown, home: string, inherited: Record<string, string> = {}): Command[] {
  if (typeof node !== "object" || node === null) return [];
  const { env: set, run: script, uses } = node as { env?: Record<string, string>; run?: unknown; uses?: unknown };
  if (uses !== undefined && !/^[\w-]+\/[\w/-]+@v\d+$/.test(String(uses))) throw new Error(`no action: ${uses}`);
  const known = Object.entries(set ?? {}).filter(([, value]) => !String(value).startsWith("$"));
  const env = { ...inherited, ...Object.fromEntries(known) };
  const own = typeof script === "string" ? commandsOf(script, home).map((command) => ({ ...command, env })) : [];
  return [...own, ...Object.values(node).flatMap((child) => workflowCommands(child, home, env))];
}

function slashes(path: string): string {
  return path.replaceAll("\\", "/");
}
