import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { makeProviderTable, TABLE_PATH } from "../../../../scripts/provider-table.ts";
import { providerNames } from "../../src/provider/registry.ts";

test("docs/providers.md is what the script measures now (npm run docs:providers writes it)", async () => {
  // The suites themselves run in served-providers.test.ts.
  const table = await makeProviderTable(false);
  expect(readFileSync(TABLE_PATH, "utf8")).toBe(table);
  expect(table).not.toContain("CHANGED");
  for (const name of providerNames()) {
    const [, passed, all] = new RegExp(`\\| \`${name}\` \\| (\\d+)/(\\d+) \\|`).exec(table)!;
    expect(Number(all)).toBeGreaterThan(10);
    expect(passed).toBe(all);
  }
}, 120_000);
