/**
 * Writes docs/providers.md: what each provider is and what its real client did against the provider server, measured
 * in this run. `node scripts/provider-table.ts` writes it, a test compares it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RequestLimits } from "../packages/embed-once/src/core/request-limits.ts";
import { describeDimensions, type KnownModel } from "../packages/embed-once/src/provider/known-model.ts";
import type { Provider } from "../packages/embed-once/src/provider/provider.ts";
import { createProviderEmbedder, providers } from "../packages/embed-once/src/provider/registry.ts";
import { embedderSuite } from "../packages/embed-once/src/testing/embedder-suite.ts";
import { float32Literal } from "../packages/embed-once/src/testing/vector-forms.ts";
import {
  maxTextBytesOf,
  SERVED_CASES,
  type ServedCase,
  serve,
} from "../packages/embed-once/test/provider/served-cases.ts";

const root = join(import.meta.dirname, "..");
export const TABLE_PATH: string = join(root, "docs/providers.md");

/**
 * The embedder suite for a case.
 *
 * @param isRun whether its tests are run, or taken as passed
 * @returns how many of them passed, of how many
 */
async function suiteOf(served: ServedCase | undefined, isRun: boolean): Promise<{ passed: number; all: number }> {
  const tests: (() => void | Promise<void>)[] = [];
  embedderSuite(
    (_, body) => tests.push(body),
    async () => {
      if (served === undefined) return { embedder: createProviderEmbedder({ provider: "local" }, {}) };
      const { server, embedder } = await serve(served);
      return {
        embedder,
        requestCount: () => server.requests.length,
        sentTexts: () => server.requests.flatMap(({ texts }) => texts),
        maxTextBytes: maxTextBytesOf(served),
        close: server.close,
      };
    },
  );
  if (!isRun) return { passed: tests.length, all: tests.length };
  let passed = 0;
  for (const body of tests) {
    await Promise.resolve(body()).then(
      () => passed++,
      () => {},
    );
  }
  return { passed, all: tests.length };
}

const PROBES = Array.from({ length: 16 }, (_, i) => `probe ${i}: what form do the numbers have?`);

/** The form of the numbers that came out of the real client, and whether they are bit for bit what was sent. */
async function numberForm(served: ServedCase): Promise<string> {
  const { server, embedder } = await serve(served);
  try {
    const { embeddings } = await embedder.createEmbeddings([...PROBES]);
    const sent = server.requests.flatMap(({ vectors }) => vectors ?? []);
    // Neither JSON nor === sees the sign of zero.
    const same = embeddings.every((vector, i) => vector.every((value, k) => Object.is(value, sent[i]?.[k])));
    const encoding = embedder.identity.wireEncoding === "base64" ? " (base64)" : "";
    return `${classify(embeddings.flat())}${encoding}${same ? "" : " CHANGED"}`;
  } finally {
    await server.close();
  }
}

function classify(values: readonly number[]): string {
  if (values.every((value) => value === Math.round(value * 1e9) / 1e9)) return "nine decimals";
  if (values.every((value) => value === Math.fround(value))) {
    return values.every((value) => hasBits(value, 11)) ? "exact float16" : "exact float32";
  }
  const longer = values.filter((value) => value !== Number(float32Literal(Math.fround(value)))).length;
  if (longer > values.length / 100) return "float64";
  return `shortest decimals of float32${longer === 0 ? "" : ", a few with a needless digit"}`;
}

/** Whether so many significand bits hold the value. */
function hasBits(value: number, bits: number): boolean {
  if (value === 0) return true;
  return Number.isInteger(value / 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits + 1));
}

function version(name: string): string {
  const path = join(root, "node_modules", name, "package.json");
  return `${name} ${(JSON.parse(readFileSync(path, "utf8")) as { version: string }).version}`;
}

const count = (number: number | undefined) => (number === undefined ? "—" : number.toLocaleString("en-US"));
const dollars = (price: number | undefined) =>
  price === undefined ? "—" : price === 0 ? "free" : `$${price.toFixed(2)}`;
function describeBounds(limits: RequestLimits, model: KnownModel | undefined): string {
  const texts = model?.maxTextsPerRequest ?? limits.maxTextsPerRequest;
  const tokens = model?.maxTokensPerRequest ?? limits.maxTokensPerRequest;
  const rest = tokens === undefined ? `${count(limits.maxBytesPerRequest)} bytes` : `${count(tokens)} tokens`;
  return `${count(texts)} ${texts === 1 ? "text" : "texts"}, ${rest}`;
}
const row = (...cells: string[]) => `| ${cells.join(" | ")} |`;

