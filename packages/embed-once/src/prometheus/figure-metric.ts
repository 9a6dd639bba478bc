/** What is used of prom-client's `Registry`. */
export interface MetricRegistry {
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
}

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  labels?: Labels | undefined;
  value: number;
  /** For the parts of a histogram. @default the metric's */
  metricName?: string | undefined;
}

/** How one metric is read off a source's figures. */
export interface MetricDefinition<Figures> {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  samples(figures: Figures): Sample[];
}

interface Source<Figures> {
  read: () => Figures;
  labels: Labels;
}

/**
 * A metric whose samples are read off the figures when it is scraped: between scrapes it costs nothing. It has what a
 * prom-client registry asks of its metrics, and needs no prom-client.
 */
class FigureMetric<Figures> {
  /** A registry of the OpenMetrics kind takes the `_total` away. */
  name: string;
  readonly help: string;
  readonly type: MetricDefinition<Figures>["type"];
  readonly aggregator = "sum";
  readonly #samples: MetricDefinition<Figures>["samples"];
  readonly #sources: Source<Figures>[] = [];

  constructor({ name, help, type, samples }: MetricDefinition<Figures>) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.#samples = samples;
  }

  /** @throws where another source has these labels already: the samples could not be told apart */
  add(source: Source<Figures>): void {
    const labels = JSON.stringify(Object.entries(source.labels).toSorted());
    if (this.#sources.some((other) => JSON.stringify(Object.entries(other.labels).toSorted()) === labels)) {
      throw new Error(
        `metrics with the labels ${JSON.stringify(source.labels)} are registered already: give each its own`,
      );
    }
    this.#sources.push(source);
  }

  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const values = this.#sources.flatMap(({ read, labels: own }) =>
      this.#samples(read()).map(({ labels, ...sample }) => ({ labels: { ...own, ...labels }, ...sample })),
    );
    return { name, help, type, aggregator, values };
  }

  /** The figures are not the registry's to forget. */
  reset(): void {}
}

/**
 * Registers metrics, or gives those that are registered another source.
 * @throws TypeError for a registry that is none
 */
export function registerFigures<Figures>(
  registry: MetricRegistry,
  definitions: readonly MetricDefinition<Figures>[],
  source: Source<Figures>,
): void {
  if (typeof registry?.registerMetric !== "function" || typeof registry.getSingleMetric !== "function") {
    throw new TypeError(`a prom-client Registry was expected, got ${registry === null ? "null" : typeof registry}`);
  }
  for (const definition of definitions) {
    const known = registry.getSingleMetric(definition.name);
    const metric = known instanceof FigureMetric ? (known as FigureMetric<Figures>) : new FigureMetric(definition);
    metric.add(source);
    if (metric !== known) registry.registerMetric(metric as never);
  }
}
