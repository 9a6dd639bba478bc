import { dirname, resolve } from "node:path";
import { ConfigurationError } from "./core/errors.ts";
import { type CacheEmbedderOptions, resolveEmbedderOptions } from "./embedder/options.ts";
import { parseBaseURL } from "./provider/base-url.ts";
import { nearestName } from "./provider/nearest-name.ts";
import type { Environment } from "./provider/provider.ts";
import { type ProviderConfig, parseProviderConfig, providerConfigEntries } from "./provider/provider-config.ts";
import { providers } from "./provider/registry.ts";

/** Everything that can be configured: which embedder, and the cache around it. */
export type ServiceConfig = { [Option in keyof ProviderConfig]?: ProviderConfig[Option] | undefined } & CacheConfig;

const CACHE_OPTIONS = [
  "directory",
  "hotBytes",
  "compressedBytes",
  "diskBytes",
  "mode",
  "ttlMs",
  "durability",
  "modelAlias",
  "revision",
  "maxRetries",
  "maxTextsPerRequest",
  "maxConcurrentRequests",
  "verifyFraction",
  "onNotice",
  "onEvent",
] as const satisfies readonly (keyof CacheEmbedderOptions)[];

type CacheConfig = Pick<CacheEmbedderOptions, (typeof CACHE_OPTIONS)[number]>;

const PROVIDER_OPTIONS = Object.keys(providerConfigEntries);
const KNOWN_OPTIONS = [...new Set([...PROVIDER_OPTIONS, ...CACHE_OPTIONS])];

/** What each environment variable sets. Keys of providers have variables of their own. */
export const ENVIRONMENT_VARIABLES: Readonly<Record<string, keyof ServiceConfig>> = {
  EMBED_ONCE_PROVIDER: "provider",
  EMBED_ONCE_MODEL: "model",
  EMBED_ONCE_DIMENSIONS: "dimensions",
  EMBED_ONCE_BASE_URL: "baseURL",
  EMBED_ONCE_ENCODING: "encoding",
  EMBED_ONCE_CACHE_DIR: "directory",
  EMBED_ONCE_MODE: "mode",
  EMBED_ONCE_MODEL_ALIAS: "modelAlias",
  EMBED_ONCE_REVISION: "revision",
};

/**
 * Options from a file, which `loadConfiguration` found or `loadConfigurationFile` was told to read.
 *
 * A file that was found may have come with somebody else's repository, so it chooses among what its user has and adds
 * nothing: no address but this machine's, no place on disk, no budget of a cache that other projects share, no name
 * under which other projects' vectors lie. A file that the user named may do all of that. Keys and code stand in none.
 */
export interface ConfigurationFile {
  readonly path: string;
  readonly options: Readonly<ServiceConfig>;
  /** Whether the user named the file, instead of its having been found. */
  readonly named: boolean;
}

/** What a file may say that was found. */
const PROJECT_OPTIONS: ReadonlySet<string> = new Set<keyof ServiceConfig>([
  "provider",
  "model",
  "dimensions",
  "baseURL",
  "encoding",
  "queryPrefix",
  "documentPrefix",
  "apiVersion",
  "region",
  "timeoutMs",
  "maxRetries",
  "maxTextsPerRequest",
  "maxBytesPerRequest",
  "maxTokensPerRequest",
  "maxConcurrentRequests",
  "pricePerMillionTokens",
  "mode",
  "revision",
  "verifyFraction",
]);
const SECRET_OPTIONS: ReadonlySet<string> = new Set<keyof ServiceConfig>(["apiKey", "headers", "awsCredentials"]);
const CODE_OPTIONS: ReadonlySet<string> = new Set<keyof ServiceConfig>(["fetch", "onNotice", "onEvent"]);

const DEFAULT_PROVIDER = "local";
/** Takes the first provider whose key is in the environment, else the default. Never unasked: a key is no consent. */
const AUTO_PROVIDER = "auto";

