import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { anchors, links, pages, read, root } from "./markdown.ts";

/** Written by benchmarks that take long; a checkout may be without. */
const GENERATED = /^docs\/(benchmarks\.md|plots\/)/;

const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

/** What is wrong with a link of a page; nothing where it leads out of the checkout. */
function flaw(page: string, target: string): string | undefined {
  if (/^[a-z]+:/i.test(target)) return undefined;
  const [path, anchor] = target.split("#") as [string, string | undefined];
  const file = path === "" ? page : posix.normalize(posix.join(dirname(page), path));
  if (!existsSync(join(root, file))) return GENERATED.test(file) ? undefined : `${target}: there is no ${file}`;
  if (anchor === undefined || !file.endsWith(".md")) return undefined;
  return anchors(file).has(anchor) ? undefined : `${target}: no heading of ${file} has that name`;
}

describe.each(pages())("%s", (page) => {
  test("has no link that leads nowhere", () => {
    expect(links(page).flatMap((target) => flaw(page, target) ?? [])).toEqual([]);
  });

  test("names no npm script that does not exist", () => {
    const named = [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe("docs/README.md", () => {
  test("leads to every page of docs, at most by way of another index", () => {
    const indexes = pages().filter((page) => /^docs\/(\w+\/)?README\.md$/.test(page));
    const linked = indexes.flatMap((page) => links(page).map((target) => posix.join(dirname(page), target)));
    const others = pages().filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
    expect(others.filter((page) => !linked.includes(page))).toEqual([]);
  });

  test("is linked from the README", () => {
    expect(links("README.md")).toContain("docs/README.md");
  });
});
