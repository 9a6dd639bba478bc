import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { base64Vector, float32Literal, type NumberForm, openaiVector } from "./openai-vectors.ts";

/**
 * What can go wrong with one request:
 * - `{ status, … }`: an error answer, with headers such as `retry-after` as they are
 * - `{ slowMs }`: the right answer, late; `hang`: none, ever; `cut`: the connection ends half way through the body
 * - `malformed-json`: the body is an HTML page; `error-in-200`: an error where the data should be
 * - `fewer-vectors`, `more-vectors`: one vector less or more than texts
 * - `shuffled`: right vectors with right indexes in reverse order; `no-index`: in order, without indexes;
 *   `same-index`: all say index 0; `missing-index`: the last one has none
 * - `null-value`, `nan-value`: one such value in the last vector (NaN only exists in base64; as JSON it is malformed)
 * - `wrong-dimensions`: every vector is one value short; `uneven-dimensions`: the last one is
 * - `other-encoding`: numbers where base64 was asked for, or the reverse; `bad-base64`: characters that are none
 * - `echo-key`: an error answer that repeats the authorization header
 */
export type ProviderFault =
  | { status: number; headers?: Record<string, string>; message?: string; code?: string }
  | { slowMs: number }
  | "hang"
  | "cut"
  | "malformed-json"
  | "error-in-200"
  | "fewer-vectors"
  | "more-vectors"
  | "shuffled"
  | "no-index"
  | "same-index"
  | "missing-index"
  | "null-value"
  | "nan-value"
  | "wrong-dimensions"
  | "uneven-dimensions"
  | "other-encoding"
  | "bad-base64"
  | "echo-key";

export interface ProviderServerOptions {
  /** The key that requests must bring. @default none is asked for */
  apiKey?: string | undefined;
  /** The models that it knows, with their dimensions. @default OpenAI's three */
  models?: Record<string, number> | undefined;
  /** @default "scaled-float16" */
  form?: NumberForm | undefined;
  /** Makes the float32 values of a text instead of the server's own. */
  vectorOf?: ((text: string, dimensions: number) => number[]) | undefined;
  /** @default 2048, as OpenAI */
  maxTexts?: number | undefined;
}

/** One request as it came in. */
export interface ServedRequest {
  atMs: number;
  path: string;
  authorization: string | undefined;
  body: EmbeddingsBody;
}

export interface EmbeddingsBody {
  input: string | string[] | number[] | number[][];
  model: string;
  encoding_format?: string;
  dimensions?: number;
}

export interface ProviderServer {
  /** The base URL for a client, with `/v1`. */
  readonly url: string;
  /** All requests so far, failed ones too, in the order of their arrival. */
  readonly requests: readonly ServedRequest[];
  /** How often vectors were made for this text, or for all together: what a user would have paid for. */
  textsEmbedded(text?: string): number;
  /** Lets the next requests fail that have no other fault waiting. @param times @default 1 */
  failNext(fault: ProviderFault, times?: number): void;
  /** Ends all connections, hanging ones too. */
  close(): Promise<void>;
}

const OPENAI_MODELS: Record<string, number> = {
  "text-embedding-3-small": 1536,
  "text-embedding-3-large": 3072,
  "text-embedding-ada-002": 1536,
};
const OPENAI_MAX_TEXTS = 2048;

/**
 * Starts a server on loopback that speaks OpenAI's `/v1/embeddings` for tests: authentication, models, dimensions,
 * base64 and decimals, usage. Its vectors depend on the text alone and have OpenAI's number forms; its decimals are
 * the shortest that name a float32. Close it, or the process stays.
 */
