import { inspect } from "node:util";
import * as v from "valibot";
import { ConfigurationError } from "../core/errors.ts";
import { nearestName } from "./nearest-name.ts";

/** Which embedder to make and how: what a user writes into a configuration. Every provider takes a part of it. */
export interface ProviderConfig {
  /** The provider's short name: see `providerNames`. */
  provider: string;
  /** @default the provider's own; `openai-compatible` has none */
  model?: string | undefined;
  /** Length of the vectors, where the provider can choose it. @default the model's own */
  dimensions?: number | undefined;
  /** @default the provider's environment variable */
  apiKey?: string | undefined;
  /** Where the API lies, up to what precedes `/embeddings`, such as `http://localhost:11434/v1`. @default the provider's own */
  baseURL?: string | undefined;
  /** How the numbers travel; it decides their bits. @default `"base64"` for `openai` and `azure-openai`, else `"float"` */
  encoding?: "base64" | "float" | undefined;
  /** Sent along with every request. They are no part of an embedder's identity. */
  headers?: Record<string, string> | undefined;
  /** How long one attempt may take, 1 to 2,147,483,647. @default 60,000 */
  timeoutMs?: number | undefined;
  /** Further attempts after a failure that may pass, 0 to 100. @default 3 */
  maxRetries?: number | undefined;
  /** @default the provider's own bound: 2,048 for `openai`, 32 for `openai-compatible`, see docs/providers.md */
  maxTextsPerRequest?: number | undefined;
  /** Bound of the UTF-8 bytes of a request's texts, prefixes not counted; a single longer text travels alone. @default 300,000, but none where the provider's bound is one of tokens */
  maxBytesPerRequest?: number | undefined;
  /** Bound of the tokens of a request's texts, as they are estimated; a single longer text travels alone. @default the provider's own bound, else none */
  maxTokensPerRequest?: number | undefined;
  /** US dollars for a million tokens, where you pay another price than the listed one; 0 or more. @default the listed price */
  pricePerMillionTokens?: number | undefined;
  /** Put before every text of the purpose "query". @default what the model was trained with, else nothing */
  queryPrefix?: string | undefined;
  /** Put before every text of the purpose "document". @default what the model was trained with, else nothing */
  documentPrefix?: string | undefined;
  /** `azure-openai`: `"v1"`, `"preview"`, or a dated version such as `"2024-10-21"`. @default `AZURE_OPENAI_API_VERSION`, else `"v1"` */
  apiVersion?: string | undefined;
  /** `bedrock`: the AWS region, such as `"eu-central-1"`. @default `AWS_REGION`, else `AWS_DEFAULT_REGION` */
  region?: string | undefined;
  /** `bedrock`: whoever signs the requests; AWS SDK credential providers fit. @default `AWS_ACCESS_KEY_ID` and its companions */
  awsCredentials?: AwsCredentials | (() => AwsCredentials | Promise<AwsCredentials>) | undefined;
  /** What sends the requests. @default the global `fetch` */
  fetch?: typeof globalThis.fetch | undefined;
}

/** An AWS access key, as the AWS SDKs have it. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

const count = v.pipe(
  v.number("expected a whole number of at least 1"),
  v.safeInteger("expected a whole number of at least 1"),
  v.minValue(1, "expected a whole number of at least 1"),
);
const text = v.pipe(v.string("expected a string"), v.nonEmpty("expected a string that is not empty"));
const MAX_TIMEOUT_MS = 2_147_483_647;
const price = "expected a number of dollars, 0 or more";
const prefix = v.string("expected a string; an empty one for no prefix");
const credentials = v.object(
  { accessKeyId: text, secretAccessKey: text, sessionToken: v.optional(text) },
  "expected { accessKeyId, secretAccessKey } or a function that gives them",
);
const retries = "expected a whole number from 0 to 100";

const entries = {
  provider: text,
  model: v.optional(text),
  dimensions: v.optional(count),
  apiKey: v.optional(v.string("expected a string")),
  baseURL: v.optional(text),
  encoding: v.optional(v.picklist(["base64", "float"], 'expected "base64" or "float"')),
  headers: v.optional(
    v.record(v.string(), v.string("expected a string"), "expected an object of header names and values"),
  ),
  timeoutMs: v.optional(v.pipe(count, v.maxValue(MAX_TIMEOUT_MS, `expected at most ${MAX_TIMEOUT_MS}`))),
  maxRetries: v.optional(
    v.pipe(v.number(retries), v.safeInteger(retries), v.minValue(0, retries), v.maxValue(100, retries)),
  ),
  maxTextsPerRequest: v.optional(count),
  maxBytesPerRequest: v.optional(count),
  maxTokensPerRequest: v.optional(count),
  pricePerMillionTokens: v.optional(v.pipe(v.number(price), v.finite(price), v.minValue(0, price))),
  queryPrefix: v.optional(prefix),
  documentPrefix: v.optional(prefix),
  apiVersion: v.optional(
    v.pipe(text, v.regex(/^[\w.-]+$/, 'expected "v1", "preview" or a version such as "2024-10-21"')),
  ),
  // It becomes a part of the server's name, and must not lead to another service's ("s3").
  region: v.optional(v.pipe(text, v.regex(/^[a-z]+(-[a-z]+)+-\d+$/, 'expected a region such as "us-east-1"'))),
  awsCredentials: v.optional(
    v.union(
      [credentials, v.function() as v.GenericSchema<() => AwsCredentials>],
      "expected { accessKeyId, secretAccessKey } or a function that gives them",
    ),
  ),
  fetch: v.optional(v.function("expected a function") as v.GenericSchema<typeof globalThis.fetch>),
};

/** The schema of each option, for a larger configuration that takes them over. */
export const providerConfigEntries: Readonly<Record<keyof ProviderConfig, v.GenericSchema>> = entries;

const schema = v.object(entries);

export type ProviderOption = Exclude<keyof ProviderConfig, "provider">;

/** Values of these are never repeated in a message. */
const SECRET_OPTIONS = new Set(["apiKey", "headers", "baseURL", "awsCredentials"]);

/**
 * Checks a configuration of unknown origin. Throws a ConfigurationError that names the option, what came and what was
 * expected; an unknown option is refused with the name that was probably meant. Secrets are never repeated.
 */
export function parseProviderConfig(input: unknown): ProviderConfig {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new ConfigurationError(
      `Expected a provider configuration such as { provider: "local" }, got ${input === null ? "null" : Array.isArray(input) ? "an array" : typeof input}`,
    );
  }
  const known = Object.keys(entries);
  for (const name of Object.keys(input)) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    throw new ConfigurationError(
      `Unknown option ${JSON.stringify(name)}${nearest === undefined ? "." : `. Did you mean "${nearest}"?`} Known options: ${known.join(", ")}.`,
    );
  }
  if (!("provider" in input)) throw new ConfigurationError('Option "provider" is missing: name one, such as "local".');
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = (issue.path ?? []).map((item) => String(item.key));
  const option = path[0] ?? "provider";
  const plain = typeof issue.input === "string" || typeof issue.input === "number";
  const came = SECRET_OPTIONS.has(option) || !plain ? typeof issue.input : inspect(issue.input);
  throw new ConfigurationError(`Option ${JSON.stringify(path.join("."))}: ${issue.message}, got ${came}`);
}