export interface ResolvedConfig {
  provider: ProviderConfig;
  cache: CacheConfig;
  /** Why it is this provider, for people who wonder: `"as asked"`, `"EMBED_ONCE_PROVIDER"`, `"by default"`, `"OPENAI_API_KEY is set"` … */
  providerReason: string;
  /** Where each option that somebody set came from: `AS_ASKED`, an environment variable, the path of a file. */
  sources: Readonly<Record<string, string>>;
}

/** The source of an option that was an argument. */
export const AS_ASKED = "as asked";

/** One place where options come from. */
interface Layer {
  options: Readonly<Record<string, unknown>>;
  sourceOf(option: string): string;
}

/**
 * Merges argument over environment over file over defaults. What an option may be is checked by whoever it belongs to.
 * The options of a layer that names another provider than the one that is taken are that provider's, and left out.
 * @throws ConfigurationError for an option that nobody knows, with the name that was probably meant; for an address
 * off this machine that only a found file names; for the provider "auto" without a key in the mode "offline"
 */
export function resolveConfig(config: ServiceConfig, env: Environment, file?: ConfigurationFile): ResolvedConfig {
  const layers: Layer[] = [
    { options: definedOptions(file?.options ?? {}), sourceOf: () => file!.path },
    environmentLayer(env),
    { options: definedOptions(config), sourceOf: () => AS_ASKED },
  ];
  const naming = layers.findLast(({ options }) => options.provider !== undefined);
  let name = naming?.options.provider ?? DEFAULT_PROVIDER;
  let providerReason = naming?.sourceOf("provider") ?? "by default";
  const isAuto = name === AUTO_PROVIDER;
  const found = isAuto ? providerWithKey(env) : undefined;
  if (isAuto) {
    name = found?.name ?? DEFAULT_PROVIDER;
    providerReason = found ? `${found.variable} is set` : "no provider's key is set";
  }

  const provider: Record<string, unknown> = { provider: name };
  const cache: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const { options, sourceOf } of layers) {
    const isOthers = options.provider !== undefined && options.provider !== AUTO_PROVIDER && options.provider !== name;
    for (const [option, value] of Object.entries(options)) {
      const isCaches = (CACHE_OPTIONS as readonly string[]).includes(option);
      if (!isCaches && !PROVIDER_OPTIONS.includes(option)) throw unknownOption(option, KNOWN_OPTIONS);
      if (!isCaches && isOthers) continue;
      if (isCaches) cache[option] = value;
      else if (option !== "provider") provider[option] = value;
      sources[option] = sourceOf(option);
    }
  }
  if (isAuto && !found && cache.mode === "offline") {
    throw new ConfigurationError(
      'The provider "auto" is the one whose key is set, and none is. The mode "offline" needs no key: name the provider whose vectors are stored.',
    );
  }
  if (file && !file.named && sources.baseURL === file.path) refuseForeignAddress(String(provider.baseURL), file.path);
  return { provider: provider as unknown as ProviderConfig, cache, providerReason, sources };
}

/**
 * Reads a configuration file's text, which is a JSON object of options. Nothing of it is run, and what may be a secret
 * is not repeated.
 * @param named whether the user named the file
 * @throws ConfigurationError in one line, with the path, for what is no such object, for an option that does not exist,
 * may not stand in a file or cannot be
 */
