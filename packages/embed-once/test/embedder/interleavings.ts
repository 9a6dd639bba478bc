import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { openCache } from "../../src/cache/hierarchical-cache.ts";
import type { Purpose } from "../../src/core/embedder.ts";
import { EmbeddingResponseError } from "../../src/core/errors.ts";
import { type CachedEmbedder, cacheEmbedderWithClock } from "../../src/embedder/cached-embedder.ts";
import { EmbeddingsFailedError, isAboutText, OfflineMissError } from "../../src/embedder/errors.ts";
import type { CacheEmbedderOptions } from "../../src/embedder/options.ts";
import type { ProviderEmbedder } from "../../src/provider/provider.ts";
import { ProviderError } from "../../src/provider/provider-error.ts";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import { type ProviderServer, startProviderServer } from "../../src/testing/provider-server.ts";
import {
  CLIENTS,
  type ClientName,
  MAX_TOKENS,
  OVERLONG,
  type Plan,
  POOL,
  PURPOSES,
  type Step,
} from "./interleaving-plans.ts";
import { type BaseCall, PaymentLedger, spaceOf } from "./payment-ledger.ts";
import { TestClock } from "./test-clock.ts";

const HANG_TIMEOUT_MS = 100;
const TIMEOUT_MS = 20_000;

/** What happened, for whoever wants to see that enough did. */
export interface Happenings {
  runs: number;
  calls: number;
  answered: number;
  aborted: number;
  failed: number;
  requests: number;
  retries: number;
  limitsLearned: number;
  coalesced: number;
  leaseWaits: number;
  reopenings: number;
}

/** Does nothing but wait for a millisecond, however long it is asked to. */
class ImpatientClock extends TestClock {
  override async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    this.nowMs += delayMs;
    await delay(1, undefined, { signal });
  }
}

/** One cache directory for many runs; each run has a key space of its own in it. */
export class Interleavings {
  readonly happened: Happenings = {
    runs: 0,
    calls: 0,
    answered: 0,
    aborted: 0,
    failed: 0,
    requests: 0,
    retries: 0,
    limitsLearned: 0,
    coalesced: 0,
    leaseWaits: 0,
    reopenings: 0,
  };
  readonly #folder = mkdtempSync(join(tmpdir(), "embed-once-interleavings-"));
  readonly #expected = new Map<ClientName, Promise<Map<string, string>>>();
  #directory = join(this.#folder, "0");
  #lifetime = { textsAsked: 0, requestsMade: 0, embeddingsMade: 0 };

