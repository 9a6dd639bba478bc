import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/** These replace a module, which another file would notice, or need the kernels' memory as no other file has left it. */
const ALONE = [
  "packages/embed-once/test/codec/encode-kernels.test.ts",
  "packages/embed-once/test/codec/kernel-memory.test.ts",
  "packages/embed-once/test/codec/verification.test.ts",
  "packages/embed-once-search/test/unreadable-folder.test.ts",
  "packages/embed-once-search/test/watch-without-events.test.ts",
];

const config: ViteUserConfig = defineConfig({
  // The sources under test, never a build of yesterday: every package resolves to its .ts files.
  resolve: { conditions: ["embed-once-source"] },
  ssr: { resolve: { conditions: ["embed-once-source"] } },
  test: {
    testTimeout: 30_000,
    pool: "forks",
    // More than there are cores: some of the time is spent waiting for processes and servers.
    maxWorkers: availableParallelism() + 1,
    // Hundreds of tests start Node.js on the same sources.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/compiled") },
    projects: [
      {
        extends: true,
        // One process after the other files: each would have to load the library again.
        test: {
          name: "shared",
          isolate: false,
          include: ["packages/*/test/**/*.test.ts", "test/*.test.ts"],
          exclude: ALONE,
        },
      },
      { extends: true, test: { name: "alone", include: ALONE } },
    ],
  },
});

export default config;
