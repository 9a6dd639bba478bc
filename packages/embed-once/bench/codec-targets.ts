/** What the codec promises for known models, in bits a value, header and checksum included. By set name. */
const TARGETS: readonly (readonly [pattern: RegExp, limitOf: (dimensions: number) => number])[] = [
  [/^(openai|mistral|cohere-embed-english-v3|cohere-384)/, float16Limit],
  [/^(qwen3-embedding-8b|titan-v1)/, () => 10.9],
  [/^nova-2/, () => 11.6],
  [/^cohere-embed-v4/, (dimensions) => (dimensions >= 1024 ? 11.8 : 12.3)],
  [/^voyage-3-lite/, () => 14.5],
  [/^(gemini|nomic|e5|minilm|vertex|ollama)/, (dimensions) => (dimensions >= 512 ? 26.8 : 27.3)],
  [/^titan-v2/, () => 20],
  [/^derived-f64/, () => 57.5],
];

function float16Limit(dimensions: number): number {
  if (dimensions >= 1536) return 13.7;
  if (dimensions >= 1024) return 13.75;
  if (dimensions >= 768) return 13.85;
  if (dimensions >= 512) return 14.1;
  return dimensions >= 384 ? 14.4 : 14.9;
}

/** The promise for a set, if there is one. */
export function limitOf(name: string, dimensions: number): number | undefined {
  return TARGETS.find(([pattern]) => pattern.test(name))?.[1](dimensions);
}
