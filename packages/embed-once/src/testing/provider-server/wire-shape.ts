import type { IncomingHttpHeaders } from "node:http";
import type { NumberForm, NumberLiteral } from "../vector-forms.ts";

/** A model as the server knows it. */
export interface ServedModel {
  /** Length of its vectors where none is asked for. */
  dimensions: number;
  /** Lengths that can be asked for. @default 1 to `dimensions` */
  choices?: readonly number[] | undefined;
  /** The longest that can be asked for. @default `dimensions` */
  maxDimensions?: number | undefined;
  form: NumberForm;
  literal: NumberLiteral;
}

/** One request as it came in. */
export interface ReceivedRequest {
  method: string;
  /** As sent, without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  /** The JSON of the body. */
  body: Record<string, unknown>;
}

/** What a request asks for, in one form for all providers. */
export interface AskedVectors {
  model: string;
  texts: readonly string[];
  dimensions?: number | undefined;
  encoding: "base64" | "float";
  /** Whatever the text is embedded for: another task gives another vector. */
  task?: string | undefined;
  /** Whether an over-long text is to be cut instead of refused. */
  truncate: boolean;
}

/** Who may ask. */
export interface Credentials {
  apiKey?: string | undefined;
  aws?: AwsAccess | undefined;
}

export interface AwsAccess {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  region: string;
}

/** One vector, ready to be put into an answer. */
export interface WrittenVector {
  /** A JSON array of numbers, or a JSON string of base64. */
  json: string;
  /** Which text it is said to belong to, for shapes that say so. */
  index: number | undefined;
}

export interface Answer {
  body: string;
  headers?: Record<string, string>;
}

/** A provider's HTTP API as it appears on the wire. */
export interface WireShape {
  /** What follows the server's address in a client's base URL. */
  basePath: string;
  models: Readonly<Record<string, ServedModel>>;
  maxTexts: number;
  /** How a request with more is turned down. @default in words that no provider uses */
  tooManyTexts?(maxTexts: number, got: number): Refusal;
  /** Whether vectors carry the index of their text. */
  indexed: boolean;
  encodings: readonly ("base64" | "float")[];
  /** Whether this is the address of embeddings. */
  matches(path: string): boolean;
  /** The answer at an address beside that of embeddings, if this is one. */
  aside?(request: ReceivedRequest): Answer | undefined;
  /** Throws a Refusal for whoever may not ask. */
  authorize(request: ReceivedRequest, credentials: Credentials): void;
  /** The headers with secrets in them. */
  keyHeaders: readonly string[];
  /** Throws a Refusal for a request that cannot be read. */
  read(request: ReceivedRequest): AskedVectors;
  answer(vectors: readonly WrittenVector[], asked: AskedVectors, tokens: number): Answer;
  error(refusal: Refusal): Answer;
}

/** A request that is turned down: status, message and the provider's kind of code. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, code?: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Throws a Refusal with 401 unless the header holds the key; any will do where none is set. */
export function requireHeader(
  { headers }: ReceivedRequest,
  name: string,
  scheme: string,
  apiKey: string | undefined,
  refusal: Refusal,
): void {
  if (apiKey !== undefined && headers[name] !== scheme + apiKey) throw refusal;
}

/** What this server counts as tokens: a quarter of the bytes. */
export function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

/** A list of at least one string. Throws a Refusal with 400 for anything else. */
export function readStrings(input: unknown, field: string): string[] {
  const texts = typeof input === "string" ? [input] : input;
  if (Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === "string")) return texts;
  throw new Refusal(400, `'${field}' is invalid.`, "invalid_value");
}

/** A field that may be absent or a string. Throws a Refusal with 400 for anything else, or what is not one of `known`. */
export function readName(body: Record<string, unknown>, field: string, known?: readonly string[]): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" && (known === undefined || known.includes(value))) return value;
  throw new Refusal(400, `Value error: ${field} is ${JSON.stringify(value)}`, "invalid_value");
}

export function readDimensions(body: Record<string, unknown>, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return value;
  throw new Refusal(400, `Invalid value for '${field}': ${JSON.stringify(value)}.`, "invalid_value");
}

/** The answer of OpenAI and of those who took its form. */
export function dataAnswer(vectors: readonly WrittenVector[], model: string, usage: Record<string, number>): Answer {
  const data = vectors.map(
    ({ json, index }) => `{"object":"embedding"${index === undefined ? "" : `,"index":${index}`},"embedding":${json}}`,
  );
  return {
    body: `{"object":"list","data":[${data.join(",")}],"model":${JSON.stringify(model)},"usage":${JSON.stringify(usage)}}`,
  };
}
