import type { Purpose } from "../core/embedder.ts";
import type { AiSdkCallOptions, AiSdkProviderOptions, AiSdkResult, JsonObject, JsonValue } from "./ai-sdk-model.ts";
import { canonicalJson } from "./canonical-json.ts";

/** The options of `toAiSdk` itself stand among the providers' under this name. */
const OWN_OPTIONS = "embedOnce";
/** Whose `content` has one entry a value. */
const CONTENT_PROVIDERS: readonly string[] = ["google", "vertex", "googleVertex"];
/** What one call of `doEmbed` hands down past the cache, and what comes back beside the vectors. */
export class AiSdkCall {
  readonly dimensions: number | undefined;
  readonly headers: Record<string, string> | undefined;
  /** Without what belongs to a single value and what is for `toAiSdk`. */
  readonly providerOptions: AiSdkProviderOptions | undefined;
  /** The provider whose `content` there is, one entry a value. */
  readonly contentProvider: string | undefined;
  readonly purpose: Purpose | undefined;
  /** Of this call's own requests: none where other calls were waiting for the same texts already. */
  readonly results: AiSdkResult<{ type: string }>[] = [];
  readonly #content: readonly JsonValue[] | undefined;

  constructor({ values, dimensions, headers, providerOptions }: AiSdkCallOptions) {
    const { [OWN_OPTIONS]: own, ...options } = providerOptions ?? {};
    this.dimensions = dimensions;
    this.headers = headers;
    this.purpose = purposeOf(own);
    for (const provider of CONTENT_PROVIDERS) {
      const { content, ...rest } = options[provider] ?? {};
      if (!Array.isArray(content)) continue;
      if (content.length !== values.length) {
        throw new TypeError(
          `providerOptions.${provider}.content must have one entry a value, got ${content.length} for ${values.length} values`,
        );
      }
      this.contentProvider = provider;
      this.#content = content as readonly JsonValue[];
      options[provider] = rest;
      break;
    }
    this.providerOptions = Object.keys(options).length > 0 ? options : undefined;
  }

  /** The values as texts for the key: where a value has content, it is part of its text. */
  textsOf(values: string[]): string[] {
    const content = this.#content;
    return content ? values.map((value, i) => canonicalJson([value, content[i]]) ?? refuseContent(i)) : values;
  }

  /** The other way round, for those of the texts that the cache did not have. */
  valuesOf(texts: string[]): { values: string[]; content?: JsonValue[] } {
    if (!this.contentProvider) return { values: texts };
    const pairs = texts.map((text) => JSON.parse(text) as [string, JsonValue]);
    return { values: pairs.map(([value]) => value), content: pairs.map(([, content]) => content) };
  }
}

function refuseContent(index: number): never {
  throw new TypeError(`the content of value ${index} in providerOptions is no JSON`);
}

function purposeOf(own: JsonObject | undefined): Purpose | undefined {
  const { purpose, ...rest } = own ?? {};
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw new TypeError(`providerOptions.${OWN_OPTIONS} has no option ${unknown}`);
  if (purpose === undefined || purpose === "query" || purpose === "document") return purpose;
  throw new TypeError(
    `providerOptions.${OWN_OPTIONS}.purpose must be "query" or "document", got ${JSON.stringify(purpose)}`,
  );
}
