import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Database } from "lmdb";
import type { ContentKey } from "../core/content-key.ts";
import { lives, runnerHere } from "./living-runner.ts";

/** Who is embedding a text, and until when others wait for it. */
export interface LeaseRow {
  host: string;
  processId: number;
  /** The same as `runnerHere` says it; absent in rows of earlier versions. */
  runner?: string | undefined;
  /** One opening of a cache: a process can have several, and process numbers come back. */
  holder: string;
  untilMs: number;
}

export interface LeaseTableOptions {
  table: Database<LeaseRow, Buffer>;
  /** Runs the body in one write transaction. */
  transaction<Result>(body: () => Result): Promise<Result>;
  now(): number;
}

/** After so long without being asked for again a lease is free, whoever has it. */
export const LEASE_MS = 30_000;

/** Rows that are looked at, whenever leases are taken, whether they have run out. */
const ROWS_SWEPT = 64;

/**
 * Leases on texts, shared by the processes of a directory: whoever has a text's lease embeds it, the others wait for the
 * vector. That of a process that died is free at once, where it ran on this machine; else when it runs out. One that
 * would last longer than any that is taken now was taken by a wrong clock or is damaged, and is free as well: to embed a
 * text twice is better than to wait for nobody.
 */
export class LeaseTable {
  readonly #options: LeaseTableOptions;
  readonly #host = hostname();
  readonly #holder = randomUUID();

  constructor(options: LeaseTableOptions) {
    this.#options = options;
  }

  /** Takes the leases that are free or one's own; one's own last longer by it. @returns one answer a key */
  acquire(keys: readonly ContentKey[]): Promise<boolean[]> {
    const copies = keys.map((key) => Buffer.from(key));
    return this.#options.transaction(() => {
      const nowMs = this.#options.now();
      const untilMs = nowMs + LEASE_MS;
      const row = { host: this.#host, processId: process.pid, runner: runnerHere(), holder: this.#holder, untilMs };
      if (copies.length > 0) this.#sweep(copies[0]!, nowMs);
      const known = new Map<string, boolean>();
      return copies.map((key) => {
        if (!this.#isFree(this.#row(key), nowMs, known)) return false;
        this.#options.table.put(key, row);
        return true;
      });
    });
  }

  release(keys: readonly ContentKey[]): Promise<void> {
    const copies = keys.map((key) => Buffer.from(key));
    return this.#options.transaction(() => {
      for (const key of copies) {
        if (this.#row(key)?.holder === this.#holder) this.#options.table.remove(key);
      }
    });
  }

  /** @param known of whom it was asked before whether they live: many texts of a batch have one holder */
  #isFree(row: LeaseRow | undefined, nowMs: number, known: Map<string, boolean>): boolean {
    if (!row || row.holder === this.#holder || hasRunOut(row, nowMs)) return true;
    if (row.host !== this.#host) return false;
    const runner = row.runner ?? String(row.processId);
    const isAlive = known.get(runner) ?? lives(runner);
    known.set(runner, isAlive);
    return !isAlive;
  }

  /**
   * Removes some of what has run out: nobody else removes the leases of who died, on texts that nobody asks for again. Keys
   * are hashes, so to begin at any one of them is to begin somewhere else each time.
   */
  #sweep(from: Buffer, nowMs: number): void {
    const { table } = this.#options;
    const keys = [...table.getKeys({ start: from, limit: ROWS_SWEPT })];
    if (keys.length < ROWS_SWEPT) keys.push(...table.getKeys({ end: from, limit: ROWS_SWEPT - keys.length }));
    for (const key of keys) {
      const row = this.#row(key);
      if (!row || hasRunOut(row, nowMs)) table.remove(key);
    }
  }

  /** A row that is no JSON any more is none. */
  #row(key: Buffer): LeaseRow | undefined {
    try {
      return this.#options.table.get(key) ?? undefined;
    } catch {
      return undefined;
    }
  }
}

function hasRunOut({ untilMs }: LeaseRow, nowMs: number): boolean {
  return !(untilMs > nowMs && untilMs <= nowMs + LEASE_MS);
}