export async function startProviderServer(options: ProviderServerOptions = {}): Promise<ProviderServer> {
  const requests: ServedRequest[] = [];
  const embedded = new Map<string, number>();
  const faults: ProviderFault[] = [];
  const server = createServer((request, response) => {
    handle(request, response, { options, requests, embedded, faults }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    textsEmbedded(text) {
      if (text !== undefined) return embedded.get(text) ?? 0;
      return [...embedded.values()].reduce((sum, times) => sum + times, 0);
    },
    failNext(fault, times = 1) {
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
  requests: ServedRequest[];
  embedded: Map<string, number>;
  faults: ProviderFault[];
}

async function handle(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const atMs = performance.now();
  const { options } = state;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = request.url ?? "";
  if (request.method !== "POST" || path !== "/v1/embeddings") {
    return sendError(response, 404, `Invalid URL (${request.method} ${path})`, "invalid_url");
  }
  let body: EmbeddingsBody;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString()) as EmbeddingsBody;
  } catch {
    return sendError(response, 400, "We could not parse the JSON body of your request.", "invalid_json");
  }
  const { authorization } = request.headers;
  state.requests.push({ atMs, path, authorization, body });
  const fault = state.faults.shift();

  if (typeof fault === "object" && "status" in fault) {
    return sendError(response, fault.status, fault.message ?? "Injected fault", fault.code, fault.headers);
  }
  if (fault === "hang") return;
  if (fault === "echo-key") return sendError(response, 400, `Bad header authorization: ${authorization}`, "bad_header");
  if (fault === "malformed-json") return send(response, 200, "<html>Bad gateway</html>");
  if (fault === "error-in-200")
    return send(response, 200, JSON.stringify({ error: { message: "Upstream", code: 502 } }));
  if (typeof fault === "object") await sleep(fault.slowMs);

  if (options.apiKey !== undefined && authorization !== `Bearer ${options.apiKey}`) {
    return sendError(response, 401, "Incorrect API key provided.", "invalid_api_key");
  }
  const native = (options.models ?? OPENAI_MODELS)[body.model];
  if (native === undefined) {
    return sendError(response, 404, `The model \`${body.model}\` does not exist.`, "model_not_found");
  }
  const dimensions = body.dimensions ?? native;
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > native) {
    return sendError(response, 400, `Invalid value for 'dimensions': ${dimensions}.`, "invalid_value");
  }
  const texts = readInput(body.input);
  const maxTexts = options.maxTexts ?? OPENAI_MAX_TEXTS;
  if (texts === undefined || texts.length === 0)
    return sendError(response, 400, "'$.input' is invalid.", "invalid_value");
  if (texts.length > maxTexts) {
    return sendError(
      response,
      400,
      `Invalid 'input': maximum ${maxTexts} inputs, got ${texts.length}.`,
      "array_above_max_length",
    );
  }
  for (const text of texts) state.embedded.set(text, (state.embedded.get(text) ?? 0) + 1);
  const vectorOf =
    options.vectorOf ?? ((text, length) => openaiVector(text, body.model, length, options.form ?? "scaled-float16"));
  const vectors = texts.map((text) => vectorOf(text, dimensions));
  const answer = writeAnswer(vectors, body, typeof fault === "string" ? fault : undefined, texts);
  if (fault === "cut") return sendHalf(response, answer);
  send(response, 200, answer);
}

/** Strings stay as they are; arrays of tokens, which OpenAI takes as well, count as the text of their numbers. */
function readInput(input: unknown): string[] | undefined {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input)) return undefined;
  if (input.every((item) => typeof item === "string")) return input;
  if (input.every((item) => typeof item === "number")) return [input.join(" ")];
  return input.every(Array.isArray) ? input.map((tokens: unknown[]) => tokens.join(" ")) : undefined;
}

function writeAnswer(
  vectors: readonly number[][],
  body: EmbeddingsBody,
  fault: Extract<ProviderFault, string> | undefined,
  texts: readonly string[],
): string {
  const asBase64 = (body.encoding_format === "base64") !== (fault === "other-encoding");
  const last = vectors.length - 1;
  const items = vectors.map((vector, i) => {
    let values = vector;
    if (fault === "wrong-dimensions" || (fault === "uneven-dimensions" && i === last)) values = vector.slice(0, -1);
    if (fault === "nan-value" && i === last) values = [...values.slice(0, -1), Number.NaN];
    const literals = asBase64 ? [] : values.map((value) => (Number.isNaN(value) ? "NaN" : float32Literal(value)));
    if (fault === "null-value" && i === last) literals[literals.length - 1] = "null";
    let embedding = asBase64 ? JSON.stringify(base64Vector(values)) : `[${literals.join(",")}]`;
    if (fault === "bad-base64" && asBase64) embedding = embedding.replace(/^"..../, '"!?~-');
    const index = fault === "same-index" ? 0 : i;
    const noIndex = fault === "no-index" || (fault === "missing-index" && i === last);
    return `{"object":"embedding"${noIndex ? "" : `,"index":${index}`},"embedding":${embedding}}`;
  });
  if (fault === "fewer-vectors") items.pop();
  if (fault === "more-vectors") items.push(items[0]!.replace('"index":0', `"index":${items.length}`));
  if (fault === "shuffled") items.reverse();
  const tokens = texts.reduce((sum, text) => sum + Math.ceil(Buffer.byteLength(text) / 4), 0);
  return `{"object":"list","data":[${items.join(",")}],"model":${JSON.stringify(body.model)},"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}}`;
}

function send(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

function sendError(
  response: ServerResponse,
  status: number,
  message: string,
  code: string | undefined = undefined,
  headers: Record<string, string> = {},
): void {
  const error = {
    message,
    type: status >= 500 ? "server_error" : "invalid_request_error",
    param: null,
    code: code ?? null,
  };
  send(response, status, JSON.stringify({ error }), headers);
}

/** Promises the whole body, sends half of it and ends the connection. */
function sendHalf(response: ServerResponse, body: string): void {
  const bytes = Buffer.from(body);
  response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
  response.write(bytes.subarray(0, bytes.length >> 1), () => setImmediate(() => response.destroy()));
}
