import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { azureOpenaiShape } from "./provider-server/azure-openai.ts";
import { bedrockShape } from "./provider-server/bedrock.ts";
import { cohereShape } from "./provider-server/cohere.ts";
import { applyFault, checkFault, type NamedFault, type ProviderFault, writeVector } from "./provider-server/faults.ts";
import { geminiShape } from "./provider-server/gemini.ts";
import { jinaShape } from "./provider-server/jina.ts";
import { mistralShape } from "./provider-server/mistral.ts";
import { ollamaShape } from "./provider-server/ollama.ts";
import { openaiShape, openrouterShape, vercelShape } from "./provider-server/openai.ts";
import { voyageShape } from "./provider-server/voyage.ts";
import {
  type AskedVectors,
  type AwsAccess,
  type ReceivedRequest,
  Refusal,
  type ServedModel,
  tokensOf,
  type WireShape,
} from "./provider-server/wire-shape.ts";
import { makeVector, type NumberForm } from "./vector-forms.ts";

export type { ProviderFault } from "./provider-server/faults.ts";
export type { AwsAccess } from "./provider-server/wire-shape.ts";

const SHAPES = {
  openai: openaiShape,
  "openai-compatible": openaiShape,
  "azure-openai": azureOpenaiShape,
  gemini: geminiShape,
  bedrock: bedrockShape,
  mistral: mistralShape,
  cohere: cohereShape,
  voyage: voyageShape,
  jina: jinaShape,
  ollama: ollamaShape,
  openrouter: openrouterShape,
  "vercel-ai-gateway": vercelShape,
} as const satisfies Record<string, WireShape>;

/** The providers whose wire the server speaks. */
export type ServedProvider = keyof typeof SHAPES;

export interface ProviderServerOptions {
  /** Whose API it speaks. @default "openai" */
  provider?: ServedProvider | undefined;
  /** The key that requests must bring. @default none is asked for */
  apiKey?: string | undefined;
  /** Bedrock: the access key that must have signed the requests, instead of apiKey. */
  aws?: AwsAccess | undefined;
  /** The models that it knows, with their dimensions. @default some of the provider's own */
  models?: Record<string, number> | undefined;
  /** @default the provider's own */
  form?: NumberForm | undefined;
  /** Makes the float32 values of a text instead of the server's own. */
  vectorOf?: ((text: string, dimensions: number) => number[]) | undefined;
  /** @default the provider's own bound, such as 2048 for OpenAI */
  maxTexts?: number | undefined;
  /** Tokens (a quarter of the bytes) that one text may have; a longer one is cut or refused, as the request says. @default no bound */
  maxTokensPerText?: number | undefined;
  /**
   * Takes each request once its connection is done with it, instead of `requests`, which then stays empty: for runs of
   * many. `isSent` says whether the whole answer went out.
   */
  onServed?: ((request: ServedRequest, isSent: boolean) => void) | undefined;
}

/** One request as it came in. */
export interface ServedRequest {
  atMs: number;
  /** As sent, with the query. */
  path: string;
  headers: IncomingHttpHeaders;
  authorization: string | undefined;
  body: EmbeddingsBody & Record<string, unknown>;
  /** The texts as they arrived; none where the request could not be read. */
  texts: readonly string[];
  /** What a right client hands out for them, double for double; absent where the answer was none or faulty. */
  vectors?: readonly (readonly number[])[] | undefined;
}

/** The body of OpenAI's request; other providers have other fields. */
export interface EmbeddingsBody {
  input: string | string[] | number[] | number[][];
  model: string;
  encoding_format?: string;
  dimensions?: number;
}

export interface ProviderServer {
  /** The base URL for a client, with `/v1` where the provider has it. */
  readonly url: string;
  /** All requests so far, failed ones too, in the order of their arrival. */
  readonly requests: readonly ServedRequest[];
  /** How often vectors were made for this text, or for all together: what a user would have paid for. */
  textsEmbedded(text?: string): number;
  /** Lets the next requests fail that have no other fault waiting. Throws a TypeError for a fault that the provider's shape does not have. @param times @default 1 */
  failNext(fault: ProviderFault, times?: number): void;
  /** Ends all connections, hanging ones too. */
  close(): Promise<void>;
}

/**
 * Starts a server on loopback that speaks a provider's embeddings API for tests: addresses, authentication, models,
 * dimensions, purposes, base64 and decimals, limits, usage, errors. Its vectors depend on the text and its purpose
 * alone and have the provider's number forms, written as the provider writes them. Close it, or the process stays.
 */
