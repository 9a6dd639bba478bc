import { z } from "zod";

/** More than an agent has use for; a client that sends more is told so, and nothing is worked on. */
const MAX_VALUES = 100;
const MAX_NAME = 100;
const MAX_GLOB = 1000;
/** The longest path that Linux knows. */
const MAX_PATH = 4096;
const MAX_QUERY = 10_000;
const MAX_SNIPPET = 100_000;

function oneOrMore<Schema extends z.ZodType>(schema: Schema) {
  return z.union([schema, z.array(schema).max(MAX_VALUES)]).optional();
}

/** The options of both searches, as an agent sees them. Names and meanings are those of `FindOptions`. */
const filters = {
  limit: z.int().min(1).max(100).optional().describe("Most results (default 10)"),
  pathPrefix: z.string().max(MAX_PATH).optional().describe('Only below this folder, or this file, e.g. "src/server"'),
  glob: oneOrMore(z.string().max(MAX_GLOB)).describe(
    'Only files whose path matches one of these, e.g. "**/*.test.ts"; "!" before one: none of those',
  ),
  language: oneOrMore(z.string().max(MAX_NAME)).describe('Only these languages, e.g. "typescript" or "python"'),
  kind: oneOrMore(z.enum(["class", "function", "method", "type", "variable", "module", "section"])).describe(
    "Only chunks that mainly are of these kinds; prose is a section",
  ),
  minScore: z.number().min(0).max(1).optional().describe("Only results that score at least so much, 0 to 1"),
  context: z.int().min(0).max(100).optional().describe("Lines to show before and after each result (default 0)"),
};

export const searchInput = z.object({
  query: z
    .string()
    .max(MAX_QUERY)
    .describe('What to look for: plain words ("where is a checksum verified"), an identifier, or both'),
  ...filters,
});

export const similarInput = z.object({
  file: z.string().max(MAX_PATH).optional().describe("A file of the folder, relative to it; goes with line"),
  line: z.int().min(1).optional().describe("A line of that file; the chunk around it is the example"),
  snippet: z
    .string()
    .max(MAX_SNIPPET)
    .optional()
    .describe("Any code or text as the example, in place of file and line"),
  ...filters,
});

export const statusInput = z.object({});

const index = z.object({
  root: z.string().describe("The folder; files are relative to it"),
  state: z
    .enum(["absent", "empty", "partial", "complete"])
    .describe("partial: some files are not read yet, or can be found by their words only"),
  files: z.int(),
  filesIncomplete: z.int().describe("Files that can be found by their words only so far"),
  chunks: z.int(),
  vectors: z.int(),
  running: z
    .object({ phase: z.enum(["reading", "embedding"]), done: z.int(), total: z.int() })
    .optional()
    .describe("The indexing that is under way, in files or in texts"),
});

/** Results may carry more than is listed: the index tells what it knows of a chunk. */
const result = z.looseObject({
  file: z.string(),
  startLine: z.int(),
  endLine: z.int(),
  score: z.number().describe("0 to 1; scores of different searches can be compared"),
  text: z.string(),
});

export const searchOutput = z.object({
  results: z.array(result),
  wordsOnly: z.string().optional().describe("Why the answer comes from words alone, where it does"),
  index,
});

export const statusOutput = index.extend({
  embedder: z.string(),
  bytes: z.int().describe("The index's size on disk"),
  readAt: z.string().optional().describe("When changes were last looked for (ISO 8601)"),
  skipped: z.record(z.string(), z.int()).describe("What was left out, by reason"),
  problems: z.array(z.object({ file: z.string(), reason: z.string() })).describe("Files that one might miss"),
  failure: z.string().optional().describe("Why texts could not be embedded; it is tried again"),
  readingFailure: z.string().optional().describe("Why the folder could not be read; it is tried again"),
});
