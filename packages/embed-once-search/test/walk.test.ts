import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type SkipReason, type WalkStep, walk, walkPath } from "../src/walk.ts";
import { temporaryFolder, writeTree } from "./support/temporary-folder.ts";

function files(root: string, options?: Parameters<typeof walk>[1]): string[] {
  return [...walk(root, options)].flatMap((step) => ("file" in step ? [step.file.path] : []));
}

function skips(root: string, options?: Parameters<typeof walk>[1]): [SkipReason, string][] {
  return [...walk(root, options)].flatMap((step) => ("file" in step ? [] : [[step.skipped, step.path]]));
}

function git(folder: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** Neither git nor the walk reads the settings of whoever runs the tests. */
let home: string;
beforeEach(() => {
  home = temporaryFolder();
  vi.stubEnv("HOME", home);
  vi.stubEnv("USERPROFILE", home);
  vi.stubEnv("XDG_CONFIG_HOME", undefined);
  vi.stubEnv("GIT_CONFIG_GLOBAL", undefined);
  vi.stubEnv("GIT_CONFIG_SYSTEM", devNull);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** What git itself would take into the repository. */
function gitFiles(folder: string): string[] {
  return git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    .split("\0")
    .filter((path) => path !== "");
}

describe("walk", () => {
  test("gives files in the order of their names, with slashes, and leaves .git and node_modules out", () => {
    const root = temporaryFolder();
    git(root, "init", "-q");
    writeTree(root, {
      "b.ts": "",
      "a/z.ts": "",
      "a/B.ts": "",
      "Z.ts": "",
      "node_modules/x/i.js": "",
      "a/node_modules/y.js": "",
    });
    expect(files(root)).toEqual(["Z.ts", "a/B.ts", "a/z.ts", "b.ts"]);
    expect(skips(root)).toEqual([
      ["ignored", ".git"],
      ["ignored", "a/node_modules"],
      ["ignored", "node_modules"],
    ]);
  });

  test("honours nested .gitignore files and negations as git does", () => {
    const root = temporaryFolder();
    git(root, "init", "-q");
    writeTree(root, {
      ".gitignore": "*.log\n!keep.log\n/build\ntmp/\nfoo\n",
      "a.log": "",
      "keep.log": "",
      "build/out.js": "",
      "src/build/in.js": "",
      "src/tmp/x.js": "",
      "src/.gitignore": "keep.log\n!foo\n*.gen.ts\n",
      "src/keep.log": "",
      "src/foo/a.ts": "",
      "src/foo/b.log": "",
      "src/x.gen.ts": "",
      "foo/a.ts": "",
    });
    expect(files(root)).toEqual([".gitignore", "keep.log", "src/.gitignore", "src/build/in.js", "src/foo/a.ts"]);
    expect(files(root)).toEqual(gitFiles(root).sort());
  });

  test("agrees with git on random rules and trees", () => {
    const name = fc.constantFrom("a", "b", "c.ts", "d.log", "build", "x y", "[z]", "#n", "!m");
    const pattern = fc
      .tuple(
        fc.constantFrom("", "!"),
        fc.constantFrom("", "/", "**/", "a/", "build/"),
        fc.constantFrom("a", "b", "c.ts", "*.log", "*", "build", "x y", "\\[z\\]", "\\#n", "\\!m", "c.?s", "[ab]"),
        fc.constantFrom("", "/", "/**", "/*"),
      )
      .map((parts) => parts.join(""));
    const rules = fc.array(pattern, { minLength: 1, maxLength: 4 }).map((lines) => `${lines.join("\n")}\n`);
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const tree = fc.record({
      paths: fc.array(path, { minLength: 5, maxLength: 25 }),
      ruleFolders: fc.array(fc.tuple(fc.array(name, { maxLength: 2 }), rules), { minLength: 1, maxLength: 3 }),
      repositorys: fc.oneof({ weight: 2, arbitrary: fc.constant("") }, rules),
      users: fc.oneof({ weight: 2, arbitrary: fc.constant("") }, rules),
    });
    fc.assert(
      fc.property(tree, ({ paths, ruleFolders, repositorys, users }) => {
        const root = temporaryFolder();
        git(root, "init", "-q");
        for (const folder of paths) writeTree(root, { [`${folder}/file.ts`]: "", [`${folder}/other.log`]: "" });
        for (const [folder, text] of ruleFolders) writeTree(root, { [[...folder, ".gitignore"].join("/")]: text });
        writeTree(root, { ".git/info/exclude": repositorys });
        writeTree(home, { ".config/git/ignore": users });
        expect(files(root).sort()).toEqual(gitFiles(root).sort());
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  test("honours .gitignore files above the folder, up to the repository's top and not beyond", () => {
    const outside = temporaryFolder();
    const top = join(outside, "repository");
    writeTree(outside, { ".gitignore": "*.ts\n" });
    writeTree(top, {
      ".gitignore": "*.log\n/packages/one/src/only-here.txt\n",
      "packages/.gitignore": "*.tmp\n",
      "packages/one/src/a.ts": "",
      "packages/one/src/a.log": "",
      "packages/one/src/a.tmp": "",
      "packages/one/src/only-here.txt": "",
    });
    git(top, "init", "-q");
    expect(files(join(top, "packages/one"))).toEqual(["src/a.ts"]);
    expect(files(join(top, "packages/one/src"))).toEqual(["a.ts"]);
  });

  test("walks a folder that an outer .gitignore excludes, without the rules above it", () => {
    const top = temporaryFolder();
    git(top, "init", "-q");
    writeTree(top, {
      ".gitignore": "vendor/\n*.log\n",
      "vendor/library/.gitignore": "*.tmp\n",
      "vendor/library/src/a.ts": "",
      "vendor/library/src/a.log": "",
      "vendor/library/src/a.tmp": "",
    });
    expect(files(join(top, "vendor"))).toEqual(["library/.gitignore", "library/src/a.log", "library/src/a.ts"]);
    expect(files(join(top, "vendor/library/src"))).toEqual(["a.log", "a.tmp", "a.ts"]);
    expect(files(top)).toEqual([".gitignore"]);
  });

  test("honours what is excluded for a repository and for a user, before which every .gitignore decides", () => {
    const root = temporaryFolder();
    git(root, "init", "-q");
    writeTree(home, { ".config/git/ignore": "*.secret\n*.both\n*.kept\n" });
    writeTree(root, {
      ".git/info/exclude": "/private/\n!*.both\n",
      "src/.gitignore": "!*.kept\n",
      "a.secret": "",
      "private/b.ts": "",
      "src/private/c.ts": "",
      "src/d.both": "",
      "src/e.kept": "",
      "src/f.secret": "",
    });
    const expected = ["src/.gitignore", "src/d.both", "src/e.kept", "src/private/c.ts"];
    expect(files(root)).toEqual(expected);
    expect(gitFiles(root).sort()).toEqual(expected);
    expect(files(join(root, "src"))).toEqual([".gitignore", "d.both", "e.kept", "private/c.ts"]);
    // Named, so it is meant.
    expect(files(join(root, "private"))).toEqual(["b.ts"]);
    writeTree(root, { ".gitignore": "vendor/\n*.log\n", "vendor/g.log": "", "vendor/h.secret": "" });
    expect(files(join(root, "vendor"))).toEqual(["g.log"]);
    // Where there is no repository, nothing of it is asked.
    const plain = temporaryFolder();
    writeTree(plain, { "a.secret": "", ".git/config": "" });
    expect(files(plain)).toEqual(["a.secret"]);
  });

  test("finds the user's excludes where git does", () => {
    const root = temporaryFolder();
    git(root, "init", "-q");
    const names = ["default", "xdg", "home", "included", "own", "relative", "quoted #1"];
    for (const name of names) writeTree(root, { [`${name}.txt`]: "" });
    for (const name of names) writeTree(home, { [`ignores/${name}`]: `/${name}.txt\n` });
    const missing = (): string[] => {
      const walked = files(root);
      expect(walked).toEqual(gitFiles(root).sort());
      return names.filter((name) => !walked.includes(`${name}.txt`));
    };
    expect(missing()).toEqual([]);
    writeTree(home, { ".config/git/ignore": "/default.txt\n" });
    expect(missing()).toEqual(["default"]);
    writeTree(home, { "xdg/git/ignore": "/xdg.txt\n" });
    vi.stubEnv("XDG_CONFIG_HOME", join(home, "xdg"));
    expect(missing()).toEqual(["xdg"]);
    writeTree(home, { "xdg/git/config": "[core]\n\texcludesfile = ~/ignores/xdg\n" });
    writeTree(home, { ".gitconfig": "# mine\n[CORE] ExcludesFile = ~/ignores/home ; here\n[user]\n\tname = a\n" });
    expect(missing()).toEqual(["home"]);
    writeTree(home, { ".gitconfig": '[include]\n\tpath = ignores/config\n[core "x"]\n\texcludesFile = no\n' });
    writeTree(home, { "ignores/config": `[core]\r\nexcludesFile = "${home}/ignores/included"\r\n` });
    expect(missing()).toEqual(["included"]);
    git(root, "config", "core.excludesFile", join(home, "ignores/own"));
    expect(missing()).toEqual(["own"]);
    git(root, "config", "core.excludesFile", join(home, "ignores/quoted #1"));
    expect(missing()).toEqual(["quoted #1"]);
    git(root, "config", "core.excludesFile", "mine.ignore");
    writeTree(root, { "mine.ignore": "relative.txt\nmine.ignore\n" });
    expect(missing()).toEqual(["relative"]);
    git(root, "config", "core.excludesFile", "");
    expect(missing()).toEqual([]);
    git(root, "config", "--unset", "core.excludesFile");
    vi.stubEnv("GIT_CONFIG_GLOBAL", join(home, "global"));
    writeTree(home, { global: "[core]\nexcludesFile = ~/ignores/home\n" });
    expect(missing()).toEqual(["home"]);
  });

  test("a repository in another one has rules of its own, as in git, but what is worth searching is said from outside", () => {
    const outer = temporaryFolder();
    git(outer, "init", "-q");
    const tree = { "build/a.c": "", "b.log": "", "c.own": "", "d.mine": "", "e.gen": "" };
    writeTree(home, { ".config/git/ignore": "*.mine\n" });
    for (const sub of ["cloned", "plain"]) {
      for (const [path, text] of Object.entries(tree)) writeTree(outer, { [`${sub}/${path}`]: text });
    }
    git(join(outer, "cloned"), "init", "-q");
    writeTree(outer, {
      ".gitignore": "build/\n*.log\n",
      ".git/info/exclude": "*.c\n",
      ".embed-once-ignore": "*.gen\n",
      "cloned/.git/info/exclude": "*.own\n",
    });
    // As submodules and worktrees do: the folder of git lies elsewhere.
    writeTree(outer, { "module/build/a.c": "", "module/c.own": "" });
    git(outer, "init", "-q", `--separate-git-dir=${join(outer, ".git/module")}`, "module");
    expect(files(outer)).toEqual([
      ".embed-once-ignore",
      ".gitignore",
      "cloned/b.log",
      "cloned/build/a.c",
      "module/build/a.c",
      "module/c.own",
      "plain/c.own",
    ]);
    const inside = files(join(outer, "cloned"));
    expect(inside).toEqual(["b.log", "build/a.c", "e.gen"]);
    expect(inside).toEqual(gitFiles(join(outer, "cloned")).sort());
    expect([...walkPath(outer, "cloned/build")].map((step) => "file" in step && step.file.path)).toEqual([
      "cloned/build/a.c",
    ]);
  });

  test("a worktree has the excludes of its repository", () => {
    const main = temporaryFolder();
    const worktree = join(temporaryFolder(), "worktree");
    git(main, "init", "-q");
    git(main, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first");
    git(main, "worktree", "add", "-q", worktree);
    git(main, "config", "core.excludesFile", "~/mine");
    writeTree(home, { mine: "*.mine\n" });
    writeTree(main, { ".git/info/exclude": "*.own\n" });
    writeTree(worktree, { "a.own": "", "b.mine": "", "c.ts": "", "sub/d.own": "" });
    expect(files(worktree)).toEqual(["c.ts"]);
    expect(files(join(worktree, "sub"))).toEqual([]);
    expect(gitFiles(worktree)).toEqual(["c.ts"]);
  });

  test("lets .embed-once-ignore decide before every .gitignore, with nesting and negation of its own", () => {
    const root = temporaryFolder();
    git(root, "init", "-q");
    writeTree(root, {
      ".gitignore": "generated/\n*.log\n",
      ".embed-once-ignore": "fixtures/\n!generated/\n*.snap\n",
      "generated/api.ts": "",
      "generated/api.log": "",
      "fixtures/data.ts": "",
      "src/a.ts": "",
      "src/a.snap": "",
      "src/.gitignore": "!fixtures/\n!a.snap\n",
      "src/fixtures/data.ts": "",
      "src/kept/.embed-once-ignore": "!keep.snap\n/not-me.ts\n",
      "src/kept/keep.snap": "",
      "src/kept/drop.snap": "",
      "src/kept/not-me.ts": "",
      "src/kept/deep/not-me.ts": "",
    });
    expect(files(root).filter((path) => !/ignore$/.test(path))).toEqual([
      "generated/api.ts",
      "src/a.ts",
      "src/kept/deep/not-me.ts",
      "src/kept/keep.snap",
    ]);
  });

  test("honours an .embed-once-ignore outside a git repository, and one above the folder inside one", () => {
    const top = temporaryFolder();
    writeTree(top, { ".embed-once-ignore": "*.sql\n", "part/a.sql": "", "part/b.ts": "" });
    expect(files(top)).toEqual([".embed-once-ignore", "part/b.ts"]);
    expect(files(join(top, "part"))).toEqual(["a.sql", "b.ts"]);
    git(top, "init", "-q");
    expect(files(join(top, "part"))).toEqual(["b.ts"]);
  });

  test("says the same of one place as of the whole folder", () => {
    const root = temporaryFolder();
    git(root, "init", "-q");
    writeTree(root, {
      ".gitignore": "out/\n*.log\n!keep.log\n",
      ".embed-once-ignore": "!out/\nsecret/\n",
      "a.ts": "",
      "out/b.ts": "",
      "out/deep/c.log": "",
      "out/deep/keep.log": "",
      "secret/d.ts": "",
      "node_modules/e/f.ts": "",
      "src/g.ts": "",
      "src/lib/h.min.js": "",
      "src/lib/i.ts": "",
    });
    symlinkSync(join(root, "src"), join(root, "link"));
    const pathOf = (step: WalkStep): string => ("file" in step ? step.file.path : step.path);
    const whole = [...walk(root)];
    const places = [
      ..."a.ts out out/b.ts out/deep out/deep/c.log out/deep/keep.log secret secret/d.ts node_modules/e/f.ts".split(
        " ",
      ),
      ..."src src/lib src/lib/i.ts link link/g.ts .git .git/config gone gone/too a.ts/inside".split(" "),
    ];
    for (const place of places) {
      const expected = whole.filter((step) => pathOf(step) === place || pathOf(step).startsWith(`${place}/`));
      expect([...walkPath(root, place)], place).toEqual(expected);
    }
  });

  test("names every folder that it enters before it lists it", () => {
    const root = temporaryFolder();
    writeTree(root, { ".gitignore": "no/\n", "a/b/c.ts": "", "no/d.ts": "", "node_modules/e.ts": "" });
    const entered: string[] = [];
    const found = files(root, {
      onFolder: (folder) => {
        entered.push(folder);
        // What comes into being now is still found.
        if (folder === join(root, "a")) writeTree(root, { "a/late.ts": "" });
      },
    });
    expect(entered).toEqual([root, join(root, "a"), join(root, "a/b")]);
    expect(found).toContain("a/late.ts");
  });

  test("does not follow symbolic links, out of the folder or in circles", () => {
    const root = temporaryFolder();
    const elsewhere = temporaryFolder();
    writeTree(elsewhere, { "secret.ts": "" });
    writeTree(root, { "real.ts": "" });
    symlinkSync(elsewhere, join(root, "out"));
    symlinkSync(root, join(root, "circle"));
    symlinkSync(join(root, "real.ts"), join(root, "alias.ts"));
    symlinkSync(join(root, "nowhere"), join(root, "broken.ts"));
    expect(files(root)).toEqual(["real.ts"]);
    expect(skips(root).map(([reason]) => reason)).toEqual(["symlink", "symlink", "symlink", "symlink"]);
  });

  test("leaves out lock files, source maps, minified files, large files and pipes, and says why", () => {
    const root = temporaryFolder();
    writeTree(root, {
      "package-lock.json": "{}",
      "a.js.map": "{}",
      "a.min.js": "",
      "at-limit.ts": "x".repeat(100),
      "large.ts": "x".repeat(101),
    });
    const hasPipes = process.platform !== "win32";
    if (hasPipes) execFileSync("mkfifo", [join(root, "pipe")]);
    expect(files(root, { maxFileBytes: 100 })).toEqual(["at-limit.ts"]);
    expect(skips(root, { maxFileBytes: 100 })).toEqual([
      ["generated", "a.js.map"],
      ["minified", "a.min.js"],
      ["too-large", "large.ts"],
      ["generated", "package-lock.json"],
      ...(hasPipes ? [["special", "pipe"]] : []),
    ]);
  });

  test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "reports a folder that cannot be listed, and goes on",
    () => {
      const root = temporaryFolder();
      mkdirSync(join(root, "closed"));
      writeTree(root, { "open.ts": "" });
      chmodSync(join(root, "closed"), 0);
      expect([files(root), skips(root)]).toEqual([["open.ts"], [["unreadable", "closed"]]]);
    },
  );

  test.skipIf(process.platform !== "linux")(
    "reports files and folders whose names are not UTF-8, each by its bytes",
    () => {
      const root = temporaryFolder();
      // The last one is a name like others, not one that could not be read.
      writeTree(root, { "src/größe.ts": "", "src/\uFFFD.ts": "" });
      const named = (bytes: number[], end: string): Buffer =>
        Buffer.concat([Buffer.from(`${root}/src/`), Buffer.from(bytes), Buffer.from(end)]);
      writeFileSync(named([0x62, 0xff], ".ts"), "");
      writeFileSync(named([0x62, 0xfe], ".ts"), "");
      mkdirSync(named([0xc3], ""));
      writeFileSync(named([0xc3], "/inside.ts"), "");
      expect(files(root)).toEqual(["src/größe.ts", "src/\uFFFD.ts"]);
      const expected = ["src/b\\xfe.ts", "src/b\\xff.ts", "src/\\xc3"];
      expect(skips(root)).toEqual(expected.map((path) => ["unreadable", path]));
    },
  );

  test("passes over excluded folders without a word", () => {
    const root = temporaryFolder();
    writeTree(root, { "a.ts": "", "indexes/b.ts": "" });
    expect([files(root, { exclude: [join(root, "indexes")] }), skips(root)]).toEqual([["a.ts"], []]);
  });

  test("gives another stamp to a file with other content, and the same one to an unchanged file", () => {
    const root = temporaryFolder();
    writeTree(root, { "a.ts": "one", "b.ts": "two" });
    const stamps = (): string[] => [...walk(root)].flatMap((step) => ("file" in step ? [step.file.stamp] : []));
    const before = stamps();
    writeTree(root, { "b.ts": "three" });
    const after = stamps();
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });
});
