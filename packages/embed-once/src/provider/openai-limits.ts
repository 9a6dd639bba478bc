/** OpenAI's bounds of a request (platform.openai.com/docs/api-reference/embeddings/create, November 2026). */
export const OPENAI_LIMITS = {
  maxTextsPerRequest: 2_048,
  maxBytesPerRequest: Number.POSITIVE_INFINITY,
  maxTokensPerRequest: 300_000,
};
