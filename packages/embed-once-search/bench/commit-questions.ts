import { execFileSync } from "node:child_process";

/** A commit's subject as a question, and what answers it. */
export interface CommitQuestion {
  question: string;
  commit: string;
  /** The state of the repository that is searched. */
  parent: string;
  /** Files that the commit changed and that its parent has already. */
  files: string[];
}

/** More files are a sweep over the repository: no subject says which ones. */
const MAX_FILES = 10;

/** They record every change, or are written by programs: no place that a question asks for. */
const RECORDS =
  /(?:^|\/)(?:change(?:s|log)|history|news|release[-_]?notes)[^/]*$|(?:^|\/)(?:docs?\/)?(?:changes|changelog)\/|(?:-lock|\.lock|lock)\.(?:json|ya?ml)$|\.lock$|(?:^|\/)go\.sum$/i;

/** Subjects of programs and of releases. */
const NO_QUESTION =
  /^(?:merge|revert|release|prepare|bump|update dependenc|chore\(deps|build\(deps|fix\(deps|v?\d+\.\d+)|\bversion bump\b|\bchangelog\b|\[pre-commit/i;

const MIN_WORDS = 3;

/** All commits with one parent that can be asked for, newest first. */
export function commitQuestions(repository: string): CommitQuestion[] {
  const log = git(repository, "log", "--no-merges", "--no-renames", "--format=%x00%H%x09%P%x09%s", "--name-status");
  const questions: CommitQuestion[] = [];
  for (const entry of log.split("\0").slice(1)) {
    const [head, ...lines] = entry.split("\n");
    const [commit, parent, subject] = head!.split("\t") as [string, string, string];
    const changed = lines.filter((line) => line !== "").map((line) => line.split("\t") as [string, string]);
    const files = changed.filter(([status, path]) => status !== "A" && !RECORDS.test(path)).map(([, path]) => path);
    const question = cleanSubject(subject);
    if (NO_QUESTION.test(subject) || question.split(" ").length < MIN_WORDS) continue;
    if (parent === "" || files.length === 0 || changed.length > MAX_FILES) continue;
    questions.push({ question, commit, parent, files });
  }
  return questions;
}

/** A subject without what only this repository's habits put there: "fix(core): ", "(#1234)". */
function cleanSubject(subject: string): string {
  return subject
    .replace(/\s*\(?#\d+\)?/g, "")
    .replace(/^(?:feat|fix|refactor|perf|chore|docs?|tests?|build|ci|style|types)(?:\([^)]*\))?!?:\s*/i, "")
    .trim();
}

export function git(repository: string, ...parameters: string[]): string {
  return execFileSync("git", ["-C", repository, ...parameters], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "pipe"],
  });
}
