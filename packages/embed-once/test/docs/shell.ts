import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "../../src/cli/main.ts";
import type { Output } from "../../src/cli/output.ts";
import { root } from "./markdown.ts";

/** One simple command of a shell sample. */
export interface Command {
  /** What is set for it alone: `NAME=value` before its name. */
  env: Record<string, string>;
  words: string[];
  /** The line that it stands in. */
  text: string;
}

/** Quoted strings, comments, what joins commands, what a pipe or redirection leads to, words. */
const TOKEN = /"([^"]*)"|'([^']*)'|((?:^|(?<=\s))#.*)|(&&)|([|>].*)|([^\s"'|>]+)/g;

/**
 * The commands of a shell sample: words, quotes, `~/`, variables set before a command, comments, `&&` and continued lines.
 * Pipes and redirections are left out.
 */
export function commandsOf(code: string, home: string): Command[] {
  const commands: Command[] = [];
  for (const line of code.replaceAll("\\\n", " ").split("\n")) {
    let words: string[] = [];
    const finish = (): void => {
      const name = words.findIndex((word) => !/^\w+=/.test(word));
      const settings = name === -1 ? words : words.slice(0, name);
      const env = Object.fromEntries(settings.map((word) => /^(\w+)=(.*)$/s.exec(word)!.slice(1)));
      if (words.length > 0) commands.push({ env, words: words.slice(settings.length), text: line.trim() });
      words = [];
    };
    for (const [, double, single, comment, and, rest, word] of line.matchAll(TOKEN)) {
      if (comment !== undefined || rest !== undefined) break;
      if (and !== undefined) finish();
      else words.push(double ?? single ?? word!.replace(/^~(?=\/|$)/, home));
    }
    finish();
  }
  return commands;
}

/** Commands of the system that samples may use; they are run. */
const SYSTEM_COMMANDS = new Set(["cat", "chmod", "cp", "ls", "mkdir", "mv", "rm", "tar"]);
/** What npm does by itself. */
const NPM_COMMANDS = new Set(["ci", "init", "test"]);

const manifest = (folder: string): Record<string, Record<string, string>> =>
  JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
const { scripts, devDependencies } = manifest(".");
const INSTALLABLE = new Set([
  "embed-once",
  "embed-once-search",
  ...Object.keys({ ...devDependencies, ...manifest("packages/embed-once").peerDependencies }),
]);

/**
 * Runs a command of a sample: those of `embed-once` in this process, those of the system as they are. Of npm's, it is
 * checked that the scripts and packages are there.
 * @param isRun whether it can be run here; else its options are checked, as far as that can be
 */
export async function runCommand(command: Command, isRun: boolean, print: (text: string) => void): Promise<void> {
  const { env, text } = command;
  const [name, ...args] = command.words[0] === "npx" ? command.words.slice(1) : command.words;
  if (name === undefined || name === "export") {
    const settings = commandsOf(args.join(" "), "")[0]?.env;
    Object.assign(process.env, settings);
  } else if (name === "embed-once") {
    if (isRun) await withEnvironment(env, () => runEmbedOnce(args, print));
  } else if (name === "npm") await runNpm(args, isRun, print);
  else if (name === "cd") process.chdir(args[0]!);
  else if (SYSTEM_COMMANDS.has(name)) {
    if (isRun) print(execFileSync(name, args, { encoding: "utf8" }));
  } else if (name !== "node") throw new Error(`what is ${name}? In: ${text}`);
}

async function runNpm([command, ...args]: string[], isRun: boolean, print: (text: string) => void): Promise<void> {
  if (command === "start") {
    if (isRun) await runEmbedOnce(args.slice(args.indexOf("--") + 1), print);
  } else if (command === "run") {
    if (!(args[0]! in scripts!)) throw new Error(`there is no script ${args[0]}`);
  } else if (command === "install") {
    const unknown = args.filter((name) => !name.startsWith("-") && !INSTALLABLE.has(name));
    if (unknown.length > 0) throw new Error(`nobody tests with the packages ${unknown.join(", ")}`);
  } else if (!NPM_COMMANDS.has(command!)) throw new Error(`what is npm ${command}?`);
}

async function withEnvironment(env: Record<string, string>, work: () => Promise<void>): Promise<void> {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  try {
    await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** Commands that stay until they are interrupted. */
const STAYING = new Set(["watch", "mcp", "metrics"]);
const LONGEST_STAY_MS = 1_500;
const INTERRUPTED = 130;

/** Runs the command in this process. One that stays is interrupted once it has said something. */
async function runEmbedOnce(args: readonly string[], print: (text: string) => void): Promise<void> {
  const stays = STAYING.has(args[0]!) || args.includes("--watch");
  let timer: NodeJS.Timeout | undefined;
  let notes = "";
  const interrupt = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    process.emit("SIGINT");
  };
  const sayAsItIs = (text: string): void => {
    print(text);
    setImmediate(interrupt);
  };
  const say = (text: string): void => sayAsItIs(`${text}\n`);
  const output: Output = {
    color: false,
    result: say,
    rawResult: sayAsItIs,
    redraw: say,
    note(text) {
      notes += `${text}\n`;
      setImmediate(interrupt);
    },
    progress: () => ({ update: () => {}, end: () => {} }),
  };
  const { stderr } = process;
  const write = stderr.write;
  stderr.write = ((text: string) => {
    notes += text;
    return true;
  }) as typeof stderr.write;
  try {
    if (stays) timer = setTimeout(interrupt, LONGEST_STAY_MS);
    await main(args[0] === "metrics" && !args.includes("--port") ? [...args, "--port", "0"] : args, output);
  } finally {
    clearTimeout(timer);
    stderr.write = write;
  }
  const { exitCode = 0 } = process;
  process.exitCode = undefined;
  if (exitCode === 0 || (stays && exitCode === INTERRUPTED)) return;
  throw new Error(`embed-once ${args.join(" ")} ended with exit code ${exitCode}: ${notes}`);
}
