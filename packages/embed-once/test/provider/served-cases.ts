import type { ProviderEmbedder } from "../../src/provider/provider.ts";
import type { ProviderConfig } from "../../src/provider/provider-config.ts";
import { createProviderEmbedder } from "../../src/provider/registry.ts";
import {
  type ProviderServer,
  type ProviderServerOptions,
  type ServedProvider,
  startProviderServer,
} from "../../src/testing/provider-server.ts";

/** A provider with a model and the ways to ask it that matter, to be run against the provider server. */
export interface ServedCase {
  provider: ServedProvider;
  model: string;
  /** The fewest that the model can give: vectors cost the tests their time. */
  dimensions?: number;
  encoding?: "base64" | "float";
  options?: Partial<ProviderConfig>;
  /** Bedrock: signed with an access key instead of an API key. */
  signed?: boolean;
  /** What a query, a document and a text without purpose carry on the wire; absent where purposes are the same. */
  purposes?: { query: string; document: string; none: string | undefined };
  /** Where the purpose stands: a field of the body, or `prefix`. */
  purposeIn?: string;
}

export const KEY = 'key-"secret"/0123456789+abc';
export const AWS = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "FwoGZXIvYXdzEXAMPLETOKEN",
  region: "eu-central-1",
};

const cohereTypes = { query: "search_query", document: "search_document", none: "search_document" };
const voyageTypes = { query: "query", document: "document", none: undefined };
const jinaTasks = { query: "retrieval.query", document: "retrieval.passage", none: undefined };
const nomicPrefixes = { query: "search_query: ", document: "search_document: ", none: "" };

/** At least one case a provider; the first of each is its default model. */
export const SERVED_CASES: readonly ServedCase[] = [
  ...(["base64", "float"] as const).flatMap((encoding): ServedCase[] => [
    { provider: "openai", model: "text-embedding-3-small", dimensions: 64, encoding },
    { provider: "openai-compatible", model: "text-embedding-3-small", dimensions: 64, encoding },
    { provider: "azure-openai", model: "text-embedding-3-small", dimensions: 64, encoding },
  ]),
  { provider: "azure-openai", model: "text-embedding-3-large", dimensions: 64, options: { apiVersion: "2024-10-21" } },
  {
    provider: "gemini",
    model: "gemini-embedding-001",
    dimensions: 128,
    purposes: { query: "RETRIEVAL_QUERY", document: "RETRIEVAL_DOCUMENT", none: undefined },
    purposeIn: "taskType",
  },
  {
    provider: "gemini",
    model: "gemini-embedding-2",
    dimensions: 128,
    purposes: { query: "task: search result | query: ", document: "title: none | text: ", none: "" },
    purposeIn: "prefix",
  },
  { provider: "bedrock", model: "amazon.titan-embed-text-v2:0", dimensions: 256 },
  { provider: "bedrock", model: "amazon.titan-embed-text-v2:0", dimensions: 256, signed: true },
  { provider: "bedrock", model: "amazon.titan-embed-text-v1" },
  {
    provider: "bedrock",
    model: "cohere.embed-english-v3",
    signed: true,
    purposes: cohereTypes,
    purposeIn: "input_type",
  },
  {
    provider: "bedrock",
    model: "us.cohere.embed-v4:0",
    dimensions: 256,
    signed: true,
    purposes: cohereTypes,
    purposeIn: "input_type",
  },
  { provider: "mistral", model: "mistral-embed" },
  { provider: "mistral", model: "codestral-embed", dimensions: 64 },
  ...(["float", "base64"] as const).flatMap((encoding): ServedCase[] => [
    {
      provider: "cohere",
      model: "embed-v4.0",
      dimensions: 256,
      encoding,
      purposes: cohereTypes,
      purposeIn: "input_type",
    },
    {
      provider: "voyage",
      model: "voyage-4",
      dimensions: 256,
      encoding,
      purposes: voyageTypes,
      purposeIn: "input_type",
    },
    { provider: "jina", model: "jina-embeddings-v3", dimensions: 64, encoding, purposes: jinaTasks, purposeIn: "task" },
  ]),
  { provider: "cohere", model: "embed-english-v3.0", purposes: cohereTypes, purposeIn: "input_type" },
  { provider: "voyage", model: "voyage-4-lite", dimensions: 256, purposes: voyageTypes, purposeIn: "input_type" },
  { provider: "voyage", model: "voyage-3-lite", purposes: voyageTypes, purposeIn: "input_type" },
  { provider: "jina", model: "jina-embeddings-v2-base-code" },
  { provider: "ollama", model: "nomic-embed-text", purposes: nomicPrefixes, purposeIn: "prefix" },
  { provider: "ollama", model: "all-minilm" },
  {
    provider: "ollama",
    model: "mxbai-embed-large",
    purposes: { query: "Represent this sentence for searching relevant passages: ", document: "", none: "" },
    purposeIn: "prefix",
  },
  { provider: "openrouter", model: "openai/text-embedding-3-small", dimensions: 64 },
  {
    provider: "openrouter",
    model: "intfloat/e5-base-v2",
    purposes: { query: "query: ", document: "passage: ", none: "" },
    purposeIn: "prefix",
  },
  { provider: "vercel-ai-gateway", model: "openai/text-embedding-3-small", dimensions: 64 },
];

export function nameOf({ provider, model, encoding, signed, options }: ServedCase): string {
  const how = [encoding, signed ? "signed" : undefined, options?.apiVersion].filter((word) => word !== undefined);
  return `${provider} ${model}${how.length === 0 ? "" : ` (${how.join(", ")})`}`;
}

export interface Served {
  server: ProviderServer;
  embedder: ProviderEmbedder;
}

/** What the embedder suite needs to know of a case: Gemini's own limit of 2,048 tokens is kept to before anything is sent. */
export function maxTextBytesOf({ provider }: ServedCase): number | undefined {
  return provider === "gemini" ? 4 * 2_048 : undefined;
}

/** Starts the case's server and connects its real client. */
export async function serve(
  served: ServedCase,
  options: Partial<ProviderConfig> = {},
  serverOptions: ProviderServerOptions = {},
): Promise<Served> {
  const { provider, signed } = served;
  const server = await startProviderServer({
    provider,
    ...(signed ? { aws: AWS } : { apiKey: KEY }),
    ...serverOptions,
  });
  return { server, embedder: connect(served, server.url, options) };
}

/** The case's embedder for a server that runs at the address. */
export function connect(served: ServedCase, baseURL: string, options: Partial<ProviderConfig> = {}): ProviderEmbedder {
  const { provider, model, dimensions, encoding, signed } = served;
  const { region, ...awsCredentials } = AWS;
  return createProviderEmbedder(
    {
      provider,
      baseURL,
      model,
      ...(dimensions === undefined ? {} : { dimensions }),
      ...(encoding === undefined ? {} : { encoding }),
      ...(provider === "bedrock" ? { region } : {}),
      ...(signed ? { awsCredentials } : { apiKey: KEY }),
      ...served.options,
      ...options,
    },
    {},
  );
}
