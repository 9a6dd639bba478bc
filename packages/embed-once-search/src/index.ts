export type { Problem, SkipCounts } from "./catalogue.ts";
export type { ChunkFilter } from "./chunk-filter.ts";
export {
  type Chunk,
  type ChunkOptions,
  chunkSource,
  chunkText,
  type LanguageName,
  languageOf,
  prepareToChunk,
  type SymbolKind,
} from "./chunker.ts";
export type { SearchResult } from "./find-chunks.ts";
export type { IndexProgress } from "./indexer.ts";
export {
  type IndexOptions,
  type IndexReport,
  type IndexStatus,
  type SearchBasis,
  type SearchOptions,
  SemanticSearchEngine,
  type SemanticSearchOptions,
} from "./semantic-search-engine.ts";
export type { Neighbour, TextKey, VectorEntry, VectorStore } from "./vector-store.ts";
export type { SkipReason } from "./walk.ts";
