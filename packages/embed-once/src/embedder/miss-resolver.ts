import type { EmbeddingCache } from "../cache/hierarchical-cache.ts";
import type { ContentKey } from "../core/content-key.ts";
import type { Usage } from "../core/embedder.ts";
import type { EmbedderCounts } from "../statistics/statistics.ts";
import { abortable } from "./abortable.ts";
import { type BatchCall, type BatchObserver, type BatchSender, MAX_TEXTS_REFUSED } from "./batching.ts";
import { EmbeddingsFailedError, isAboutText, TextFailed } from "./errors.ts";
import type { EmbedderEvent } from "./events.ts";
import type { LeaseKey } from "./held-leases.ts";
import { type CallTally, countHits } from "./model-ledger.ts";
import type { ModelLimits } from "./model-limits.ts";
import type { RetryClock } from "./retry.ts";
import type { Delivery, FlightSignals, Ticket } from "./single-flight.ts";
import type { Slots } from "./slots.ts";
import { type TokenLedger, unitsOf } from "./token-ledger.ts";
import { newTraffic, type Traffic, trafficOn } from "./traffic.ts";
import type { UnderWay } from "./under-way.ts";

/** A distinct text of a call: its key and where it stands. */
export interface Wanted {
  key: ContentKey;
  text: string;
  positions: number[];
}

/** What one call had the base do. */
export interface Sent {
  requests: number;
  usage: Usage;
  /** Whether every answer said what it cost. */
  usageKnown: boolean;
  /** UTF-16 code units of the texts that were answered. */
  units: number;
}

/** One call of the wrapper, as far as its misses are concerned. */
export interface MissCall {
  cache: EmbeddingCache;
  /** Whether what is embedded is stored. */
  store: boolean;
  /** Whether what other processes are embedding, or stored just now, is as good. */
  share: boolean;
  call: BatchCall;
  /** Whose vectors these are: the call's model, or the embedder's own. */
  model: string;
  signal: AbortSignal | undefined;
  textsAsked: number;
  /** Takes each vector, as an array of the caller's own, by the first position of its text. */
  vectors: Map<number, number[]>;
  sent: Sent;
  /** What became of the call's texts; each of `missing` is a miss in it. */
  tally: CallTally;
}

export interface MissResolverParts {
  sender: BatchSender;
  limits: ModelLimits;
  slots: Slots;
  clock: RetryClock;
  countsOf: (model: string) => EmbedderCounts;
  ledger: TokenLedger;
  underWay: UnderWay;
  onEvent: (event: EmbedderEvent) => void;
}

interface Open {
  wanted: Wanted;
  flightKey: string;
}

/** Between two looks for what another process is embedding. */
const POLL_MS = 50;
const LEASE_RENEWAL_MS = 10_000;

/**
 * Gets the texts that the cache does not have: joins the requests of other calls where they are under way, waits for other
 * processes that are embedding the same text, makes the others, and stores each answer before it is handed out.
 */
export class MissResolver {
  /** Of calls that store nothing: to join one of them would leave others without what they were to store. */
  readonly #unstored = newTraffic();
  readonly #parts: MissResolverParts;

  constructor(parts: MissResolverParts) {
    this.#parts = parts;
  }

