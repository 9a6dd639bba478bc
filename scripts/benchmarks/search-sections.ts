import { type Bar, bars, COLOURS, type Point, panels } from "../plot.ts";
import { type Measured, megabytes, percent, type Section, type Timing, table, threeDigits } from "./section.ts";

interface Search {
  limit: number;
  isConfined: boolean;
  ms: Timing;
  asked: number;
  recall: number;
}

interface Searcher {
  name: string;
  buildMs: number;
  diskBytes: number;
  privateBytes?: number;
  confineMs?: number;
  searches: Search[];
}

interface SearchSet {
  set: string;
  vectors: number;
  dimensions: number;
  contestants: Searcher[];
  float32ScanMs: Timing;
}

/** Results that everybody is asked for. */
const WANTED = 10;

const COLOUR_OF: Readonly<Record<string, string>> = {
  "embed-once": COLOURS.ours,
  "LanceDB, IVF_RQ": COLOURS.rival,
  "sqlite-vec": COLOURS.rival2,
  "usearch, HNSW": COLOURS.rival3,
};

export function searchOf({ searches }: Searcher, isConfined: boolean): Search {
  return searches.find((search) => search.limit === WANTED && search.isConfined === isConfined)!;
}

function searchRow(set: SearchSet, contestant: Searcher): (string | undefined)[] {
  const cells = [false, true].flatMap((isConfined) => {
    const { ms, recall } = searchOf(contestant, isConfined);
    return [threeDigits(ms.p50), threeDigits(ms.p99), recall.toFixed(3)];
  });
  return [
    `${set.set}, ${set.vectors.toLocaleString("en")} × ${set.dimensions}`,
    contestant.name,
    ...cells,
    threeDigits(contestant.buildMs / 1000),
    megabytes(contestant.privateBytes),
    threeDigits(contestant.diskBytes / set.vectors),
  ];
}

function floorRow({ float32ScanMs }: SearchSet): string[] {
  const { p50, p99 } = float32ScanMs;
  return ["", "floor: float32s in memory", threeDigits(p50), threeDigits(p99), ...Array<string>(7).fill("")];
}

/** Where somebody is better than embed-once, with what it costs there. */
function betterAtSearch(set: SearchSet): string[] {
  const [ours, ...rivals] = set.contestants as [Searcher, ...Searcher[]];
  if (rivals.length === 0) return [];
  const where = `${set.set}, ${set.vectors.toLocaleString("en")} × ${set.dimensions}`;
  const measures: readonly (readonly [what: string, unit: string, of: (searcher: Searcher) => number | undefined])[] = [
    ["best 10", "ms", (searcher) => searchOf(searcher, false).ms.p50],
    ["best 10 of 5 %", "ms", (searcher) => searchOf(searcher, true).ms.p50],
    ["build", "s", ({ buildMs }) => buildMs / 1000],
    ["private memory", "MB", ({ privateBytes }) => privateBytes && privateBytes / 1e6],
    ["disk", "bytes a vector", ({ diskBytes }) => diskBytes / set.vectors],
  ];
  const lines = measures.flatMap(([what, unit, of]) => {
    const own = of(ours);
    const better = rivals
      .map((rival): Measured & { recall: string } => ({
        name: rival.name,
        value: of(rival) ?? Number.POSITIVE_INFINITY,
        recall: what.startsWith("best") ? `, recall ${searchOf(rival, what.endsWith("%")).recall.toFixed(3)}` : "",
      }))
      .filter(({ value }) => own !== undefined && value < own);
    const named = better.map(({ name, value, recall }) => `${name} (${threeDigits(value)} ${unit}${recall})`);
    return named.length === 0 ? [] : [`${what} (${threeDigits(own!)} ${unit}): ${named.join(", ")}`];
  });
  const verdict = lines.length === 0 ? ": nobody." : `:\n\n${lines.map((line) => `- ${line}`).join("\n")}`;
  return [`Better than embed-once on ${where}${verdict}`];
}

function searchPoints(sets: readonly SearchSet[], isConfined: boolean, of: (search: Search) => number): Point[] {
  return sets.flatMap((set) =>
    set.contestants.map((contestant) => ({
      series: contestant.name,
      x: set.vectors,
      y: of(searchOf(contestant, isConfined)),
    })),
  );
}

