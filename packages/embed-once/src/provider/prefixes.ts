import type { Purpose } from "../core/embedder.ts";

/** What is put before a text of each purpose. A text without a purpose goes as it is. */
export interface Prefixes {
  readonly query: string;
  readonly document: string;
}

interface TrainedPrefixes extends Prefixes {
  /** Matched against the model's name, whatever server, owner or tag is part of it. */
  readonly model: RegExp;
}

/**
 * Models whose training put an instruction before each text, in the words of their model cards on Hugging Face
 * (nomic-ai, intfloat, google, mixedbread-ai, Snowflake, Qwen; November 2026). The first that matches counts. Servers
 * that only run the model (Ollama, vLLM, gateways) do not add them.
 */
export const TRAINED_PREFIXES: readonly TrainedPrefixes[] = [
  { model: /nomic-embed-text/i, query: "search_query: ", document: "search_document: " },
  { model: /nomic-embed-code/i, query: "Represent this query for searching relevant code: ", document: "" },
  { model: /(^|[/-])e5-(small|base|large)(?!.*instruct)/i, query: "query: ", document: "passage: " },
  { model: /embedding-?gemma/i, query: "task: search result | query: ", document: "title: none | text: " },
  {
    model: /mxbai-embed-(large|2d)/i,
    query: "Represent this sentence for searching relevant passages: ",
    document: "",
  },
  { model: /snowflake-arctic-embed(2|.*-v2)/i, query: "query: ", document: "" },
  {
    model: /snowflake-arctic-embed/i,
    query: "Represent this sentence for searching relevant passages: ",
    document: "",
  },
  {
    model: /qwen3-embedding/i,
    query: "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
    document: "",
  },
];

/** The prefixes that a model was trained with, unless the user names others; none where both are empty. */
export function prefixesOf(
  model: string,
  own: { queryPrefix?: string | undefined; documentPrefix?: string | undefined } = {},
): Prefixes | undefined {
  const trained = TRAINED_PREFIXES.find((entry) => entry.model.test(model));
  const query = own.queryPrefix ?? trained?.query ?? "";
  const document = own.documentPrefix ?? trained?.document ?? "";
  return query === "" && document === "" ? undefined : { query, document };
}

export function withPrefix(
  texts: readonly string[],
  prefixes: Prefixes | undefined,
  purpose: Purpose | undefined,
): readonly string[] {
  const prefix = purpose === undefined ? "" : (prefixes?.[purpose] ?? "");
  return prefix === "" ? texts : texts.map((text) => prefix + text);
}

/** The prefixes as options of an identity: other prefixes make other vectors. */
export function prefixOptions(prefixes: Prefixes | undefined): Record<string, string> {
  return prefixes === undefined ? {} : { queryPrefix: prefixes.query, documentPrefix: prefixes.document };
}
