import { countModel } from "../statistics/lifetime.ts";
import type { EmbedderStatistics, ModelStatistics, TokenFigures } from "../statistics/statistics.ts";
import type { LifetimeCounters } from "../tier/mapped-tier.ts";
import type { ModelLedger } from "./model-ledger.ts";
import { costInDollars, type TokenLedger } from "./token-ledger.ts";

export interface FigureSources {
  counts: ModelLedger;
  ledger: TokenLedger;
  /** US dollars for a million tokens, where that is known. */
  priceOf: (model: string) => number | undefined;
  priceSource: string | null;
}

/** What an embedder counted, as statistics, as counters that outlive it, and as plain counts. */
export class EmbedderFigures {
  readonly #sources: FigureSources;

  constructor(sources: FigureSources) {
    this.#sources = sources;
  }

  /** All but the cache's. */
  statistics(): Omit<EmbedderStatistics, "cache"> {
    const { counts, ledger, priceOf, priceSource } = this.#sources;
    const models: Record<string, ModelStatistics> = {};
    for (const [model, ofModel] of counts.models()) {
      const price = priceOf(model);
      models[model] = {
        ...structuredClone(ofModel),
        ...ledger.figures(model),
        pricePerMillionTokens: price ?? null,
        priceSource: price === undefined ? null : priceSource,
      };
    }
    return { ...counts.total(), ...sumTokens(Object.values(models)), models };
  }

  /** By model; everything only grows. */
  counts(): object {
    const { counts, ledger } = this.#sources;
    const models = [...counts.models()].map(([model, ofModel]) => [model, { ...ofModel, ...ledger.figures(model) }]);
    return Object.fromEntries(models);
  }

  lifetime(): LifetimeCounters {
    const { counts, ledger, priceOf } = this.#sources;
    const counters: LifetimeCounters = {};
    for (const [model, { hits, verified: _, ...ofModel }] of counts.models()) {
      const { tokensSent, tokensSaved } = ledger.figures(model);
      const price = priceOf(model);
      countModel(counters, model, {
        ...ofModel,
        hitsL1: hits.L1,
        hitsL2: hits.L2,
        hitsL3: hits.L3,
        tokensSent,
        tokensSaved,
        unitsSent: ledger.unitsReported(model),
        dollarsSent: costInDollars(tokensSent, price) ?? 0,
        dollarsSaved: costInDollars(tokensSaved, price) ?? 0,
      });
    }
    return counters;
  }
}

function sumTokens(models: readonly TokenFigures[]): TokenFigures {
  const sum: TokenFigures = { tokensSent: 0, tokensSaved: 0, dollarsSent: 0, dollarsSaved: 0 };
  for (const { tokensSent, tokensSaved, dollarsSent, dollarsSaved } of models) {
    sum.tokensSent += tokensSent;
    sum.tokensSaved += tokensSaved;
    sum.dollarsSent = addKnown(sum.dollarsSent, dollarsSent);
    sum.dollarsSaved = addKnown(sum.dollarsSaved, dollarsSaved);
  }
  return sum;
}

function addKnown(sum: number | null, part: number | null): number | null {
  return sum === null || part === null ? null : sum + part;
}
