import type { Usage } from "../core/embedder.ts";
import type { VerificationOutcome } from "../statistics/statistics.ts";

/** What a cached embedder does, as it does it. */
export type EmbedderEvent =
  /** A call of the base with so many texts begins. */
  | { type: "request"; textCount: number }
  | { type: "response"; textCount: number; usage: Usage | undefined }
  | { type: "failure"; textCount: number; error: unknown }
  /** A request that failed is made again after the delay. */
  | { type: "retry"; delayMs: number; error: unknown }
  /** The base said that a batch was too large; from now on requests are smaller. */
  | { type: "limit-learned"; maxTextsPerRequest: number; maxTokensPerRequest?: number | undefined }
  /** So many texts are being embedded by another process, which is waited for. */
  | { type: "lease-wait"; textCount: number }
  /** A hit was embedded again for comparison. `cosine` is that of the stored and the fresh vector. */
  | { type: "verified"; outcome: VerificationOutcome; cosine: number };
