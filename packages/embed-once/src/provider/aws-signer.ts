import { ConfigurationError } from "../core/errors.ts";
import type { AwsCredentials, ProviderConfig } from "./provider-config.ts";

export interface AwsSigner {
  /** Signs each attempt anew, as a signature holds for minutes only, and sends it. */
  fetch: typeof globalThis.fetch;
  /** Loads the signer. Throws a ConfigurationError in one line where it is not installed. */
  prepare(): Promise<void>;
  /** What a message must not repeat, as far as it is known yet. */
  secrets(): string[];
}

/**
 * Signs requests to Bedrock with AWS access keys (Signature Version 4) through the package `aws4fetch`.
 *
 * @param credentials access keys, or whoever hands them out; asked before each attempt
 */
export function awsSigner(
  credentials: NonNullable<ProviderConfig["awsCredentials"]>,
  region: string,
  send: typeof globalThis.fetch = globalThis.fetch,
): AwsSigner {
  const known = new Set<string>();
  const remember = (keys: AwsCredentials): AwsCredentials => {
    known.add(keys.secretAccessKey);
    if (keys.sessionToken !== undefined) known.add(keys.sessionToken);
    return keys;
  };
  if (typeof credentials !== "function") remember(credentials);
  return {
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const keys = remember(typeof credentials === "function" ? await credentials() : credentials);
      const { AwsV4Signer } = await loadSigner();
      const { method, url, signal, redirect } = request;
      const body = await request.arrayBuffer();
      const signer = new AwsV4Signer({
        method,
        url,
        headers: request.headers,
        body,
        service: "bedrock",
        region,
        accessKeyId: keys.accessKeyId,
        secretAccessKey: keys.secretAccessKey,
        ...(keys.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken }),
      });
      const { headers } = await signer.sign();
      return send(new Request(url, { method, headers, body, signal, redirect }));
    },
    prepare: async () => {
      await loadSigner();
    },
    secrets: () => [...known],
  };
}

async function loadSigner(): Promise<typeof import("aws4fetch")> {
  try {
    return await import("aws4fetch");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ConfigurationError(
      'The provider "bedrock" signs with AWS access keys through the package aws4fetch, which is not installed: run npm install aws4fetch, or use a Bedrock API key (AWS_BEARER_TOKEN_BEDROCK).',
    );
  }
}
