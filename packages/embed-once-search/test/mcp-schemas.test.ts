import { expect, test } from "vitest";
import { z } from "zod";
import { searchInput, similarInput } from "../src/mcp-schemas.ts";

/** The parts of a JSON schema that let any length through. */
function unbounded(schema: unknown, path = ""): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { type, maxLength, maxItems, enum: values } = schema as Record<string, unknown>;
  const isUnbounded = (type === "string" && values === undefined && !maxLength) || (type === "array" && !maxItems);
  const below = Object.entries(schema).flatMap(([name, part]) => unbounded(part, `${path}/${name}`));
  return isUnbounded ? [path, ...below] : below;
}

test.each([
  ["search_code", searchInput],
  ["find_similar", similarInput],
])("%s takes no text and no list of any length", (_name, schema) => {
  expect(unbounded(z.toJSONSchema(schema))).toEqual([]);
  const given = { query: "x", snippet: "x" };
  expect(schema.safeParse({ ...given, language: ["ts", "py"], glob: "*.ts" }).success).toBe(true);
  expect(schema.safeParse({ ...given, language: new Array(40_000).fill("typescript") }).success).toBe(false);
  expect(schema.safeParse({ ...given, glob: "*".repeat(100_000) }).success).toBe(false);
});