async function providerRow(name: string, provider: Provider, runsSuites: boolean): Promise<string> {
  const cases = SERVED_CASES.filter((served) => served.provider === name);
  const served = cases.length === 0 ? [undefined] : cases;
  const suites = await Promise.all(served.map((one) => suiteOf(one, runsSuites)));
  const passed = suites.reduce((sum, suite) => sum + suite.passed, 0);
  const all = suites.reduce((sum, suite) => sum + suite.all, 0);
  const forms = new Set<string>();
  for (const served of cases) forms.add(await numberForm(served));
  if (cases.length === 0) {
    const { embeddings } = await createProviderEmbedder({ provider: name }, {}).createEmbeddings([...PROBES]);
    forms.add(classify(embeddings.flat()));
  }
  const model = provider.defaultModel === undefined ? undefined : provider.models.get(provider.defaultModel);
  const { limits } = provider;
  return row(
    `\`${name}\``,
    `${passed}/${all}`,
    [...forms].join("; "),
    provider.purposes,
    provider.defaultModel === undefined ? "to be named" : `\`${provider.defaultModel}\``,
    model === undefined ? "—" : count(model.dimensions),
    limits === undefined ? "none" : describeBounds(limits, model),
    dollars(model?.pricePerMillionTokens),
    provider.clients.length === 0 ? "none" : provider.clients.map(version).join(", "),
  );
}

function modelRows(name: string, provider: Provider): string[] {
  return [...provider.models].map(([model, known]: [string, KnownModel]) =>
    row(
      `\`${name}\``,
      `\`${model}\``,
      count(known.dimensions),
      known.otherDimensions === undefined ? "—" : describeDimensions(known),
      count(known.maxTokensPerText),
      dollars(known.pricePerMillionTokens),
    ),
  );
}

/** The whole document, measured anew. @param runsSuites `false` where something else runs them, and only counts them */
export async function makeProviderTable(runsSuites = true): Promise<string> {
  const rows: string[] = [];
  for (const [name, provider] of providers) rows.push(await providerRow(name, provider, runsSuites));
  const sources = [...providers].filter(([, { priceSource }]) => priceSource !== undefined);
  return `# Providers

Written by \`npm run docs:providers\`; a test checks that it is current. "Suite" counts the tests of the embedder suite that
the provider's real client passed against the provider server, over all models and encodings in
\`packages/embed-once/test/provider/served-cases.ts\`. "Numbers" is the form of the doubles that came out of it, each of them bit for bit what
the server sent in the provider's own words.

| provider | suite | numbers | purposes | default model | dimensions | bounds of a request | price | client |
|---|---|---|---|---|---|---|---|---|
${rows.join("\n")}

- Tokens are estimated, rather too many than too few: one for each byte of UTF-8, but one for two lower-case letters or two spaces side by side,
  and none for a single space. Prose and code have fewer. What a provider finds too large all the same is cut and sent again. The
  options \`maxTextsPerRequest\`, \`maxBytesPerRequest\` and \`maxTokensPerRequest\` set other bounds.
- Prices are US dollars for a million tokens; the option \`pricePerMillionTokens\` wins over them.
- Wherever an API has a switch against cutting over-long texts it is set, so that such a text is an error: Cohere and Cohere on Bedrock
  \`truncate: "NONE"\`, Voyage \`truncation: false\`, Jina and Ollama \`truncate: false\`. OpenAI, Azure, Mistral and Titan refuse it by themselves. The
  Gemini API has no such switch, so a text with more bytes than the model takes tokens is counted there first (\`countTokens\`) and refused here.
  Gateways and OpenAI-compatible servers do what the model behind them does.
- A text without a purpose is a third kind where a provider tells queries and documents apart, unless it makes the same request as one of them: it
  is a document for Cohere, whose models require a purpose, and for models whose documents take no prefix. It then shares its vector with it.
- Behind a proxy: Node.js follows \`HTTPS_PROXY\` where \`NODE_USE_ENV_PROXY=1\` is set (24, and 22.21 on), and trusts a certificate authority of
  your own with \`NODE_EXTRA_CA_CERTS\`. Or hand in a \`fetch\` of your own.
- Vertex AI goes through the AI SDK like every provider that is not listed: its access tokens expire within the hour, and renewing them takes
  Google's own library.

## Models known beforehand

Any other model works as well; what is not known of it is not checked.

| provider | model | dimensions | can be asked for | tokens a text | price |
|---|---|---|---|---|---|
${[...providers].flatMap(([name, provider]) => modelRows(name, provider)).join("\n")}

Prices were read here:

${sources.map(([name, { priceSource }]) => `- \`${name}\`: ${priceSource}`).join("\n")}
`;
}

if (import.meta.main) writeFileSync(TABLE_PATH, await makeProviderTable());
