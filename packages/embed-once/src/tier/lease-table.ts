import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Database } from "lmdb";
import type { ContentKey } from "../core/content-key.ts";

/** Who is embedding a text, and until when others wait for it. */
export interface LeaseRow {
  host: string;
  processId: number;
  /** One opening of a cache: a process can have several, and process numbers come back. */
  holder: string;
  untilMs: number;
}

export interface LeaseTableOptions {
  table: Database<LeaseRow, Buffer>;
  /** Runs the body in one write transaction. */
  transaction<Result>(body: () => Result): Promise<Result>;
  now(): number;
  /** Whether a process of this machine still runs. */
  isAlive?: ((processId: number) => boolean) | undefined;
}

/** After so long without being asked for again a lease is free, whoever has it. */
export const LEASE_MS = 30_000;

/**
 * Leases on texts, shared by the processes of a directory: whoever has a text's lease embeds it, the others wait for the
 * vector. That of a process that died is free at once, where it ran on this machine; else when it runs out.
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
      const row = { host: this.#host, processId: process.pid, holder: this.#holder, untilMs };
      return copies.map((key) => {
        if (!this.#isFree(this.#options.table.get(key), nowMs)) return false;
        this.#options.table.put(key, row);
        return true;
      });
    });
  }

  release(keys: readonly ContentKey[]): Promise<void> {
    const copies = keys.map((key) => Buffer.from(key));
    return this.#options.transaction(() => {
      for (const key of copies) {
        if (this.#options.table.get(key)?.holder === this.#holder) this.#options.table.remove(key);
      }
    });
  }

  #isFree(row: LeaseRow | undefined, nowMs: number): boolean {
    if (!row || row.holder === this.#holder || !(row.untilMs > nowMs)) return true;
    const { isAlive = isRunning } = this.#options;
    return row.host === this.#host && !isAlive(row.processId);
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Another user's process runs, too.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
