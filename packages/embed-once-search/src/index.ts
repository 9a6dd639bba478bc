export type { Problem, SkipCounts } from "./catalogue.ts";
export type { ChunkFilter } from "./chunk-filter.ts";
export {
  type Chunk,
  type ChunkOptions,
  chunkSource,
  chunkText,
  prepareToChunk,
  type SymbolKind,
} from "./chunker.ts";
export type { Example } from "./example.ts";
export type { SearchResult } from "./find-chunks.ts";
export type { FolderWatch, WatchOptions } from "./folder-watch.ts";
export type { IndexStatus } from "./index-status.ts";
export type { IndexRunReport } from "./indexer.ts";
export { languageOf } from "./languages.ts";
export type { IndexProgress, RunningIndex } from "./running.ts";
export {
  type AnswerOptions,
  type FindOptions,
  type IndexOptions,
  type IndexReport,
  type SearchBasis,
  type SearchOptions,
  SemanticSearchEngine,
  type SemanticSearchOptions,
} from "./semantic-search-engine.ts";
export type { Neighbour, TextKey, VectorEntry, VectorStore } from "./vector-store.ts";
export type { SkipReason } from "./walk.ts";