  /** @throws EmbeddingsFailedError where a part was done or one text is to blame, else the base's own error, or the signal's reason */
  async resolve(missing: readonly Wanted[], call: MissCall): Promise<void> {
    const { tally } = call;
    const { flights } = this.#trafficOf(call);
    const refusals = new Set<TextFailed>();
    let open: Open[] = missing.map((wanted) => ({ wanted, flightKey: Buffer.from(wanted.key).toString("latin1") }));
    while (open.length > 0) {
      const joined = open.filter(({ flightKey }) => flights.has(flightKey));
      const own = open.filter(({ flightKey }) => !flights.has(flightKey));
      const owned = this.#takeOff(own, call);
      const tickets = [flights.join(joined.map(({ flightKey }) => flightKey)), ...owned];
      tally.coalesced += joined.length;
      tally.misses -= joined.length;
      const [theirs, ...ours] = tickets.map(({ vectors }) => vectors);
      try {
        await abortable(
          Promise.all([
            // What another call could not get, this one asks for by itself.
            ...theirs!.map((vector, i) => keep(vector, joined[i]!, call).catch(() => {})),
            ...ours.flat().map((vector, i) => keep(vector, own[i]!, call).catch((error) => setAside(error, refusals))),
          ]),
          call.signal,
        );
        for (const ticket of tickets) ticket.leave(false);
      } catch (error) {
        const givenUp = call.signal?.aborted ?? false;
        for (const ticket of tickets) ticket.leave(givenUp);
        if (givenUp) throw error;
        // What was sent is paid for: its answer is awaited and kept, and the error can say how much is done.
        await abortable(Promise.all(owned.map(({ ended }) => ended)), call.signal);
        throw failure(isRefusal(error) ? firstOf(refusals, missing) : error, missing, call);
      }
      open = joined.filter(({ wanted }) => !call.vectors.has(wanted.positions[0]!));
      tally.coalesced -= open.length;
      tally.misses += open.length;
    }
    if (refusals.size > 0) throw failure(firstOf(refusals, missing), missing, call);
  }

  #trafficOf({ cache, store }: MissCall): Traffic {
    return store ? trafficOn(cache) : this.#unstored;
  }

  /** One flight for each request that the base takes. */
  #takeOff(own: readonly Open[], call: MissCall): Ticket[] {
    const { limits, slots, underWay } = this.#parts;
    const texts = own.map(({ wanted }) => wanted.text);
    return limits.split(texts, call.call).map(({ start, end }) => {
      const batch = own.slice(start, end);
      const ticket = this.#trafficOf(call).flights.start(
        batch.map(({ flightKey }) => flightKey),
        (signals, delivery) =>
          this.#leased(batch, call, signals, delivery, (granted) =>
            slots.run(signals.unwanted, () => this.#send(granted, call, signals, delivery)),
          ),
      );
      void underWay.add(ticket.ended);
      return ticket;
    });
  }

  /**
   * Has the batch's texts embedded by this process or by another one, whichever asked first. A process that dies leaves its
   * leases to the next.
   */
  async #leased(
    batch: readonly Open[],
    call: MissCall,
    signals: FlightSignals,
    delivery: Delivery,
    embed: (granted: readonly Indexed[]) => Promise<void>,
  ): Promise<void> {
    let open: Indexed[] = batch.map(({ wanted, flightKey }, index) => ({ wanted, flightKey, key: wanted.key, index }));
    const { cache, share, tally } = call;
    if (!share) return embed(open);
    const { leases } = this.#trafficOf(call);
    while (open.length > 0) {
      const asked = open;
      const leased = await leases.acquire(cache, asked);
      const granted = asked.filter((_, i) => leased[i]);
      const renewal = setInterval(() => leases.renew(cache, granted), LEASE_RENEWAL_MS).unref();
      try {
        // Whoever had the lease before may have stored the text since it was looked up.
        const missing = this.#deliverStored(granted, cache, tally, delivery);
        if (missing.length > 0) await embed(missing);
      } finally {
        clearInterval(renewal);
        // Nobody here waits for it, and an error is told without delay.
        void this.#parts.underWay.add(leases.release(cache, asked, leased));
      }
      open = asked.filter((_, i) => !leased[i]);
      if (open.length === 0) return;
      this.#parts.onEvent({ type: "lease-wait", textCount: open.length });
      await this.#parts.clock.sleep(POLL_MS, signals.unwanted);
      open = this.#deliverStored(open, cache, tally, delivery);
    }
  }

  /** Delivers what is in the cache by now; gives the others. */
  #deliverStored(open: readonly Indexed[], cache: EmbeddingCache, tally: CallTally, delivery: Delivery): Indexed[] {
    const keys = open.map(({ wanted }) => wanted.key);
    const found = countHits(cache, tally, () => cache.getMany(keys));
    tally.misses -= found.filter(Boolean).length;
    return open.filter(({ index }, i) => {
      if (found[i]) delivery.vector(index, found[i]);
      return !found[i];
    });
  }

  #send(granted: readonly Indexed[], call: MissCall, signals: FlightSignals, delivery: Delivery): Promise<void> {
    const { cache, model, store } = call;
    const texts = granted.map(({ wanted }) => wanted.text);
    return this.#parts.sender.send(texts, call.call, signals, this.observer(call), {
      onVectors: async (start, vectors) => {
        const part = granted.slice(start, start + vectors.length);
        if (store) {
          try {
            await cache.setMany(part.map(({ wanted }, i) => ({ key: wanted.key, vector: vectors[i]!, model })));
          } catch {
            // The cache has told and counted it. The vectors are paid for and right, so the caller gets them.
          }
        }
        for (const [i, { index }] of part.entries()) delivery.vector(index, vectors[i]!);
      },
      onRefused: (index, refusal) => delivery.failure(granted[index]!.index, refusal),
    });
  }

  /** Counts and tells what a call has the base do. */
  observer({ sent, model }: Pick<MissCall, "sent" | "model">): BatchObserver {
    const { countsOf, ledger, onEvent } = this.#parts;
    const counts = countsOf(model);
    return {
      onRequest: (textCount) => {
        sent.requests++;
        counts.requestsMade++;
        onEvent({ type: "request", textCount });
      },
      onResponse: (texts, usage) => {
        const units = unitsOf(texts);
        counts.embeddingsMade += texts.length;
        ledger.sent(model, units, usage);
        sent.units += units;
        sent.usageKnown &&= usage !== undefined;
        sent.usage.promptTokens += usage?.promptTokens ?? 0;
        sent.usage.totalTokens += usage?.totalTokens ?? 0;
        onEvent({ type: "response", textCount: texts.length, usage });
      },
      onFailure: (textCount, error) => {
        counts.requestsFailed++;
        onEvent({ type: "failure", textCount, error });
      },
      onRetry: (delayMs, error) => {
        counts.retries++;
        onEvent({ type: "retry", delayMs, error });
      },
      onLimitLearned: ({ maxTextsPerRequest, maxTokensPerRequest }) =>
        onEvent({ type: "limit-learned", maxTextsPerRequest, maxTokensPerRequest }),
    };
  }
}

