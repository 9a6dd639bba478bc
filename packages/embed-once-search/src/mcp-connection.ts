import type { Readable, Writable } from "node:stream";
import {
  INVALID_REQUEST,
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  PARSE_ERROR,
  type RequestId,
  type Transport,
} from "@modelcontextprotocol/server";

/** Far more than any question; what follows on the line is passed over. */
const MAX_LINE_BYTES = 10_000_000;

type CancelledParams = { requestId?: RequestId } | undefined;

/** A subscription is answered when the connection ends, so no end may wait for it. */
const ENDLESS_METHOD = "subscriptions/listen";

/**
 * The protocol's messages over two streams, one a line. The SDK's own transport drops what it cannot read without an
 * answer, and the answers to all calls that are under way when the input ends; this one answers both.
 *
 * Batches belong to version 2025-03-26 alone, and the SDK serves none: each request in one is refused by its id.
 */
export class McpConnection implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  /** Fulfilled once nothing more is read or answered. */
  readonly closed: Promise<void>;
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #input: Readable;
  readonly #output: Writable;
  /** The line that has not ended yet. */
  #line: Buffer[] = [];
  #lineBytes = 0;
  readonly #unanswered = new Set<RequestId>();
  #hasInputEnded = false;
  #isClosed = false;

  constructor(input: Readable, output: Writable) {
    this.#input = input;
    this.#output = output;
    this.closed = this.#end.promise;
  }

  async start(): Promise<void> {
    this.#input.on("data", this.#onData).once("end", this.#onEnd).once("error", this.#onFault);
    this.#input.once("close", this.#onInputClose);
    // Stays for good: what was written last may fail after the connection has closed.
    this.#output.on("error", this.#onFault);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    try {
      await this.#write(message);
    } finally {
      if ((isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) && message.id !== undefined) {
        this.#settle(message.id);
      }
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#input.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onFault);
    this.#input.off("close", this.#onInputClose).pause();
    this.#end.resolve();
    this.onclose?.();
  }

  readonly #onData = (chunk: Buffer): void => {
    let start = 0;
    for (let end = chunk.indexOf("\n"); end !== -1; end = chunk.indexOf("\n", start)) {
      this.#extendLine(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#extendLine(chunk.subarray(start));
  };

  /** The client has said all that it wanted, and may wait for the answers. */
  readonly #onEnd = (): void => {
    this.#hasInputEnded = true;
    this.#endLine();
    this.#closeWhereAnswered();
  };

  readonly #onInputClose = (): void => {
    if (!this.#hasInputEnded) void this.close();
  };

  readonly #onFault = (error: Error): void => {
    if (this.#isClosed) return;
    this.onerror?.(error);
    void this.close();
  };

  #extendLine(part: Buffer): void {
    this.#lineBytes += part.length;
    if (this.#lineBytes <= MAX_LINE_BYTES) this.#line.push(part);
    else this.#line = [];
  }

  #endLine(): void {
    const [line, bytes] = [Buffer.concat(this.#line).toString(), this.#lineBytes];
    this.#line = [];
    this.#lineBytes = 0;
    if (bytes > MAX_LINE_BYTES) {
      this.#refuse([null], INVALID_REQUEST, `a line of more than ${MAX_LINE_BYTES} bytes`);
    } else if (line.trim() !== "") {
      this.#receive(line);
    }
  }

  #receive(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      this.#refuse([null], PARSE_ERROR, "a line that is not JSON");
      return;
    }
    if (isJSONRPCRequest(message)) {
      if (message.method !== ENDLESS_METHOD) this.#unanswered.add(message.id);
      this.onmessage?.(message);
    } else if (isJSONRPCNotification(message)) {
      this.onmessage?.(message);
      // A call that is cancelled gets no answer.
      if (message.method === "notifications/cancelled") this.#settle((message.params as CancelledParams)?.requestId);
    } else if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      this.onmessage?.(message);
    } else if (Array.isArray(message)) {
      const ids = message.filter((each) => hasOwn(each, "method") && hasOwn(each, "id")).map(idOf);
      this.#refuse(ids.length > 0 ? ids : [null], INVALID_REQUEST, "a batch; each message needs a line of its own");
    } else {
      // Whoever answers answers may do so for ever.
      const isAnswer = !hasOwn(message, "method") && (hasOwn(message, "result") || hasOwn(message, "error"));
      this.#refuse(isAnswer ? [] : [idOf(message)], INVALID_REQUEST, "what is no message of JSON-RPC 2.0");
    }
  }

  /** Answers with an error for each id, or for `null` where the id cannot be told, and reports it once. */
  #refuse(ids: readonly (RequestId | null)[], code: number, what: string): void {
    for (const id of ids) {
      const error = { code, message: `Cannot serve ${what}` };
      this.#write({ jsonrpc: "2.0", id, error }).catch(() => {}); // `#onFault` is told
    }
    this.onerror?.(new Error(what));
  }

  #write(message: object): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error("the connection is closed"));
    return new Promise((resolve, reject) => {
      this.#output.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  #settle(id: RequestId | undefined): void {
    if (id !== undefined) this.#unanswered.delete(id);
    this.#closeWhereAnswered();
  }

  #closeWhereAnswered(): void {
    if (this.#hasInputEnded && this.#unanswered.size === 0) void this.close();
  }
}

function hasOwn<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name);
}

function idOf(value: unknown): RequestId | null {
  if (!hasOwn(value, "id")) return null;
  const { id } = value;
  return typeof id === "string" || Number.isInteger(id) ? (id as RequestId) : null;
}
