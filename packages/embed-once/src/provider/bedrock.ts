import type { EmbeddingResponse } from "../core/embedder.ts";
import { ConfigurationError } from "../core/errors.ts";
import { awsSigner } from "./aws-signer.ts";
import { COHERE_INPUT_TYPES, readCohereVectors } from "./cohere.ts";
import { type AskedEmbeddings, readVectors, tokenUsage } from "./embedding-answer.ts";
import { HOSTED_OPTIONS, HostedEmbedder, type WireCall } from "./hosted-embedder.ts";
import type { KnownModel, KnownModels } from "./known-model.ts";
import { type Environment, keyHint, MissingKeyError, type Provider, readVariable } from "./provider.ts";
import type { AwsCredentials, ProviderConfig } from "./provider-config.ts";
import { type PurposeNames, purposeName } from "./purpose.ts";

const DEFAULT_MODEL = "amazon.titan-embed-text-v2:0";
const KEY_VARIABLES = ["AWS_BEARER_TOKEN_BEDROCK"];
const REGION_VARIABLES = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const LIMITS = { maxTextsPerRequest: 96, maxBytesPerRequest: 300_000 };

/** Models that are asked and answer in the same words. */
interface Family {
  model: RegExp;
  known: KnownModel;
  purposes?: PurposeNames;
  /** What is sent along with every request and decides the numbers. */
  fixed: Record<string, string | boolean>;
  body(call: WireCall): Record<string, unknown>;
  read(answer: unknown, asked: AskedEmbeddings, headers: Headers): EmbeddingResponse;
}

const titan = {
  body: ({ texts, dimensions }: WireCall): Record<string, unknown> => ({
    inputText: texts[0],
    ...(dimensions === undefined ? {} : { dimensions }),
  }),
  read(answer: unknown, asked: AskedEmbeddings): EmbeddingResponse {
    const { embedding, inputTextTokenCount } = (answer ?? {}) as Record<string, unknown>;
    const embeddings = readVectors([embedding], "embedding", asked);
    const usage = tokenUsage(inputTextTokenCount);
    return usage === undefined ? { embeddings } : { embeddings, usage };
  },
};

const cohere = {
  purposes: COHERE_INPUT_TYPES,
  fixed: { truncate: "NONE" },
  body: ({ texts, dimensions, purpose }: WireCall): Record<string, unknown> => ({
    texts,
    input_type: purposeName(COHERE_INPUT_TYPES, purpose),
    embedding_types: ["float"],
    ...(dimensions === undefined ? {} : { output_dimension: dimensions }),
  }),
  read(answer: unknown, asked: AskedEmbeddings, headers: Headers): EmbeddingResponse {
    const embeddings = readCohereVectors(answer, asked);
    const tokens = headers.get("x-amzn-bedrock-input-token-count");
    const usage = tokens === null ? undefined : tokenUsage(Number(tokens));
    return usage === undefined ? { embeddings } : { embeddings, usage };
  },
};

/**
 * Request and answer by docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text and
 * …/model-parameters-embed-v3 and -v4; prices of us-east-1 as `priceSource` says (November 2026). Titan
 * takes one text a request and refuses one over its limit; Cohere v3 takes 2,048 characters a text. The names match
 * with a region before them too, as inference profiles have it (`us.cohere.embed-v4:0`).
 */
const FAMILIES: readonly Family[] = [
  {
    model: /amazon\.titan-embed-(text-v1|g1-text-02)/,
    known: { dimensions: 1536, maxTokensPerText: 8192, maxTextsPerRequest: 1, pricePerMillionTokens: 0.1 },
    fixed: {},
    ...titan,
  },
  {
    model: /amazon\.titan-embed-text-v2/,
    known: {
      dimensions: 1024,
      otherDimensions: [256, 512],
      maxTokensPerText: 8192,
      maxTextsPerRequest: 1,
      pricePerMillionTokens: 0.02,
    },
    fixed: { normalize: true },
    ...titan,
  },
  {
    model: /cohere\.embed-(english|multilingual)-v3/,
    known: { dimensions: 1024, maxTokensPerText: 512 },
    ...cohere,
  },
  {
    model: /cohere\.embed-v4/,
    known: {
      dimensions: 1536,
      otherDimensions: [256, 512, 1024],
      maxTokensPerText: 128_000,
      pricePerMillionTokens: 0.12,
    },
    ...cohere,
  },
];

