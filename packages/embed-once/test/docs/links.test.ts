import { existsSync, readFileSync, statSync } from "node:fs";
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
  test("leads to every page of docs", () => {
    const linked = new Set(links("docs/README.md").map((target) => posix.join("docs", target.split("#")[0]!)));
    const folders = [...linked].filter(
      (path) => existsSync(join(root, path)) && statSync(join(root, path)).isDirectory(),
    );
    const missing = pages()
      .filter((page) => page.startsWith("docs/") && page !== "docs/README.md")
      .filter((page) => !linked.has(page) && !folders.some((folder) => page.startsWith(posix.join(folder, "/"))));
    expect(missing).toEqual([]);
  });

  test("is linked from the README", () => {
    expect(links("README.md")).toContain("docs/README.md");
  });
});
