import { setImmediate as nextTurn } from "node:timers/promises";
import type { ConfigurationCheck, EmbedderIdentity, EmbeddingResponse, EmbedOptions } from "../core/embedder.ts";
import { ConfigurationError } from "../core/errors.ts";
import { copyTexts } from "../core/texts.ts";
import { hashedFeatures } from "./hashed-features.ts";
import type { Provider, ProviderEmbedder } from "./provider.ts";

/** The local embedder's model. A change of the numbers gets a new name, so that no cache mixes the two. */
export const LOCAL_MODEL = "hashed-features-v1";
/** Values in a vector of the local embedder that asks for no other number. */
export const LOCAL_DIMENSIONS = 512;
export const LOCAL_MIN_DIMENSIONS = 64;
export const LOCAL_MAX_DIMENSIONS = 4096;

/** Characters between two chances for others to run and for an abort to be seen. */
const CHARACTERS_PER_TURN = 262_144;

export interface LocalOptions {
  /** @default "hashed-features-v1", the only one so far */
  model?: string | undefined;
  /** Length of the vectors, 64 to 4,096. Fewer collide more, more cost more. @default 512 */
  dimensions?: number | undefined;
}

/**
 * An embedder without network, key, model file or download. It is lexical: it hashes words and parts of identifiers
 * (see `hashedFeatures`), so it finds what is named alike, not what means the same. Queries and documents are embedded
 * alike. The same text gives the same bits on every machine and under every version of Node.js.
 *
 * Throws a ConfigurationError for an unknown model and a RangeError for dimensions out of range.
 */
export class LocalEmbedder implements ProviderEmbedder {
  readonly embedderInfo: { readonly name: string } = { name: "local (lexical, hashed features)" };
  readonly identity: EmbedderIdentity;
  readonly #dimensions: number;

  constructor(options: LocalOptions = {}) {
    checkModel(options.model ?? LOCAL_MODEL);
    this.#dimensions = checkDimensions(options.dimensions ?? LOCAL_DIMENSIONS);
    this.identity = this.identityOf();
  }

  identityOf(model: string = LOCAL_MODEL, options: EmbedOptions = {}): EmbedderIdentity {
    checkModel(model);
    const dimensions = checkDimensions(options.dimensions ?? this.#dimensions);
    return { provider: "local", model, ...(dimensions === LOCAL_DIMENSIONS ? {} : { dimensions }), purposes: "same" };
  }

  pricePerMillionTokens(model: string = LOCAL_MODEL): number {
    checkModel(model);
    return 0;
  }

  async createEmbeddings(texts: string[], model?: string, options: EmbedOptions = {}): Promise<EmbeddingResponse> {
    const copy = copyTexts(texts);
    checkModel(model ?? LOCAL_MODEL);
    const dimensions = checkDimensions(options.dimensions ?? this.#dimensions);
    options.signal?.throwIfAborted();

    const embeddings: number[][] = [];
    let charactersThisTurn = 0;
    for (const text of copy) {
      charactersThisTurn += text.length;
      if (charactersThisTurn > CHARACTERS_PER_TURN && embeddings.length > 0) {
        await nextTurn();
        options.signal?.throwIfAborted();
        charactersThisTurn = text.length;
      }
      embeddings.push(hashedFeatures(text, dimensions));
    }
    return { embeddings, usage: { promptTokens: 0, totalTokens: 0 } };
  }

  /** Always valid: what could be wrong was refused by the constructor. */
  validateConfiguration(): Promise<ConfigurationCheck> {
    return Promise.resolve({ valid: true });
  }
}

function checkModel(model: string): void {
  if (model !== LOCAL_MODEL) {
    throw new ConfigurationError(
      `Unknown model ${JSON.stringify(model)} for the provider "local", which has "${LOCAL_MODEL}" only. ` +
        "Leave the model out, or name the provider that it belongs to.",
    );
  }
}

function checkDimensions(dimensions: number): number {
  if (!Number.isInteger(dimensions) || dimensions < LOCAL_MIN_DIMENSIONS || dimensions > LOCAL_MAX_DIMENSIONS) {
    throw new RangeError(
      `dimensions is ${dimensions}, but the provider "local" makes ${LOCAL_MIN_DIMENSIONS} to ${LOCAL_MAX_DIMENSIONS} (a whole number)`,
    );
  }
  return dimensions;
}

export const localProvider: Provider = {
  description: "lexical (hashed features of words and identifiers): no network, no key, no download",
  keyVariables: [],
  needsKey: false,
  options: ["model", "dimensions"],
  defaultModel: LOCAL_MODEL,
  models: new Map([
    [
      LOCAL_MODEL,
      {
        dimensions: LOCAL_DIMENSIONS,
        otherDimensions: { min: LOCAL_MIN_DIMENSIONS, max: LOCAL_MAX_DIMENSIONS },
        pricePerMillionTokens: 0,
      },
    ],
  ]),
  purposes: "the same for both",
  clients: [],
  create: (config) => new LocalEmbedder(config),
};