const MODELS: KnownModels = new Map(
  [
    "amazon.titan-embed-text-v2:0",
    "amazon.titan-embed-text-v1",
    "cohere.embed-v4:0",
    "cohere.embed-english-v3",
    "cohere.embed-multilingual-v3",
  ].map((model) => [model, familyOf(model).known]),
);

function familyOf(model: string): Family {
  const family = FAMILIES.find((entry) => entry.model.test(model));
  if (family !== undefined) return family;
  throw new ConfigurationError(
    `The provider "bedrock" does not know how to ask ${JSON.stringify(model)}. It knows amazon.titan-embed-text-v1 and -v2, cohere.embed-english-v3, cohere.embed-multilingual-v3 and cohere.embed-v4.`,
  );
}

/**
 * Amazon Bedrock's `InvokeModel`. Who has a Bedrock API key (`AWS_BEARER_TOKEN_BEDROCK` or apiKey) needs nothing else;
 * with AWS access keys each attempt is signed (Signature Version 4) by the optional package `aws4fetch`.
 */
export const bedrockProvider: Provider = {
  description: `Amazon Bedrock: Titan and Cohere (${DEFAULT_MODEL} unless another model is named)`,
  keyVariables: KEY_VARIABLES,
  needsKey: true,
  options: [...HOSTED_OPTIONS, "region", "awsCredentials"],
  defaultModel: DEFAULT_MODEL,
  models: MODELS,
  priceSource: "us-east-1, by github.com/BerriAI/litellm and getmaxim.ai/bifrost, November 2026",
  limits: LIMITS,
  purposes: "Cohere: input_type search_query, search_document; none: search_document. Titan: the same for both",
  clients: ["ky", "aws4fetch"],
  create: (config, env) => {
    const region = config.region ?? readVariable(env, REGION_VARIABLES);
    if (region === undefined) {
      throw new ConfigurationError(
        `The provider "bedrock" needs a region, such as "us-east-1": set the option region or the environment variable ${REGION_VARIABLES[0]}.`,
      );
    }
    const { apiKey, credentials } = whoAsks(config, env);
    const signer = credentials === undefined ? undefined : awsSigner(credentials, region, config.fetch);
    const model = config.model ?? DEFAULT_MODEL;
    familyOf(model);
    return new HostedEmbedder(
      {
        provider: "bedrock",
        api: "Amazon Bedrock's runtime",
        baseURL: `https://bedrock-runtime.${region}.amazonaws.com`,
        models: MODELS,
        known: (name) => familyOf(name).known,
        limits: LIMITS,
        encoding: "float",
        fixedEncoding: true,
        keyHint:
          signer === undefined
            ? keyHint(KEY_VARIABLES)
            : "Check the AWS access key, its permission bedrock:InvokeModel, and that the model is enabled in this region.",
        ...(signer === undefined ? {} : { fetch: signer.fetch, prepare: signer.prepare, secrets: signer.secrets }),
        traits: (name) => {
          const { purposes, fixed } = familyOf(name);
          return { purposes, options: fixed };
        },
        request: (call) => {
          const family = familyOf(call.model);
          return {
            path: `/model/${encodeURIComponent(call.model)}/invoke`,
            body: { ...family.body(call), ...family.fixed },
          };
        },
        read: (answer, asked, { model: name, headers }) => familyOf(name).read(answer, asked, headers),
      },
      { ...config, model, apiKey },
    );
  },
};

/** A Bedrock API key, else AWS access keys. */
function whoAsks(
  config: ProviderConfig,
  env: Environment,
): { apiKey?: string; credentials?: NonNullable<ProviderConfig["awsCredentials"]> } {
  const apiKey = config.apiKey?.trim();
  if (apiKey) return { apiKey };
  if (config.awsCredentials !== undefined) return { credentials: config.awsCredentials };
  const token = readVariable(env, KEY_VARIABLES);
  if (token !== undefined) return { apiKey: token };
  const accessKeyId = readVariable(env, ["AWS_ACCESS_KEY_ID"]);
  const secretAccessKey = readVariable(env, ["AWS_SECRET_ACCESS_KEY"]);
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const sessionToken = readVariable(env, ["AWS_SESSION_TOKEN"]);
    const credentials: AwsCredentials = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
    return { credentials };
  }
  throw new MissingKeyError(
    `The provider "bedrock" needs a key: set the environment variable ${KEY_VARIABLES[0]} or the option apiKey, or give AWS access keys through AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or the option awsCredentials.`,
  );
}