  /** @throws AssertionError for whatever does not hold */
  async run(plan: Plan): Promise<void> {
    const number = ++this.happened.runs;
    const expected = await this.#expectedOf(plan.client);
    const run = new Run(plan, { directory: this.#directory, number, expected, happened: this.happened });
    try {
      await run.play();
      await run.settle();
      for (const closed of run.closed) {
        const figures = closed.statistics();
        for (const name of ["textsAsked", "requestsMade", "embeddingsMade"] as const) {
          this.#lifetime[name] += figures[name];
        }
      }
      const cache = await openCache({ directory: this.#directory });
      const { textsAsked, requestsMade, embeddingsMade } = cache.lifetime().total;
      await cache.close();
      assert.deepEqual({ textsAsked, requestsMade, embeddingsMade }, this.#lifetime, "lifetime figures");
    } catch (error) {
      // Whatever went wrong must not reach the runs that look for a smaller plan.
      this.#directory = join(this.#folder, String(number));
      this.#lifetime = { textsAsked: 0, requestsMade: 0, embeddingsMade: 0 };
      throw error;
    } finally {
      await run.end();
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  /** What the same client gets without a cache from a server without faults, by purpose and text. */
  #expectedOf(client: ClientName): Promise<Map<string, string>> {
    const known = this.#expected.get(client);
    if (known) return known;
    const made = (async () => {
      const server = await startServer(client);
      const base = connect(client, server);
      const texts = POOL.filter((text) => text !== OVERLONG);
      const expected = new Map<string, string>();
      for (const purpose of PURPOSES) {
        const { embeddings } = await base.createEmbeddings(texts, undefined, { purpose });
        for (const [i, text] of texts.entries()) expected.set(spaceOf(base, { purpose }) + text, bits(embeddings[i]!));
      }
      await server.close();
      return expected;
    })();
    this.#expected.set(client, made);
    return made;
  }
}

interface RunParts {
  directory: string;
  number: number;
  expected: ReadonlyMap<string, string>;
  happened: Happenings;
}

interface Slot {
  embedder: CachedEmbedder;
  base: ProviderEmbedder;
  /** Of callers who wait for an event in order to give up. */
  aborts: { event: string; abort: () => void }[];
}

class Run {
  readonly #plan: Plan;
  readonly #parts: RunParts;
  readonly #ledger = new PaymentLedger();
  readonly #servers: ProviderServer[] = [];
  readonly #outcomes: Promise<void>[] = [];
  readonly #notices: string[] = [];
  readonly #opened: CachedEmbedder[] = [];
  /** By purpose and text: what a caller was given is stored. */
  readonly #given = new Set<string>();
  #calm = false;

  constructor(plan: Plan, parts: RunParts) {
    this.#plan = plan;
    this.#parts = parts;
  }

  get closed(): readonly CachedEmbedder[] {
    return this.#opened;
  }

  /** All steps, each as soon as the one before has begun. */
  async play(): Promise<void> {
    const { client, maxTexts, steps } = this.#plan;
    const server = await this.#serve({ maxTexts });
    const hangs = steps.some((step) => step.do === "fail" && step.fault === "hang");
    const timeoutMs = hangs ? HANG_TIMEOUT_MS : TIMEOUT_MS;
    const open = () => this.#open(connect(client, server, timeoutMs));
    const slots = [open(), open()];
    for (const step of steps) {
      if (step.do === "fail") server.failNext(step.fault, step.times);
      if (step.do === "wait") await delay(step.ms);
      if (step.do === "call") {
        const outcome = this.#call(slots[step.wrapper]!, step);
        this.#outcomes.push(outcome);
        // What it says is heard in the end.
        outcome.catch(() => {});
        if (step.awaited) await outcome.catch(() => {});
      }
      if (step.do === "reopen") {
        this.#parts.happened.reopenings++;
        const closed = slots[step.wrapper]!.embedder.close();
        slots[step.wrapper] = open();
        if (step.awaited) await closed;
      }
    }
    await Promise.all(this.#outcomes);
    await Promise.all(this.#opened.map((embedder) => embedder.close()));
    this.#checkFigures(server);
  }

  /** Everybody gets everything, and then without asking. */
  async settle(): Promise<void> {
    this.#calm = true;
    const { client } = this.#plan;
    const server = await this.#serve({});
    const last = this.#open(connect(client, server, TIMEOUT_MS));
    for (const purpose of PURPOSES) {
      const call = { do: "call", wrapper: 0, purpose, abort: undefined, awaited: true } as const;
      await this.#call(last, { ...call, texts: [...POOL.keys()].filter((i) => POOL[i] !== OVERLONG) });
      // All but one are kept, so that one alone is asked for.
      await this.#call(last, { ...call, texts: [...POOL.keys()] });
    }
    await last.embedder.close();
    this.#checkFigures();

    const calls = this.#ledger.calls.length;
    const offline = this.#open(connect(client, server, TIMEOUT_MS), { mode: "offline" });
    for (const purpose of PURPOSES) {
      const texts = POOL.filter((text) => text !== OVERLONG).toReversed();
      const { embeddings } = await offline.embedder.createEmbeddings(texts, undefined, { purpose });
      this.#checkVectors(embeddings, texts, offline.base, purpose);
      await assert.rejects(offline.embedder.createEmbeddings([...texts, OVERLONG, OVERLONG]), (error) => {
        assert.ok(error instanceof OfflineMissError);
        assert.deepEqual([error.textIndex, error.misses], [texts.length, 1]);
        return true;
      });
    }
    assert.equal(this.#ledger.calls.length, calls, "a request in mode offline");
    await offline.embedder.close();
    this.#checkFigures();
    assert.deepEqual(this.#ledger.violations, []);
    assert.deepEqual(this.#notices, []);
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.#opened.map((embedder) => embedder.close()));
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  async #serve(options: { maxTexts?: number }): Promise<ProviderServer> {
    const server = await startServer(this.#plan.client, options);
    this.#servers.push(server);
    return server;
  }

  #open(base: ProviderEmbedder, options: CacheEmbedderOptions = {}): Slot {
    const { maxTextsPerRequest, maxConcurrentRequests } = this.#plan;
    const { directory, number, happened } = this.#parts;
    const aborts: Slot["aborts"] = [];
    const embedder = cacheEmbedderWithClock(
      this.#ledger.observe(base),
      {
        directory,
        // The servers of one run are one model, and those of another run another.
        modelAlias: `run ${number}`,
        maxTextsPerRequest,
        maxConcurrentRequests,
        maxRetries: 2,
        hotBytes: 10_000,
        compressedBytes: 20_000,
        onNotice: (message) => this.#notices.push(message),
        onEvent: (event) => {
          if (event.type === "retry") happened.retries++;
          if (event.type === "limit-learned") happened.limitsLearned++;
          if (event.type === "lease-wait") {
            happened.leaseWaits++;
            if (this.#calm) this.#ledger.violations.push("a lease outlived whoever had it");
          }
          const due = aborts.findIndex((waiting) => waiting.event === event.type);
          if (due !== -1) aborts.splice(due, 1)[0]!.abort();
        },
        ...options,
      },
      new ImpatientClock(),
    );
    this.#opened.push(embedder);
    return { embedder, base, aborts };
  }

  async #call(slot: Slot, { texts: places, purpose, abort }: Extract<Step, { do: "call" }>): Promise<void> {
    const { happened } = this.#parts;
    const { embedder, base, aborts } = slot;
    const texts = places.map((place) => POOL[place]!);
    const controller = new AbortController();
    const giveUp = () => controller.abort(new Error("given up"));
    let timer: NodeJS.Timeout | undefined;
    if (typeof abort === "number") timer = setTimeout(giveUp, abort);
    else if (abort !== undefined) aborts.push({ event: abort, abort: giveUp });
    const count = (is: (key: string, text: string) => boolean) =>
      texts.filter((text) => is(spaceOf(base, { purpose }) + text, text)).length;
    const keptBefore = count((key) => this.#given.has(key));
    happened.calls++;
    try {
      const { signal } = controller;
      const { embeddings } = await embedder.createEmbeddings([...texts], undefined, { purpose, signal });
      happened.answered++;
      this.#checkVectors(embeddings, texts, base, purpose);
      for (const text of texts) this.#given.add(spaceOf(base, { purpose }) + text);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      if (controller.signal.aborted && error === controller.signal.reason) {
        happened.aborted++;
        return;
      }
      happened.failed++;
      const keptAtMost = count((_, text) => this.#ledger.isAnswered(base, text, { purpose }));
      this.#checkFailure(error, texts, { keptBefore, keptAtMost });
      if (this.#calm) assert.equal((error as EmbeddingsFailedError).textIndex, texts.indexOf(OVERLONG));
    } finally {
      clearTimeout(timer);
    }
  }

  #checkVectors(
    embeddings: readonly (readonly number[])[],
    texts: readonly string[],
    base: ProviderEmbedder,
    purpose: Purpose | undefined,
  ): void {
    assert.equal(embeddings.length, texts.length);
    for (const [i, text] of texts.entries()) {
      assert.equal(bits(embeddings[i]!), this.#parts.expected.get(spaceOf(base, { purpose }) + text), `text ${i}`);
    }
  }

  /** Only what the base said, with how much is done and with the place of the text that is to blame. */
  #checkFailure(
    error: unknown,
    texts: readonly string[],
    { keptBefore, keptAtMost }: { keptBefore: number; keptAtMost: number },
  ): void {
    const told = error instanceof EmbeddingsFailedError ? error : undefined;
    const cause = told ? told.cause : error;
    assert.ok(cause instanceof ProviderError || cause instanceof EmbeddingResponseError, String(error));
    if (told) {
      assert.equal(told.textsAsked, texts.length);
      assert.ok(told.textsDone >= keptBefore, `${told.textsDone} done, ${keptBefore} were kept before`);
      assert.ok(told.textsDone <= keptAtMost, `${told.textsDone} done, ${keptAtMost} were answered`);
      assert.match(told.message, new RegExp(`\\(${told.textsDone} of ${texts.length} texts are done and kept\\)$`));
    } else {
      assert.equal(keptBefore, 0);
    }
    const place = told ? told.textIndex : cause.textIndex;
    const blamed = this.#ledger.calls.filter((call) => call.texts.every((text) => texts.includes(text)));
    const known = blamed.some((call) => call.error === cause || textBlamedAs(cause, call) !== undefined);
    assert.ok(known, `an error of nobody's: ${error}`);
    if (place === undefined) return;
    const ofText = blamed.some((call) => {
      const text = call.error === cause && call.texts.length === 1 ? call.texts[0] : textBlamedAs(cause, call);
      return text !== undefined && texts.indexOf(text) === place;
    });
    assert.ok(ofText, `text ${place} of ${texts} is not to blame for ${error}`);
    assert.match((error as Error).message, new RegExp(`\\b(text|index) ${place}\\b`));
  }

  /** While nobody asks, all figures are explained by what the bases were asked and the server saw. */
  #checkFigures(server?: ProviderServer): void {
    const { calls } = this.#ledger;
    const sum = (of: (figures: ReturnType<CachedEmbedder["statistics"]>) => number) =>
      this.#opened.reduce((total, embedder) => total + of(embedder.statistics()), 0);
    for (const embedder of this.#opened) {
      const { textsAsked, hits, coalesced, misses } = embedder.statistics();
      assert.equal(hits.L1 + hits.L2 + hits.L3 + coalesced + misses, textsAsked);
    }
    assert.equal(
      sum(({ requestsMade }) => requestsMade),
      calls.length,
    );
    assert.equal(
      sum(({ requestsFailed }) => requestsFailed),
      calls.filter(({ error }) => error !== undefined).length,
    );
    const good = calls.filter(({ tokens }) => tokens !== undefined);
    assert.equal(
      sum(({ embeddingsMade }) => embeddingsMade),
      good.flatMap(({ texts }) => texts).length,
    );
    assert.equal(
      sum(({ tokensSent }) => tokensSent),
      good.reduce((total, { tokens }) => total + tokens!, 0),
    );
    if (!server) return;
    this.#parts.happened.requests += calls.length;
    this.#parts.happened.coalesced += sum(({ coalesced }) => coalesced);
    // What was given up, by the caller or by the client, may not have reached the server; counting tokens asks for no vectors.
    const seen = server.requests.filter(({ path }) => !path.endsWith(":countTokens")).length;
    const mayMiss = ({ givenUp, error, texts }: BaseCall) =>
      givenUp || isTimeout(error) || (this.#plan.client === "gemini" && texts.includes(OVERLONG));
    const certain = calls.filter((call) => !mayMiss(call)).length;
    assert.ok(certain <= seen && seen <= calls.length, `${seen} requests seen, ${certain} to ${calls.length} made`);
  }
}

/** The text that a base's error names, where the same error is told with the place that the text has for the caller. */
function textBlamedAs(told: ProviderError | EmbeddingResponseError, call: BaseCall): string | undefined {
  const { error } = call;
  if (!isAboutText(error) || told.textIndex === undefined) return undefined;
  return error.withTextIndex(told.textIndex).message === told.message ? call.texts[error.textIndex] : undefined;
}

function isTimeout(error: unknown): boolean {
  return error instanceof ProviderError && error.reason === "timeout";
}

function startServer(client: ClientName, options: { maxTexts?: number } = {}): Promise<ProviderServer> {
  return startProviderServer({ provider: CLIENTS[client].provider, maxTokensPerText: MAX_TOKENS, ...options });
}

function connect(client: ClientName, { url: baseURL }: ProviderServer, timeoutMs = TIMEOUT_MS): ProviderEmbedder {
  return createProviderEmbedder({ ...CLIENTS[client], baseURL, apiKey: "key", maxRetries: 0, timeoutMs }, {});
}

function bits(vector: readonly number[]): string {
  return Buffer.from(Float64Array.from(vector).buffer).toString("base64");
}
