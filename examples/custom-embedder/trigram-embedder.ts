import type { ConfigurationCheck, Embedder, EmbedderIdentity, EmbeddingResponse, EmbedOptions } from "embed-once";

const DIMENSIONS = 256;

/**
 * An embedder of one's own: how often each three letters in a row occur, hashed into 256 numbers, of length 1 together.
 * In its place stands your model, your server, your GPU.
 */
export class TrigramEmbedder implements Embedder {
  readonly embedderInfo = { name: "letter trigrams" };
  /** Whatever changes the numbers changes this, or the cache hands out the old ones. */
  readonly identity: EmbedderIdentity = { provider: "example", model: "trigrams-256", revision: "1", purposes: "same" };

  async createEmbeddings(texts: string[], model?: string, options: EmbedOptions = {}): Promise<EmbeddingResponse> {
    options.signal?.throwIfAborted();
    if (!Array.isArray(texts)) throw new TypeError(`expected an array of texts, got ${typeof texts}`);
    const wrong = texts.findIndex((text) => typeof text !== "string");
    if (wrong >= 0) throw new TypeError(`texts[${wrong}] is no string`);
    if (![undefined, this.identity.model].includes(model)) throw new RangeError(`there is no model "${model}" here`);
    if (![undefined, DIMENSIONS].includes(options.dimensions))
      throw new RangeError(`there are ${DIMENSIONS} dimensions`);
    return { embeddings: texts.map(vectorOf) };
  }

  async validateConfiguration(): Promise<ConfigurationCheck> {
    return { valid: true };
  }
}

function vectorOf(text: string): number[] {
  const counts = new Array<number>(DIMENSIONS).fill(0);
  const letters = ` ${text.toLowerCase()} `;
  for (let i = 0; i + 3 <= letters.length; i++) counts[hash(letters.slice(i, i + 3)) % DIMENSIONS]! += 1;
  const length = Math.hypot(...counts) || 1;
  return counts.map((count) => count / length);
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return state >>> 0;
}
