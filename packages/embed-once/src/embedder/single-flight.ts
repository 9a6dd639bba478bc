/** The two ways in which a flight learns that nobody waits for it any more. */
export interface FlightSignals {
  /** Aborted when nobody waits: what has not been sent yet need not be. */
  unwanted: AbortSignal;
  /** Aborted when nobody waits because all gave up: what is under way may be broken off. Else it is paid for and kept. */
  abandoned: AbortSignal;
}

/** Takes what becomes of a flight's keys, each as soon as it is known. */
export interface Delivery {
  vector(index: number, vector: number[]): void;
  /** The key has no vector; the flight goes on for the others. */
  failure(index: number, error: unknown): void;
}

/** Gets the vectors of a flight's keys. */
export type FlightRequest = (signals: FlightSignals, delivery: Delivery) => Promise<void>;

/** What a call waits for, and its way out. */
export interface Ticket {
  /** One a key; the arrays are shared with other calls. */
  vectors: Promise<number[]>[];
  /** Resolves when the flights have ended, well or not. */
  ended: Promise<unknown>;
  /** Must be called once, when the call is done, has failed, or was given up by its caller. */
  leave(givenUp: boolean): void;
}

interface Flight {
  keys: readonly string[];
  unwanted: AbortController;
  abandoned: AbortController;
  ended: Promise<unknown>;
  /** Calls that still wait for at least one of its texts. */
  waiters: number;
}

interface Pending {
  flight: Flight;
  vector: Promise<number[]>;
}

/**
 * Lets calls that want the same text at the same time share one request.
 *
 * The law: a text is requested by one flight at a time. A call that gives up leaves; the flight goes on as long as
 * anybody waits. A text is forgotten as soon as its flight has ended.
 */
export class SingleFlight {
  readonly #pending = new Map<string, Pending>();

  has(key: string): boolean {
    return this.#pending.has(key);
  }

  /** Waits for texts that are under way; every key must be pending. */
  join(keys: readonly string[]): Ticket {
    const pending = keys.map((key) => this.#pending.get(key)!);
    return board(new Set(pending.map(({ flight }) => flight)), pending, (flight) => this.#forget(flight));
  }

  /** Starts a request for texts that are not under way. A text that it does not deliver is rejected with its error. */
  start(keys: readonly string[], request: FlightRequest): Ticket {
    const deferred = keys.map(() => Promise.withResolvers<number[]>());
    // A rejection reaches those who wait; without any it is nobody's.
    for (const { promise } of deferred) promise.catch(() => {});
    const flight: Flight = {
      keys,
      unwanted: new AbortController(),
      abandoned: new AbortController(),
      ended: Promise.resolve(),
      waiters: 0,
    };
    const pending = deferred.map(({ promise }) => ({ flight, vector: promise }));
    for (const [i, key] of keys.entries()) this.#pending.set(key, pending[i]!);
    const signals = { unwanted: flight.unwanted.signal, abandoned: flight.abandoned.signal };
    const delivery: Delivery = {
      vector: (index, vector) => deferred[index]!.resolve(vector),
      failure: (index, error) => deferred[index]!.reject(error),
    };
    flight.ended = request(signals, delivery).then(
      () => this.#land(flight, deferred, new Error("the request ended without this text")),
      (error) => this.#land(flight, deferred, error),
    );
    return board(new Set([flight]), pending, (ended) => this.#forget(ended));
  }

  #land(flight: Flight, deferred: readonly PromiseWithResolvers<number[]>[], error: unknown): void {
    this.#forget(flight);
    // Without effect on those that were delivered or failed before.
    for (const { reject } of deferred) reject(error);
  }

  /** Another flight may have taken off with some of its keys since. */
  #forget(flight: Flight): void {
    for (const key of flight.keys) if (this.#pending.get(key)?.flight === flight) this.#pending.delete(key);
  }
}

function board(flights: ReadonlySet<Flight>, pending: readonly Pending[], forget: (flight: Flight) => void): Ticket {
  for (const flight of flights) flight.waiters++;
  return {
    vectors: pending.map(({ vector }) => vector),
    ended: Promise.all([...flights].map(({ ended }) => ended)),
    leave: (givenUp) => {
      for (const flight of flights) {
        if (--flight.waiters > 0) continue;
        flight.unwanted.abort();
        if (!givenUp) continue;
        // Nobody may join a request that is being broken off.
        forget(flight);
        flight.abandoned.abort();
      }
    },
  };
}
