import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { seededRandom } from "../../embed-once/test/codec/provider-vectors.ts";

const SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo zu".split(" ");

/** Code of so many functions, each with a name that stands nowhere else: `fn` and the file's number and its own. */
export function syntheticSource(file: number, functions: number, random: () => number): string {
  const word = (): string => Array.from({ length: 3 }, () => SYLLABLES[Math.floor(random() ** 2 * 20)]).join("");
  const body = Array.from({ length: functions }, (_, number) => {
    const [a, b, c] = [word(), word(), word()];
    return [
      `/** Takes the ${a} of a ${b} and gives its ${c}. */`,
      `export function fn${file}x${number}(${a}: string, ${b}: number): string {`,
      `  const ${c} = ${a}.slice(${b}).toUpperCase();`,
      `  if (${c}.length > ${number}) throw new RangeError("${word()} ${word()}");`,
      `  return ${c} + ${a};`,
      "}",
    ].join("\n");
  });
  return `${body.join("\n\n")}\n`;
}

/** Writes a tree of source files, 25 to a folder, beside what a repository has that is no source. */
export function writeSyntheticTree(root: string, files: number, functions: number, seed = 1): void {
  const random = seededRandom(seed);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (let file = 0; file < files; file++) {
    const folder = Math.floor(file / 25);
    write(
      `src/part${folder % 20}/group${Math.floor(folder / 20)}/file${file}.ts`,
      syntheticSource(file, functions, random),
    );
  }
  write(".gitignore", "dist/\n*.log\n");
  for (let file = 0; file < files / 10; file++) write(`dist/file${file}.js`, "// built\n");
}
