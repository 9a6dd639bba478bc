import type { Usage } from "../core/embedder.ts";

/** Tokens and money of one embedder since it was made. */
export interface TokenFigures {
  /** Tokens as the base reported them for what was really sent. An answer without a report adds none. */
  tokensSent: number;
  /** What the texts that were answered without being sent would have had in tokens; an estimate, see `TokenLedger`. */
  tokensSaved: number;
  /** US dollars for `tokensSent`; `null` where a model's price is not known, or an answer did not say what it cost. */
  dollarsSent: number | null;
  /** US dollars for `tokensSaved`; `null` where a model's price is not known. */
  dollarsSaved: number | null;
}

/** Of one model, in UTF-16 code units of texts and in tokens. */
interface Account {
  tokensSent: number;
  tokensSaved: number;
  /** Code units of the texts whose tokens were reported. */
  unitsReported: number;
  /** Answers that did not say what they cost. */
  unreported: number;
  /** Reported to earlier processes. */
  before: { tokens: number; units: number };
}

/** Before anything was reported: the usual rule for English prose. Code has more, other scripts many more. */
const TOKENS_PER_UNIT = 1 / 4;

const TOKENS = "reportedTokens ";
const UNITS = "reportedUnits ";

/**
 * Keeps account of tokens, by model.
 *
 * Nobody reports what a text that was not sent would have cost. It is counted, when it is answered, as its length in
 * UTF-16 code units times the tokens a code unit of all texts of the same model that were sent and reported so far, by
 * this process and by those that used the same cache directory before; a quarter where there are none. So a figure of
 * what was saved only grows, and is as good as the sent texts are like the saved ones. A text that was asked for
 * twice in one call, or by two calls at once, was sent once and saved once.
 */
export class TokenLedger {
  readonly #accounts = new Map<string, Account>();
  readonly #provider: string;
  readonly #priceOf: (model: string) => number | undefined;
  #earlier: Readonly<Record<string, number>> = {};

  /** @param priceOf US dollars for a million tokens, where that is known */
  constructor(provider: string, priceOf: (model: string) => number | undefined) {
    this.#provider = provider;
    this.#priceOf = priceOf;
  }

  /** What was reported to earlier processes, as `lifetime` gave it there. */
  recall(lifetime: Readonly<Record<string, number>>): void {
    this.#earlier = lifetime;
  }

  sent(model: string, units: number, usage: Usage | undefined): void {
    const account = this.#account(model);
    if (usage === undefined) {
      account.unreported++;
      return;
    }
    account.tokensSent += usage.totalTokens;
    account.unitsReported += units;
  }

  saved(model: string, units: number): void {
    if (units === 0) return;
    const account = this.#account(model);
    const allUnits = account.before.units + account.unitsReported;
    const rate = allUnits > 0 ? (account.before.tokens + account.tokensSent) / allUnits : TOKENS_PER_UNIT;
    account.tokensSaved += units * rate;
  }

  figures(): TokenFigures {
    const sum = { tokensSent: 0, tokensSaved: 0, dollarsSent: 0 as number | null, dollarsSaved: 0 as number | null };
    for (const [model, { tokensSent, tokensSaved, unreported }] of this.#accounts) {
      const dollars = (tokens: number) => cost(tokens, this.#priceOf(model));
      sum.tokensSent += tokensSent;
      sum.tokensSaved += tokensSaved;
      sum.dollarsSent = add(sum.dollarsSent, unreported > 0 && dollars(1) !== 0 ? null : dollars(tokensSent));
      sum.dollarsSaved = add(sum.dollarsSaved, dollars(tokensSaved));
    }
    return { ...sum, tokensSaved: Math.round(sum.tokensSaved) };
  }

  /** Counters to be summed over all processes; unknown money is left out. */
  lifetime(): Record<string, number> {
    const { dollarsSent, dollarsSaved, ...counters } = this.figures();
    const sums: Record<string, number> = counters;
    if (dollarsSent !== null) sums.dollarsSent = dollarsSent;
    if (dollarsSaved !== null) sums.dollarsSaved = dollarsSaved;
    for (const [model, { tokensSent, unitsReported }] of this.#accounts) {
      if (unitsReported === 0) continue;
      sums[TOKENS + this.#name(model)] = tokensSent;
      sums[UNITS + this.#name(model)] = unitsReported;
    }
    return sums;
  }

  #account(model: string): Account {
    const known = this.#accounts.get(model);
    if (known) return known;
    const name = this.#name(model);
    const before = { tokens: this.#earlier[TOKENS + name] ?? 0, units: this.#earlier[UNITS + name] ?? 0 };
    const account = { tokensSent: 0, tokensSaved: 0, unitsReported: 0, unreported: 0, before };
    this.#accounts.set(model, account);
    return account;
  }

  #name(model: string): string {
    return `${this.#provider}/${model}`;
  }
}

function cost(tokens: number, pricePerMillionTokens: number | undefined): number | null {
  if (tokens === 0) return 0;
  return pricePerMillionTokens === undefined ? null : (tokens * pricePerMillionTokens) / 1_000_000;
}

function add(sum: number | null, part: number | null): number | null {
  return sum === null || part === null ? null : sum + part;
}

/** Code units of texts together. */
export function unitsOf(texts: readonly string[]): number {
  let units = 0;
  for (const text of texts) units += text.length;
  return units;
}
