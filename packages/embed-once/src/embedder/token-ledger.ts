import type { Usage } from "../core/embedder.ts";
import type { LifetimeStatistics, TokenFigures } from "../statistics/statistics.ts";

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
  readonly #priceOf: (model: string) => number | undefined;
  #earlier: LifetimeStatistics["models"] = {};

  /** @param priceOf US dollars for a million tokens, where that is known */
  constructor(priceOf: (model: string) => number | undefined) {
    this.#priceOf = priceOf;
  }

  /** What was reported to earlier processes. */
  recall({ models }: LifetimeStatistics): void {
    this.#earlier = models;
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

  /** Of one model. */
  figures(model: string): TokenFigures {
    const { tokensSent, tokensSaved, unreported } = this.#account(model);
    const dollars = (tokens: number) => costInDollars(tokens, this.#priceOf(model));
    return {
      tokensSent,
      tokensSaved: Math.round(tokensSaved),
      dollarsSent: unreported > 0 && dollars(1) !== 0 ? null : dollars(tokensSent),
      dollarsSaved: dollars(tokensSaved),
    };
  }

  /** UTF-16 code units of the texts of one model whose tokens were reported. */
  unitsReported(model: string): number {
    return this.#account(model).unitsReported;
  }

  #account(model: string): Account {
    const known = this.#accounts.get(model);
    if (known) return known;
    const earlier = this.#earlier[model];
    const before = { tokens: earlier?.tokensSent ?? 0, units: earlier?.unitsSent ?? 0 };
    const account = { tokensSent: 0, tokensSaved: 0, unitsReported: 0, unreported: 0, before };
    this.#accounts.set(model, account);
    return account;
  }
}

/** `null` where the price is not known and there is something to pay. */
export function costInDollars(tokens: number, pricePerMillionTokens: number | undefined): number | null {
  if (tokens === 0) return 0;
  return pricePerMillionTokens === undefined ? null : (tokens * pricePerMillionTokens) / 1_000_000;
}

/** Code units of texts together. */
export function unitsOf(texts: readonly string[]): number {
  let units = 0;
  for (const text of texts) units += text.length;
  return units;
}
