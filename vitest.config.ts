import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  // The sources under test, never a build of yesterday: every package resolves to its .ts files.
  resolve: { conditions: ["embed-once-source"] },
  ssr: { resolve: { conditions: ["embed-once-source"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts"],
    testTimeout: 30_000,
    pool: "forks",
  },
});

export default config;
