import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { releaseFaults } from "../scripts/check-release.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, ".github/workflows");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Job {
  uses?: string;
  steps?: Step[];
  permissions?: Record<string, string>;
  strategy?: { matrix: { os: string[]; node: string[] } };
  "timeout-minutes"?: number;
}

interface Workflow {
  on: object;
  permissions: Record<string, string>;
  concurrency: object;
  jobs: Record<string, Job>;
}

const names = readdirSync(folder);
const workflows = new Map(names.map((name) => [name, parse(read(`.github/workflows/${name}`)) as Workflow]));
const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

test("there is a workflow for every change and one for releases", () => {
  expect(names.sort()).toEqual(["ci.yml", "release.yml"]);
});

describe.each(names)("%s", (name) => {
  const { permissions, concurrency, jobs } = workflows.get(name)!;
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);

  test("may only read, is bounded in time, and does not run twice at once", () => {
    expect(permissions).toEqual({ contents: "read" });
    expect(concurrency).toBeDefined();
    for (const job of Object.values(jobs)) if (job.uses === undefined) expect(job["timeout-minutes"]).toBeLessThan(60);
  });

  test("runs only what there is", () => {
    const commands = steps.flatMap(({ run }) => run ?? []);
    expect(commands.length).toBeGreaterThan(2);
    for (const [, script] of commands.join("\n").matchAll(/\bnpm run (\S+)/g))
      expect(scripts).toHaveProperty([script!]);
    for (const [, file] of commands.join("\n").matchAll(/\bnode ([^\s-]\S*)/g))
      expect(existsSync(join(root, file!))).toBe(true);
    for (const [, place] of commands.join("\n").matchAll(/ -w (\S+)/g))
      expect(existsSync(join(root, place!))).toBe(true);
    for (const { uses } of Object.values(jobs)) if (uses !== undefined) expect(existsSync(join(root, uses))).toBe(true);
  });

  test("uses actions as they were at one commit, and leaves no token in the checkout", () => {
    for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
    for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"))) {
      expect(step.with).toMatchObject({ "persist-credentials": false });
    }
  });
});

test("the suite runs on three systems, on the oldest Node.js that the packages take, and on every line that test:nodes knows", () => {
  const { os, node } = workflows.get("ci.yml")!.jobs.test!.strategy!.matrix;
  expect(os).toEqual(["ubuntu-latest", "macos-latest", "windows-latest"]);
  for (const name of ["embed-once", "embed-once-search"]) {
    const { engines } = JSON.parse(read(`packages/${name}/package.json`)) as { engines: { node: string } };
    expect(engines.node).toBe(`>=${node[0]}.0`);
  }
  const [, lines] = /const LINES = (\[.*?\])/.exec(read("scripts/test-nodes.ts"))!;
  expect(node).toEqual(JSON.parse(lines!));
});

test("only the job that publishes can prove who it is, after all of CI, and publishes both packages with provenance", () => {
  const { jobs } = workflows.get("release.yml")!;
  expect(Object.entries(jobs).filter(([, { permissions }]) => permissions?.["id-token"] === "write")).toEqual([
    ["publish", expect.objectContaining({ needs: "ci" })],
  ]);
  expect(jobs.publish!.steps!.flatMap(({ run }) => (run?.startsWith("npm publish") ? [run] : []))).toEqual(
    ["embed-once", "embed-once-search"].map((name) => `npm publish --provenance --access public -w packages/${name}`),
  );
});

test("a release has one version in both packages, the tag and the changelog", () => {
  const at = (version: string) => ({ version, dependencies: { "embed-once": `^${version}` } });
  expect(
    releaseFaults("v1.2.3", at("1.2.3"), at("1.2.3"), "# Changelog\n\n## 1.2.3 (2027-01-31)\n\n## 1.2.2 (…)\n"),
  ).toEqual([]);
  expect(releaseFaults("v1.2.3", at("1.2.2"), at("1.2.4"), "# Changelog\n\n## 1.2.3 (unreleased)\n")).toEqual([
    "embed-once is 1.2.2, the tag is v1.2.3",
    "embed-once-search is 1.2.4, the tag is v1.2.3",
    "embed-once-search wants embed-once ^1.2.4, the tag is v1.2.3",
    'CHANGELOG.md begins with "## 1.2.3 (unreleased)", expected "## 1.2.3 (<date>)"',
  ]);
});
