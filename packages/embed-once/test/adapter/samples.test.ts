import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { startProviderServer } from "../../src/testing/provider-server.ts";

const root = join(import.meta.dirname, "../../../..");
const text = readFileSync(join(root, "docs/adapters.md"), "utf8");
const samples = [...text.matchAll(/## .*?`(embed-once\/[\w-]+)`\n\n```js\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, name, code, output]) => ({ name, code: code!, output }),
);

// Within the checkout, so that the packages are found.
const modules = join(root, "node_modules/.cache");
mkdirSync(modules, { recursive: true });
const folder = mkdtempSync(join(modules, "embed-once-samples-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the samples in docs/adapters.md", () => {
  test("are one for each adapter, and all are found", () => {
    expect(samples.map(({ name }) => name)).toEqual([
      "embed-once/ai-sdk",
      "embed-once/openai",
      "embed-once/langchain",
      "embed-once/code-index",
    ]);
    expect(text.match(/```js\n/g)).toHaveLength(samples.length);
  });

  test.each(samples)(
    "$name runs, prints what it says, and the second run asks nobody",
    async ({ name, code, output }) => {
      const server = await startProviderServer({ apiKey: "sk-sample" });
      const home = mkdtempSync(join(folder, "home-"));
      const script = join(home, "sample.mjs");
      writeFileSync(script, code);
      const env = {
        PATH: process.env.PATH,
        HOME: home,
        XDG_CACHE_HOME: home,
        LOCALAPPDATA: home,
        OPENAI_API_KEY: "sk-sample",
        OPENAI_BASE_URL: server.url,
      };
      const requests: number[] = [];
      for (let run = 0; run < 2; run++) {
        const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=embed-once-source", script], {
          env,
        });
        expect(stdout, name).toBe(output);
        requests.push(server.requests.length);
      }
      await server.close();
      expect(requests[0]).toBeGreaterThan(0);
      expect(requests[1]).toBe(requests[0]);
    },
  );
});
