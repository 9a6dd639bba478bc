import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Report, Task } from "./actor.ts";
import type { PaymentLedger } from "./ledger.ts";

/** Milliseconds that a process gets to end after the storm. */
const END_MS = 120_000;
const PID_MS = 20_000;

/** What all processes told, added up. */
export interface Told {
  compared: number;
  wrong: string[];
  lost: string[];
  embedded: number;
  searched: number;
  called: number;
  refused: number;
  failed: string[];
  notices: Map<string, number>;
  written: number;
  disk: ("full" | "recovered")[];
}

/** The processes of the storm: starts them, hears what they tell, kills them and starts them again. */
export class Cast {
  readonly told: Told = {
    compared: 0,
    wrong: [],
    lost: [],
    embedded: 0,
    searched: 0,
    called: 0,
    refused: 0,
    failed: [],
    notices: new Map(),
    written: 0,
    disk: [],
  };
  readonly #ledger: PaymentLedger;
  readonly #task: Omit<Task, "owner" | "seed" | "written">;
  readonly #members = new Map<string, Member>();
  readonly #onDisk: (state: "full" | "recovered") => void;

  constructor(
    ledger: PaymentLedger,
    task: Omit<Task, "owner" | "seed" | "written">,
    onDisk: (state: "full" | "recovered") => void,
  ) {
    this.#ledger = ledger;
    this.#task = task;
    this.#onDisk = onDisk;
  }

  /** Starts a process. @param seed of its first life; each later one has the next */
  start(name: string, script: string, seed: number): void {
    const member: Member = { name, script, seed, life: 0, ended: Promise.resolve(), isKilled: false };
    this.#members.set(name, member);
    this.#live(member);
  }

  /** Kills a process, waits until it is gone, and starts it again; the MCP server is started again by its client. */
  async kill(name: string): Promise<void> {
    const member = this.#members.get(name === "mcp server" ? "mcp" : name)!;
    if (name === "mcp server") {
      const server = await this.#serverOf(member);
      this.#ledger.killed(server.owner);
      member.server = undefined;
      process.kill(server.pid, "SIGKILL");
      return;
    }
    member.isKilled = true;
    this.#ledger.killed(ownerOf(member));
    member.child!.kill("SIGKILL");
    await member.ended;
    this.#live(member);
  }

  say(name: string, word: string): void {
    this.#members.get(name)?.child?.send(word);
  }

  /** Tells everybody that the storm is over, and waits until all have ended. */
  async stop(): Promise<void> {
    for (const { child } of this.#members.values()) if (child?.connected) child.send("stop");
    const timer = setTimeout(() => {
      for (const { name, child } of this.#members.values()) {
        if (child?.exitCode !== null) continue;
        this.told.failed.push(`${name} did not end`);
        child.kill("SIGKILL");
      }
    }, END_MS);
    await Promise.all([...this.#members.values()].map(({ ended }) => ended));
    clearTimeout(timer);
  }

  /** Ends everybody at once. */
  abandon(): void {
    for (const member of this.#members.values()) member.child?.kill("SIGKILL");
  }

  #live(member: Member): void {
    member.life++;
    member.isKilled = false;
    const seed = member.seed + member.life;
    const task: Task = { ...this.#task, owner: ownerOf(member), seed, written: this.told.written };
    const child = fork(join(import.meta.dirname, member.script), [JSON.stringify(task)], {
      execArgv: ["--conditions=embed-once-source"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let errors = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      // The last words are those of an error that ended it.
      errors = (errors + text).slice(-2_000);
    });
    child.on("message", (report: Report) => this.#hear(member, report));
    member.child = child;
    member.ended = new Promise((resolve) => {
      child.on("close", (code, signal) => {
        if (!member.isKilled && code !== 0) {
          this.told.failed.push(`${member.name} ended by itself with ${code ?? signal}: ${errors.trim()}`);
        }
        resolve();
      });
    });
  }

  #hear(member: Member, report: Report): void {
    const { told } = this;
    this.#ledger.acknowledged(report.acknowledged ?? []);
    for (const figure of ["compared", "embedded", "searched", "called"] as const) told[figure] += report[figure] ?? 0;
    told.wrong.push(...(report.wrong ?? []));
    told.lost.push(...(report.lost ?? []));
    told.written = Math.max(told.written, report.written ?? 0);
    if (report.refused !== undefined) told.refused++;
    if (report.failed !== undefined) told.failed.push(`${member.name}: ${report.failed}`);
    if (report.notice !== undefined) told.notices.set(report.notice, (told.notices.get(report.notice) ?? 0) + 1);
    if (report.server) member.server = report.server;
    if (report.disk) {
      told.disk.push(report.disk);
      this.#onDisk(report.disk);
    }
  }

  async #serverOf(member: Member): Promise<{ pid: number; owner: string }> {
    for (const deadline = performance.now() + PID_MS; performance.now() < deadline; ) {
      if (member.server) return member.server;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${member.name} did not start its server within ${PID_MS} ms`);
  }
}

interface Member {
  name: string;
  script: string;
  seed: number;
  /** 1 for the first. */
  life: number;
  child?: ChildProcess;
  ended: Promise<void>;
  isKilled: boolean;
  server?: { pid: number; owner: string } | undefined;
}

function ownerOf({ name, life }: Member): string {
  return `${name}-life-${life}`.replaceAll(" ", "-");
}