interface Indexed extends LeaseKey {
  wanted: Wanted;
  /** Within the flight. */
  index: number;
}

async function keep(vector: Promise<number[]>, { wanted }: Open, { vectors }: MissCall): Promise<void> {
  // Another call may be handed the same array.
  vectors.set(wanted.positions[0]!, (await vector).slice());
}

function isRefusal(error: unknown): error is TextFailed {
  return error instanceof TextFailed && error.refused;
}

/** A refused text keeps the call from its answer, not from what the others bring; too many of them do. */
function setAside(error: unknown, refusals: Set<TextFailed>): void {
  if (!isRefusal(error) || refusals.add(error).size >= MAX_TEXTS_REFUSED) throw error;
}

/** The refusal of the text that stands first. */
function firstOf(refusals: ReadonlySet<TextFailed>, missing: readonly Wanted[]): TextFailed {
  const texts = new Map([...refusals].map((refusal) => [refusal.text, refusal]));
  return missing.map(({ text }) => texts.get(text)).find((refusal) => refusal !== undefined)!;
}

function failure(error: unknown, missing: readonly Wanted[], { vectors, textsAsked }: MissCall): unknown {
  const open = missing.filter(({ positions }) => !vectors.has(positions[0]!));
  const textsDone = textsAsked - open.reduce((sum, { positions }) => sum + positions.length, 0);
  if (error instanceof TextFailed) {
    const textIndex = missing.find(({ text }) => text === error.text)!.positions[0]!;
    const cause = isAboutText(error.cause) ? error.cause.withTextIndex(textIndex) : error.cause;
    if (textsDone === 0 && !error.refused) return cause;
    return new EmbeddingsFailedError({ cause, textIndex, textsDone, textsAsked });
  }
  return textsDone === 0
    ? error
    : new EmbeddingsFailedError({ cause: error, textIndex: undefined, textsDone, textsAsked });
}
