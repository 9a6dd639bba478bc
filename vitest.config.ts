import { join } from "node:path";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  // The sources under test, never a build of yesterday: every package resolves to its .ts files.
  resolve: { conditions: ["embed-once-source"] },
  ssr: { resolve: { conditions: ["embed-once-source"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/*.test.ts"],
    testTimeout: 30_000,
    pool: "forks",
    // One a core: much of the time is spent waiting for processes and servers.
    maxWorkers: "100%",
    // Hundreds of tests start Node.js on the same sources.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled") },
  },
});

export default config;