export function parseConfigurationFile(path: string, text: string, named: boolean): ConfigurationFile {
  const fail = (message: string) => new ConfigurationError(`${path}: ${message}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    // The parser's own message repeats a part of the text.
    const place = /\(line \d+ column \d+\)/.exec((error as Error).message);
    throw fail(`this is no JSON${place ? ` ${place[0]}` : ""}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw fail('expected an object of options, such as { "provider": "ollama" }');
  }
  const options = { ...(parsed as Record<string, unknown>) };
  for (const option of Object.keys(options)) {
    if (!KNOWN_OPTIONS.includes(option)) {
      const known = KNOWN_OPTIONS.filter((name) => PROJECT_OPTIONS.has(name));
      throw fail(unknownOption(option, named ? KNOWN_OPTIONS : known).message);
    }
    if (SECRET_OPTIONS.has(option)) {
      throw fail(
        `the option "${option}" may hold a secret and does not belong in a file: use the provider's environment variable`,
      );
    }
    if (CODE_OPTIONS.has(option)) throw fail(`the option "${option}" is a function: it can only be an argument`);
    if (named || PROJECT_OPTIONS.has(option)) continue;
    throw fail(
      `the option "${option}" is not taken from a file that was found, which may be somebody else's: ` +
        "set it by flag, environment or argument, or name the file (--config)",
    );
  }
  try {
    const own = (names: readonly string[]) =>
      Object.fromEntries(Object.entries(options).filter(([option]) => names.includes(option)));
    parseProviderConfig({ provider: DEFAULT_PROVIDER, ...own(PROVIDER_OPTIONS) });
    resolveEmbedderOptions(own(CACHE_OPTIONS));
  } catch (error) {
    throw fail((error as Error).message);
  }
  if (typeof options.baseURL === "string" && /^[^/]*\/\/[^/]*@/.test(options.baseURL)) {
    throw fail('the option "baseURL" holds credentials, which do not belong in a file');
  }
  if (typeof options.directory === "string") options.directory = resolve(dirname(path), options.directory);
  return { path, options: options as ServiceConfig, named };
}

/** An option's value for people, without what is secret in it. */
export function describeOption(option: string, value: unknown): string {
  if (SECRET_OPTIONS.has(option)) return "[redacted]";
  if (option !== "baseURL") return typeof value === "string" ? value : JSON.stringify(value);
  try {
    return parseBaseURL(String(value)).url;
  } catch {
    return "[redacted]";
  }
}

function definedOptions(options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function environmentLayer(env: Environment): Layer {
  const options: Record<string, unknown> = {};
  const variables: Record<string, string> = {};
  for (const [variable, option] of Object.entries(ENVIRONMENT_VARIABLES)) {
    // Windows' `set X=local && …` leaves a blank at the end.
    const value = env[variable]?.trim();
    if (!value) continue;
    options[option] = option === "dimensions" ? wholeNumber(variable, value) : value;
    variables[option] = variable;
  }
  return { options, sourceOf: (option) => variables[option]! };
}

/** Texts, questions and the user's keys go to the address, so whoever wrote a file must not be able to choose it. */
function refuseForeignAddress(baseURL: string, path: string): void {
  // Spelt out: what a parser still takes for an address may become another one on its way.
  const url = /^https?:\/\/\S+$/i.test(baseURL) ? URL.parse(baseURL) : null;
  if (url && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) return;
  const host = url ? url.host : "what is no web address";
  throw new ConfigurationError(
    `${path} sends texts and keys to ${host}, and may be somebody else's. If that is what you want, ` +
      "say so with the same address in EMBED_ONCE_BASE_URL or --base-url, or name the file (--config)",
  );
}

function providerWithKey(env: Environment): { name: string; variable: string } | undefined {
  for (const [name, { needsKey, keyVariables }] of providers) {
    const variable = needsKey ? keyVariables.find((candidate) => env[candidate]?.trim()) : undefined;
    if (variable !== undefined) return { name, variable };
  }
  return undefined;
}

function unknownOption(name: string, known: readonly string[]): ConfigurationError {
  const nearest = nearestName(name, known);
  const suggestion = nearest === undefined ? "." : `; did you mean "${nearest}"?`;
  return new ConfigurationError(
    `unknown option ${JSON.stringify(name)}${suggestion} Known options: ${known.join(", ")}`,
  );
}

function wholeNumber(variable: string, value: string): number {
  if (!/^\d+$/.test(value.trim())) {
    throw new ConfigurationError(`${variable} must be a whole number, got ${JSON.stringify(value)}`);
  }
  return Number(value);
}
