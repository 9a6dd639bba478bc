/** One request that is under way, for some texts. */
interface Flight {
  controller: AbortController;
  keys: readonly string[];
  /** Calls that still wait for at least one of its texts. */
  waiters: number;
}

interface Pending {
  flight: Flight;
  vector: Promise<number[]>;
}

/** What a call waits for, and its way out. */
export interface Ticket {
  vectors: Promise<number[]>[];
  /** Must be called once, when the call is done or gives up: a request that nobody waits for is aborted. */
  leave(): void;
}

/**
 * Lets calls that want the same text at the same time share one request.
 *
 * The law: a text is requested by one flight at a time. A call that gives up leaves; the flight goes on as long as
 * anybody waits, and is aborted when nobody does. A text is forgotten as soon as its flight has landed.
 */
export class SingleFlight {
  readonly #pending = new Map<string, Pending>();

  has(key: string): boolean {
    return this.#pending.has(key);
  }

  /** Waits for texts that are under way; every key must be pending. */
  join(keys: readonly string[]): Ticket {
    const pending = keys.map((key) => this.#pending.get(key)!);
    const flights = new Set(pending.map(({ flight }) => flight));
    return this.#board(flights, pending);
  }

  /**
   * Starts a request for texts that are not under way.
   * @param request gives one vector a key, in their order
   */
  start(keys: readonly string[], request: (signal: AbortSignal) => Promise<number[][]>): Ticket {
    const flight: Flight = { controller: new AbortController(), keys, waiters: 0 };
    const landed = request(flight.controller.signal);
    const pending = keys.map((_, i) => ({ flight, vector: landed.then((vectors) => vectors[i]!) }));
    for (const [i, key] of keys.entries()) {
      this.#pending.set(key, pending[i]!);
      // A rejection reaches those who wait; without any it is nobody's.
      pending[i]!.vector.catch(() => {});
    }
    const forget = () => this.#forget(flight);
    landed.then(forget, forget);
    return this.#board(new Set([flight]), pending);
  }

  #board(flights: ReadonlySet<Flight>, pending: readonly Pending[]): Ticket {
    for (const flight of flights) flight.waiters++;
    return {
      vectors: pending.map(({ vector }) => vector),
      leave: () => {
        for (const flight of flights) {
          if (--flight.waiters > 0) continue;
          // Nobody may join a request that is being aborted.
          this.#forget(flight);
          flight.controller.abort();
        }
      },
    };
  }

  /** Another flight may have taken off with some of its keys since. */
  #forget(flight: Flight): void {
    for (const key of flight.keys) if (this.#pending.get(key)?.flight === flight) this.#pending.delete(key);
  }
}