export async function startProviderServer(options: ProviderServerOptions = {}): Promise<ProviderServer> {
  const provider = options.provider ?? "openai";
  const shape: WireShape = SHAPES[provider];
  const requests: ServedRequest[] = [];
  const embedded = new Map<string, number>();
  const faults: ProviderFault[] = [];
  const server = createServer((request, response) => {
    handle(request, response, { options, shape, requests, embedded, faults }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${shape.basePath}`,
    requests,
    textsEmbedded(text) {
      if (text !== undefined) return embedded.get(text) ?? 0;
      return [...embedded.values()].reduce((sum, times) => sum + times, 0);
    },
    failNext(fault, times = 1) {
      checkFault(fault, shape, provider);
      for (let i = 0; i < times; i++) faults.push(fault);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface State {
  options: ProviderServerOptions;
  shape: WireShape;
  requests: ServedRequest[];
  embedded: Map<string, number>;
  faults: ProviderFault[];
}

async function handle(incoming: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const { shape } = state;
  try {
    const received = await receive(incoming, shape);
    const { headers, body } = received;
    const served: ServedRequest = {
      atMs: performance.now(),
      path: incoming.url ?? "",
      headers,
      authorization: headers.authorization,
      body: body as ServedRequest["body"],
      texts: [],
    };
    const { onServed } = state.options;
    if (onServed) response.once("close", () => onServed(served, response.writableFinished));
    else state.requests.push(served);
    const fault = state.faults.shift();
    if (fault === "hang") return;
    if (fault === "malformed-json") return send(response, 200, { body: "<html>Bad gateway</html>" });
    if (fault === "error-in-200") {
      return send(response, 200, { body: JSON.stringify({ error: { message: "Upstream", code: 502 } }) });
    }
    failAsTold(fault, received, shape);
    if (typeof fault === "object" && "slowMs" in fault) await sleep(fault.slowMs);

    shape.authorize(received, state.options);
    const aside = shape.aside?.(received);
    if (aside !== undefined) return send(response, 200, aside);
    const asked = shape.read(received);
    served.texts = asked.texts;
    const answer = embed(asked, typeof fault === "string" ? fault : undefined, served, state);
    if (fault === "cut") return sendHalf(response, answer.body);
    send(response, 200, answer);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const answer = shape.error(error);
    send(response, error.status, { ...answer, headers: { ...answer.headers, ...error.headers } });
  }
}

async function receive(incoming: IncomingMessage, shape: WireShape): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { method = "", url = "", headers } = incoming;
  const [path = "", query] = url.split("?");
  if (method !== "POST" || !shape.matches(path))
    throw new Refusal(404, `Invalid URL (${method} ${path})`, "invalid_url");
  const bytes = Buffer.concat(chunks);
  try {
    const body = JSON.parse(bytes.toString()) as Record<string, unknown>;
    return { method, path, query: new URLSearchParams(query), headers, bytes, body };
  } catch {
    throw new Refusal(400, "We could not parse the JSON body of your request.", "invalid_json");
  }
}

function failAsTold(fault: ProviderFault | undefined, { headers }: ReceivedRequest, { keyHeaders }: WireShape): void {
  if (fault === "echo-key") {
    const keys = keyHeaders.map((name) => `${name}: ${headers[name]}`);
    throw new Refusal(400, `Bad header ${keys.join("; ")}`, "bad_header");
  }
  if (typeof fault === "object" && "status" in fault) {
    throw new Refusal(fault.status, fault.message ?? "Injected fault", fault.code, fault.headers);
  }
}

/** Makes the vectors of a request and writes them as the provider does. */
function embed(asked: AskedVectors, fault: NamedFault | undefined, served: ServedRequest, state: State) {
  const { options, shape, embedded } = state;
  const { model, encoding, task } = asked;
  const known = modelOf(model, options, shape);
  const dimensions = asked.dimensions ?? known.dimensions;
  const choices =
    known.choices?.includes(dimensions) ?? (dimensions >= 1 && dimensions <= (known.maxDimensions ?? known.dimensions));
  if (!Number.isInteger(dimensions) || !choices) {
    throw new Refusal(400, `Invalid value for 'dimensions': ${dimensions}.`, "invalid_value");
  }
  const maxTexts = options.maxTexts ?? shape.maxTexts;
  if (asked.texts.length > maxTexts) {
    const got = asked.texts.length;
    throw shape.tooManyTexts?.(maxTexts, got) ?? new Refusal(400, `maximum ${maxTexts} inputs, got ${got}.`);
  }
  const texts = asked.texts.map((text) => fit(text, asked.truncate, options.maxTokensPerText));
  for (const text of asked.texts) embedded.set(text, (embedded.get(text) ?? 0) + 1);
  const form = options.form ?? known.form;
  const name = task === undefined ? model : `${model}\0${task}`;
  const vectorOf = options.vectorOf ?? ((text: string, length: number) => makeVector(text, name, length, form));
  const vectors = texts.map((text) => vectorOf(text, dimensions));
  if (fault === undefined) served.vectors = vectors.map((v) => writeVector(v, known.literal, encoding).values);
  const tokens = texts.reduce((sum, text) => sum + tokensOf(text), 0);
  return shape.answer(applyFault(vectors, shape, known.literal, encoding, fault), { ...asked, texts }, tokens);
}

function modelOf(model: string, { models }: ProviderServerOptions, shape: WireShape): ServedModel {
  const own = models?.[model];
  const known = shape.models[model] ?? Object.values(shape.models)[0]!;
  if (models !== undefined && own !== undefined) return { form: known.form, literal: known.literal, dimensions: own };
  if (models === undefined && shape.models[model] !== undefined) return known;
  throw new Refusal(404, `The model \`${model}\` does not exist.`, "model_not_found");
}

/** Cuts an over-long text where that is wanted, and refuses it where not. */
function fit(text: string, truncate: boolean, maxTokens: number | undefined): string {
  if (maxTokens === undefined || tokensOf(text) <= maxTokens) return text;
  if (truncate)
    return Buffer.from(text)
      .subarray(0, maxTokens * 4)
      .toString();
  throw new Refusal(400, `Too many tokens: ${tokensOf(text)}, maximum ${maxTokens}.`, "too_many_tokens");
}

function send(
  response: ServerResponse,
  status: number,
  { body, headers = {} }: { body: string; headers?: Record<string, string> },
): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** Promises the whole body, sends half of it and ends the connection. */
function sendHalf(response: ServerResponse, body: string): void {
  const bytes = Buffer.from(body);
  response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
  response.write(bytes.subarray(0, bytes.length >> 1), () => setImmediate(() => response.destroy()));
}
