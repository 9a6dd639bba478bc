import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "../../../..");

/** A fenced block of a page. */
export interface Block {
  /** Relative to the checkout, with `/`. */
  page: string;
  /** Of its first fence, from 1. */
  line: number;
  language: string;
  code: string;
  /** What it prints: a block of `text` right behind it. */
  output?: string | undefined;
  /** Why it cannot be run here, from a comment right before it: `<!-- not run: … -->`. */
  notRun?: string | undefined;
}

/** All Markdown pages that are for readers, relative to the checkout, with `/`. */
export function pages(): string[] {
  const folders = ["", "docs", "examples", "packages/embed-once", "packages/embed-once-search"];
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => {
      const recursive = folder === "docs" || folder === "examples";
      return readdirSync(join(root, folder), { recursive, encoding: "utf8" })
        .map((name) => join(folder, name).replaceAll("\\", "/"))
        .filter((name) => name.endsWith(".md") && !name.includes("node_modules/"));
    })
    .sort();
}

/** The pages with samples: those of the API have declarations. */
export function samplePages(): string[] {
  return pages().filter((page) => !page.startsWith("docs/api/"));
}

export function read(page: string): string {
  return readFileSync(join(root, page), "utf8").replaceAll("\r\n", "\n");
}

const FENCE = /^```(\w*)\n(.*?)^```$/gms;

/** The fenced blocks of a page that say their language; those of `text` belong to the one before. */
export function blocks(page: string): Block[] {
  const text = read(page);
  const found: Block[] = [];
  let end = 0;
  for (const { 0: all, 1: language = "", 2: code = "", index } of text.matchAll(FENCE)) {
    const between = text.slice(end, index);
    end = index + all.length;
    if (language === "text" && between.trim() === "" && found.length > 0) found.at(-1)!.output = code;
    else if (language !== "" && language !== "text") {
      const notRun = /<!-- not run: (.*?) -->\s*$/.exec(between)?.[1];
      found.push({ page, line: text.slice(0, index).split("\n").length, language, code, notRun });
    }
  }
  return found;
}

/** The page without its blocks of code. */
export function prose(page: string): string {
  return read(page).replace(FENCE, "");
}

/** What can be linked to within a page: its headings, as code hosts name them. */
export function anchors(page: string): Set<string> {
  const names = new Set<string>();
  for (const [, title = ""] of prose(page).matchAll(/^#{1,6} +(.*?)\s*$/gm)) {
    const name = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-");
    let unique = name;
    for (let n = 1; names.has(unique); n++) unique = `${name}-${n}`;
    names.add(unique);
  }
  return names;
}

/** Where the page's links lead, images included. */
export function links(page: string): string[] {
  const text = prose(page).replace(/`[^`\n]*`/g, "");
  return [...text.matchAll(/\]\(<?([^()\s>]+)>?(?: "[^"]*")?\)/g)].map(([, target]) => target!);
}
