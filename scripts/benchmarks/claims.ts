/** What README.md claims, with the figure of the last run and the command that measures it. */
import type { LastRuns } from "./figures.ts";
import { searchOf } from "./search-sections.ts";
import { megabytes, percent, type Results, table, threeDigits } from "./section.ts";

interface Claim {
  /** Of the benchmark that measures it. */
  benchmark: string;
  claim: string;
  /** In words, rivals included where one is better. */
  figure(results: Results): string;
}

const named = (rows: Results[], name: string): Results => {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`The last run has no "${name}".`);
  return row;
};

const us = (value: number) => `${threeDigits(value)} µs`;
const ms = (value: number) => `${threeDigits(value)} ms`;

const CLAIMS: readonly Claim[] = [
  {
    benchmark: "codec",
    claim: "A vector without loss, in bits a value",
    figure({ sizes }) {
      const row = sizes.find(({ seenAt, set }: Results) => /^openai/i.test(seenAt ?? set)) ?? sizes[0];
      return `${row.bits.toFixed(1)} of 64 (${row.seenAt ?? row.set}); the entropy is ${row.entropyBits.toFixed(1)}, zstd-9 takes ${row.zstdBits.toFixed(1)}`;
    },
  },
  {
    benchmark: "codec",
    claim: "Smaller than a general compressor makes it",
    figure({ sizes }) {
      const smaller = sizes.filter(
        (row: Results) => row.bits <= Math.min(row.zstdBits, row.planesBits, row.deflateBits, row.lz4Bits),
      );
      return `${smaller.length} of ${sizes.length} kinds of vectors`;
    },
  },
  {
    benchmark: "tiers",
    claim: "A hit, in decoded memory, in compressed memory, in the mapped file",
    figure: ({ hits }) =>
      ["L1 hit", "L2 hit", "L3 hit, warm, promotion to L2 included"]
        .map((name) => us(named(hits, name).p50))
        .join(", "),
  },
  {
    benchmark: "embedder",
    claim: "A cached text from the file, everything included",
    figure({ contestants }) {
      const ours = contestants[0];
      const rivals = contestants.filter(({ name }: { name: string }) => !name.startsWith("embed-once"));
      const faster = rivals.filter(({ medianUs }: { medianUs: number }) => medianUs < ours.medianUs);
      const langChain = named(rivals, "LangChain, LocalFileStore");
      const better = faster.map(({ name, medianUs }: Results) => `${name} ${us(medianUs)}`).join(", ");
      return `${us(ours.medianUs)}; LangChain's files ${us(langChain.medianUs)}${better === "" ? "" : `; faster: ${better}`}`;
    },
  },
  {
    benchmark: "embedder",
    claim: "Disk a vector of 1,536 numbers",
    figure({ contestants }) {
      const keyv = named(contestants, "keyv + @keyv/sqlite");
      return `${threeDigits(contestants[0].diskBytesAVector)} bytes; keyv over SQLite ${threeDigits(keyv.diskBytesAVector)}`;
    },
  },
  {
    benchmark: "tiers",
    claim: "Private memory of a process that reads among that many vectors",
    figure({ memory }) {
      const { vectors, cache, map } = memory.at(-1);
      return `${megabytes(cache)} MB for ${vectors.toLocaleString("en")}; a \`Map\` of arrays ${megabytes(map)} MB`;
    },
  },
  {
    benchmark: "search",
    claim: "The best 10 of that many vectors of 1,536 numbers",
    figure({ sets }) {
      const clustered = sets.filter(({ set }: Results) => set === "clustered");
      const { vectors, contestants } = clustered.at(-1);
      return `${searchFigure(contestants[0], vectors)}${fasterSearch(clustered)}`;
    },
  },
  {
    benchmark: "freshness",
    claim: "A saved file is found, while it is watched",
    figure: (report) =>
      `after ${ms(timingOf(report, "a saved file is found").p50)}, p99 ${ms(timingOf(report, "a saved file is found").p99)}`,
  },
  {
    benchmark: "freshness",
    claim: "An answer while the first indexing is under way",
    figure: (report) => `after ${ms(timingOf(report, "a search while it indexes").p50)}`,
  },
  {
    benchmark: "history",
    claim: "Chunks of changed files that need no embedding",
    figure: ({ chunkers, commits }) =>
      `${percent(chunkers[0].fromCache)} over ${commits} commits; windows of 40 lines ${percent(named(chunkers, "windows of 40 lines").fromCache)}`,
  },
  {
    benchmark: "quality",
    claim: "Finds the right place: nDCG@10",
    figure: ({ average }) => `${average.ranked.ndcg.toFixed(3)}, plain BM25 ${average["plain BM25"].ndcg.toFixed(3)}`,
  },
];

function searchFigure(contestant: Results, vectors: number): string {
  const { ms: time, recall } = searchOf(contestant, false);
  return `${ms(time.p50)}, recall ${recall.toFixed(3)}, of ${vectors.toLocaleString("en")}`;
}

/** Who was faster among the most vectors that rivals were asked for. */
function fasterSearch(sets: readonly Results[]): string {
  const compared = sets.filter(({ contestants }) => contestants.length > 1).at(-1);
  if (compared === undefined) return "";
  const [ours, ...rivals] = compared.contestants;
  const p50 = (contestant: Results) => searchOf(contestant, false).ms.p50;
  const faster = rivals.filter((rival: Results) => p50(rival) < p50(ours));
  return faster.map((rival: Results) => `; faster: ${rival.name}, ${searchFigure(rival, compared.vectors)}`).join("");
}

function timingOf(report: Results, ending: string): Results {
  const found = Object.entries(report).find(([what]) => what.endsWith(ending));
  if (found === undefined) throw new Error(`The last run has nothing that ends in "${ending}".`);
  return found[1];
}

/** The charts that matter most, by name, with what they show. */
const CHARTS: Readonly<Record<string, readonly [benchmark: string, text: string]>> = {
  "codec-bits": ["codec", "Bits a value, lossless"],
  "embedder-texts": ["embedder", "A cached text, from call to array"],
  search: ["search", "The best 10, against number of chunks"],
};

const BEGIN = "<!-- claims: made by `npm run check:claims -- --write` of docs/benchmarks.json -->";
const END = "<!-- /claims -->";

/** Charts and table of what was measured. A claim whose benchmark did not run is left out. */
function claimsOf(runs: LastRuns): string {
  const charts = Object.entries(CHARTS).filter(([, [benchmark]]) => runs[benchmark] !== undefined);
  const claims = CLAIMS.filter(({ benchmark }) => runs[benchmark] !== undefined);
  return [
    ...charts.map(([name, [, text]]) => `![${text}](docs/plots/${name}.svg)`),
    table(
      ["measured", "", "command"],
      claims.map(({ benchmark, claim, figure }) => [
        claim,
        figure(runs[benchmark]!.results),
        `\`npm run bench:${benchmark}\``,
      ]),
    ),
  ].join("\n\n");
}

/** The text with its claims made anew of the last runs. */
export function withClaims(readme: string, runs: LastRuns): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`README.md must hold the lines ${BEGIN} and ${END}.`);
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${claimsOf(runs)}\n\n${readme.slice(end)}`;
}