const search: Section = {
  name: "search",
  title: "Search: the vectors' part",
  text: [
    "The best 10 of all vectors, and of every twentieth (5 %), by cosine. Each contestant builds its index in one process and is asked in another one, which",
    "opens it; recall is against an exact scan in float64, private memory what the searches took, from before the opening. Clustered vectors are",
    "synthetic, 50 around each centre; `local` are this repository's pieces, embedded by the `local` embedder.",
    "",
    "embed-once and sqlite-vec run on one core, LanceDB and usearch's building on all. LanceDB reads the exact vectors of ten candidates for",
    "each result (`refineFactor`), and filters by an indexed column, sqlite-vec by a metadata column. usearch has its default graph over float16s in a mapped file, and no filter",
    "in JavaScript: it is asked for twenty times as many. embed-once is told the rows that may answer once, before the searches.",
  ].join("\n"),
  parts: ({ sets }: { sets: SearchSet[] }) => {
    const compared = sets.filter(({ contestants }) => contestants.length > 1);
    const clustered = compared.filter(({ set }) => set === "clustered");
    return [
      table(
        [
          ...["vectors", "", "best 10: p50, ms", "p99, ms", "recall", "of 5 %: p50, ms", "p99, ms", "recall"],
          ...["built in, s", "private MB", "bytes on disk a vector"],
        ],
        sets.flatMap((set) => [...set.contestants.map((contestant) => searchRow(set, contestant)), floorRow(set)]),
      ),
      ...clustered.slice(-1).flatMap(betterAtSearch),
    ];
  },
  plots: ({ sets }: { sets: SearchSet[] }) => {
    const clustered = sets.filter(({ set, dimensions }) => set === "clustered" && dimensions === sets[0]!.dimensions);
    const names = clustered[0]!.contestants.map(({ name }) => name);
    const ms = (found: Search) => found.ms.p50;
    const recall = (found: Search) => found.recall;
    const recalls = [false, true].flatMap((isConfined) => searchPoints(clustered, isConfined, recall));
    const domain = [Math.min(0.8, Math.floor(10 * Math.min(...recalls.map(({ y }) => y))) / 10), 1] as const;
    return {
      search: panels(
        "The best 10, against number of chunks",
        `clustered vectors of ${sets[0]!.dimensions.toLocaleString("en")} dimensions; median, and share of the true best that was found`,
        {
          x: { title: "chunks", scale: "log" },
          series: Object.fromEntries(names.map((name) => [name, COLOUR_OF[name] ?? COLOURS.floor])),
        },
        [
          { title: "of all", y: { title: "ms a search", scale: "log" }, points: searchPoints(clustered, false, ms) },
          { title: "of 5 %", y: { title: "ms a search", scale: "log" }, points: searchPoints(clustered, true, ms) },
          { title: "of all", y: { title: "recall", domain }, points: searchPoints(clustered, false, recall) },
          { title: "of 5 %", y: { title: "recall", domain }, points: searchPoints(clustered, true, recall) },
        ],
      ),
    };
  },
};

interface WordsResults {
  chunks: number;
  timings: { name: string; p50Ms: number; p99Ms: number }[];
}

const words: Section = {
  name: "words",
  title: "Search: the words' part",
  text: "A synthetic index. FTS5's own `bm25()` beside it gives row numbers only; embed-once's figures are those of ranked places.",
  parts: ({ timings, chunks }: WordsResults) => [
    table(
      [`${chunks.toLocaleString("en")} chunks`, "p50, ms", "p99, ms"],
      timings.map(({ name, p50Ms, p99Ms }) => [name, threeDigits(p50Ms), threeDigits(p99Ms)]),
    ),
  ],
};

const freshness: Section = {
  name: "freshness",
  title: "Freshness",
  text: "How soon an index answers, and how soon a change is in it. Synthetic trees, the `local` embedder, no cache.",
  parts: (report: Record<string, Timing & { runs: number }>) => [
    table(
      ["", "p50, ms", "p99, ms", "runs"],
      Object.entries(report).map(([what, { p50, p99, runs }]) => [what, threeDigits(p50), threeDigits(p99), runs]),
    ),
  ],
};

interface ChunkerRow {
  name: string;
  chunksOfChangedFiles: number;
  embedded: number;
  fromCache: number;
  embeddedCharacters: number;
  charactersTimesOurs: number;
}

const history: Section = {
  name: "history",
  title: "Chunks over a repository's life",
  text: "Every commit's changed files are chunked; what was embedded before comes from the cache. Chunkers that cut larger chunks embed fewer of them, and more text.",
  parts: ({ chunkers, commits }: { chunkers: ChunkerRow[]; commits: number }) => [
    table(
      [`${commits} commits`, "chunks of changed files", "embedded", "from the cache", "characters embedded", "× ours"],
      chunkers.map((row) => [
        row.name,
        row.chunksOfChangedFiles.toLocaleString("en"),
        row.embedded.toLocaleString("en"),
        percent(row.fromCache),
        row.embeddedCharacters.toLocaleString("en"),
        row.charactersTimesOurs.toFixed(2),
      ]),
    ),
  ],
  plots: ({ chunkers, commits }: { chunkers: ChunkerRow[]; commits: number }) => {
    const rows = (of: (row: ChunkerRow) => number) =>
      chunkers.map((row, i): Bar => ({ name: row.name, value: of(row) / commits, kind: i === 0 ? "ours" : "rival" }));
    return {
      "history-chunks": bars(
        "Chunks embedded a commit",
        `${commits} commits, what was embedded before from the cache`,
        "chunks a commit",
        rows(({ embedded }) => embedded),
      ),
      "history-characters": bars(
        "Text embedded a commit",
        `${commits} commits, what was embedded before from the cache`,
        "non-blank characters a commit",
        rows(({ embeddedCharacters }) => embeddedCharacters),
      ),
    };
  },
};

type Measures = Record<string, { ndcg: number; recall: number }>;

interface QualityResults {
  results: { repository: string; task: string; questions: number; measures: Measures }[];
  average: Measures;
}

const quality: Section = {
  name: "quality",
  title: "Does it find the right place?",
  text: "nDCG@10 / recall@10 of two tasks: from a commit's subject to the files that it changed, and from a docstring to its function. The embedder is `local`, which knows words only.",
  parts: ({ results, average }: QualityResults) => {
    const ways = Object.keys(average);
    const cells = (measures: Measures) =>
      ways.map((way) => `${measures[way]!.ndcg.toFixed(3)} / ${measures[way]!.recall.toFixed(3)}`);
    // One repository is called whatever the folder of its checkout is.
    const isOne = new Set(results.map(({ repository }) => repository)).size === 1;
    return [
      table(
        ["", "questions", ...ways],
        [
          ...results.map((row) => [
            isOne ? row.task : `${row.repository}, ${row.task}`,
            row.questions,
            ...cells(row.measures),
          ]),
          ["average", "", ...cells(average)],
        ],
      ),
    ];
  },
};

export const searchSections: readonly Section[] = [search, words, freshness, history, quality];
