import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { HostedEmbedder } from "../src/provider/hosted-embedder.ts";
import { createEmbedder } from "../src/service-factory.ts";
import { startProviderServer } from "../src/testing/provider-server.ts";
import { KEY, nameOf, SERVED_CASES } from "./provider/served-cases.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-once-factory-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** One of each provider's, with a key. */
const FIRST_CASES = SERVED_CASES.filter(
  ({ provider, signed }, i) => !signed && SERVED_CASES.findIndex((other) => other.provider === provider) === i,
);

describe("the service factory", () => {
  test.each(FIRST_CASES.map((served) => [nameOf(served), served] as const))(
    "makes %s wrapped, and its next one with the same configuration asks nobody",
    async (_, { provider, model, dimensions, options }) => {
      const server = await startProviderServer({ provider, apiKey: KEY });
      const config = {
        provider,
        model,
        ...(dimensions === undefined ? {} : { dimensions }),
        ...(provider === "bedrock" ? { region: "eu-central-1" } : {}),
        ...options,
        apiKey: KEY,
        baseURL: server.url,
        directory: join(folder, provider),
      };
      const answers: number[][][] = [];
      for (let start = 0; start < 2; start++) {
        const embedder = createEmbedder(config, {});
        expect(embedder.unwrap()).toBeInstanceOf(HostedEmbedder);
        answers.push((await embedder.createEmbeddings(["a", "b"])).embeddings);
        await embedder.close();
        if (start === 0) expect(server.requests.length).toBeGreaterThan(0);
        else expect(embedder.statistics()).toMatchObject({ requestsMade: 0, hits: { L3: 2 } });
      }
      expect(answers[1]).toEqual(answers[0]);
      expect(server.textsEmbedded()).toBe(2);
      await server.close();
    },
  );
});
