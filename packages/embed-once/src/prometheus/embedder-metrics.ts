import type {
  EmbedderCounts,
  EmbedderStatistics,
  LifetimeFigures,
  LifetimeStatistics,
} from "../statistics/statistics.ts";
import type { MetricDefinition, Sample } from "./figure-metric.ts";

/** What an embedder and the lifetime of a directory have in common, for one model. */
type ModelFigures = Omit<EmbedderCounts, "verified"> & {
  tokensSent: number;
  tokensSaved: number;
  dollarsSent: number | null;
  dollarsSaved: number | null;
};

type ByModel = Pick<EmbedderStatistics, "models"> | Pick<LifetimeStatistics, "models">;

export const embedderMetrics: readonly MetricDefinition<EmbedderStatistics>[] = [
  ...textMetrics<EmbedderStatistics>("embed_once_", "by this embedder"),
  {
    name: "embed_once_verified_texts_total",
    help: "Hits that were embedded again for comparison, by what came of it.",
    type: "counter",
    samples: ({ models }) =>
      Object.entries(models).flatMap(([model, { verified }]) =>
        Object.entries(verified).map(([outcome, value]) => ({ labels: { model, outcome }, value })),
      ),
  },
];

export const lifetimeTextMetrics: readonly MetricDefinition<LifetimeStatistics>[] = textMetrics<LifetimeStatistics>(
  "embed_once_lifetime_",
  "by all processes that ever used the directory",
);

/** Metrics of texts, requests, tokens and money, by model. */
function textMetrics<Figures extends ByModel>(prefix: string, byWhom: string): MetricDefinition<Figures>[] {
  const counter = (
    name: string,
    help: string,
    figure: (figures: ModelFigures) => number | null,
  ): MetricDefinition<Figures> => ({
    name: `${prefix}${name}_total`,
    help: `${help}, ${byWhom}.`,
    type: "counter",
    samples: (figures) =>
      modelsOf(figures).flatMap(([model, ofModel]) => {
        const value = figure(ofModel);
        // What is not known has no sample.
        return value === null ? [] : [{ labels: { model }, value }];
      }),
  });
  return [
    {
      name: `${prefix}texts_total`,
      help: `Texts asked, by what became of them: found in a tier, shared with another request, or missed; ${byWhom}.`,
      type: "counter",
      samples: (figures) => modelsOf(figures).flatMap(([model, ofModel]) => outcomes(model, ofModel)),
    },
    counter("embeddings", "Vectors made", ({ embeddingsMade }) => embeddingsMade),
    counter("requests", "Requests made, further attempts included", ({ requestsMade }) => requestsMade),
    counter("request_failures", "Requests that failed", ({ requestsFailed }) => requestsFailed),
    counter("request_retries", "Requests that were further attempts", ({ retries }) => retries),
    counter("requests_saved", "Requests that the cache made needless", ({ requestsSaved }) => requestsSaved),
    counter("tokens_sent", "Tokens as the provider reported them", ({ tokensSent }) => tokensSent),
    counter("tokens_saved", "Tokens that were not sent, estimated", ({ tokensSaved }) => tokensSaved),
    counter("spent_dollars", "US dollars for tokens sent, where the price is known", ({ dollarsSent }) => dollarsSent),
    counter(
      "saved_dollars",
      "US dollars for tokens saved, where the price is known",
      ({ dollarsSaved }) => dollarsSaved,
    ),
  ];
}

function modelsOf({ models }: ByModel): [string, ModelFigures][] {
  return Object.entries<ModelFigures | LifetimeFigures>(models);
}

function outcomes(model: string, { hits, coalesced, misses }: ModelFigures): Sample[] {
  const outcome = (name: string, value: number) => ({ labels: { model, outcome: name }, value });
  return [
    ...Object.entries(hits).map(([tier, count]) => outcome(tier, count)),
    outcome("shared", coalesced),
    outcome("missed", misses),
  ];
}
