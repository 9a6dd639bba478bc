import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ServiceConfig } from "../src/config.ts";
import { HostedEmbedder } from "../src/provider/hosted-embedder.ts";
import { providerNames, providers } from "../src/provider/registry.ts";
import { createEmbedder } from "../src/service-factory.ts";
import { type ProviderServer, startProviderServer } from "../src/testing/provider-server.ts";
import { bitsAsText } from "./adapter/bits.ts";
import type { Again } from "./embed-again.ts";
import { KEY, SERVED_CASES } from "./provider/served-cases.ts";

const TEXTS = ["a", "b"];
const directory = mkdtempSync(join(tmpdir(), "embed-once-factory-"));

/** A provider by its name, and what came of it. */
interface Made {
  config: ServiceConfig;
  /** Absent where nothing is requested. */
  server: ProviderServer | undefined;
  wraps: unknown;
  bits: string;
  again: Again;
}

const made = new Map<string, Made>();

beforeAll(async () => {
  for (const provider of providerNames()) {
    const served = SERVED_CASES.find((candidate) => candidate.provider === provider && !candidate.signed);
    const server = served && (await startProviderServer({ provider: served.provider, apiKey: KEY }));
    const config: ServiceConfig = { provider, directory, dimensions: served?.dimensions, ...served?.options };
    if (server) Object.assign(config, { model: served.model, apiKey: KEY, baseURL: server.url });
    if (provider === "bedrock") config.region = "eu-central-1";
    const embedder = createEmbedder(config, {});
    const { embeddings } = await embedder.createEmbeddings([...TEXTS]);
    await embedder.close();
    const unasked = { bits: "", requestsMade: Number.NaN, foundOnDisk: 0 };
    made.set(provider, { config, server, wraps: embedder.unwrap(), bits: bitsAsText(embeddings), again: unasked });
  }
  // One process for all of them: it is its start that takes long.
  const configs = JSON.stringify([...made.values()].map(({ config }) => config));
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, "embed-again.ts"),
    configs,
    ...TEXTS,
  ]);
  for (const [i, again] of (JSON.parse(stdout) as Again[]).entries()) [...made.values()][i]!.again = again;
}, 60_000);

afterAll(async () => {
  for (const { server } of made.values()) await server?.close();
  rmSync(directory, { recursive: true });
});

describe("the service factory", () => {
  test.each(providerNames())(
    "makes %s wrapped, and a second process with the same configuration asks nobody",
    (name) => {
      const { server, wraps, bits: first, again } = made.get(name)!;
      expect(again).toEqual({ bits: first, requestsMade: 0, foundOnDisk: TEXTS.length });
      if (name === "local") return;
      expect(wraps).toBeInstanceOf(HostedEmbedder);
      expect(server!.textsEmbedded()).toBe(TEXTS.length);
    },
  );

  test("lets the user send more texts in a request than a provider's default", async () => {
    const server = await startProviderServer({ provider: "openai-compatible", apiKey: KEY, models: { m: 8 } });
    const config: ServiceConfig = { provider: "openai-compatible", model: "m", baseURL: server.url, apiKey: KEY };
    await using embedder = createEmbedder({ ...config, diskBytes: 0, maxTextsPerRequest: 256 }, {});
    await embedder.createEmbeddings(Array.from({ length: 256 }, (_, i) => `text ${i}`));
    expect(server.requests).toHaveLength(1);
    await server.close();
  });

  test("says what is no provider", () => {
    expect(() => createEmbedder({ provider: 5 as unknown as string }, {})).toThrow(/expected a name .* got number/);
    expect(createEmbedder({}, { EMBED_ONCE_PROVIDER: " local " }).identity.provider).toBe("local");
  });

  test.each(providerNames().filter((name) => providers.get(name)!.needsKey))(
    "makes %s in the mode offline without a key, which answers from the cache and asks nobody",
    async (name) => {
      const { config, server, bits: first } = made.get(name)!;
      const { apiKey: _, ...keyless } = config;
      expect(() => createEmbedder(keyless, {})).toThrow(/needs a key/);
      await using embedder = createEmbedder({ ...keyless, mode: "offline" }, {});
      expect(bitsAsText((await embedder.createEmbeddings([...TEXTS])).embeddings)).toBe(first);
      await expect(embedder.createEmbeddings(["c"])).rejects.toThrow("the cache does not have text 0");
      await expect(embedder.unwrap().createEmbeddings(["c"])).rejects.toThrow(/needs a key/);
      expect(await embedder.validateConfiguration()).toMatchObject({
        valid: false,
        error: expect.stringMatching(/key/),
      });
      expect(server!.textsEmbedded()).toBe(TEXTS.length);
    },
  );
});
