/** What may be in a packed package, what must be, and how much it may be; `npm run check:packages` holds the tarballs to it. */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** As `npm pack --json` tells it. */
export interface Packed {
  name: string;
  filename: string;
  size: number;
  unpackedSize: number;
  files: readonly { path: string }[];
}

interface Bounds {
  /** Every file matches one of these. */
  allowed: readonly RegExp[];
  maxBytes: number;
  maxUnpackedBytes: number;
}

const PAPERS = ["LICENSE", "README.md", "THIRD-PARTY-NOTICES.md", "package.json"];
/** Source maps lead into `src`, and so does whoever reads the comments. */
const CODE = [/^dist\/.+\.(js|js\.map|d\.ts)$/, /^src\/.+\.ts$/];

export const BOUNDS: Readonly<Record<string, Bounds>> = {
  "embed-once": {
    allowed: [...CODE, /^bin\/embed-once\.js$/],
    maxBytes: 550_000,
    maxUnpackedBytes: 2_100_000,
  },
  "embed-once-search": {
    allowed: [...CODE, /^grammars\/[a-z-]+\.wasm\.zst$/],
    maxBytes: 2_100_000,
    maxUnpackedBytes: 2_800_000,
  },
};

/** Tests and benchmarks, wherever they lie. `src/testing` is none: it is the subpath `embed-once/testing`. */
const NEVER = /(^|\/)(test|bench|golden)\/|\.test\./;

/**
 * @param folder where the packed files lie unpacked, too
 * @returns what is wrong, a line each
 */
export function contentFaults({ name, files }: Packed, folder: string): string[] {
  const paths = new Set(files.map(({ path }) => path));
  const { allowed } = BOUNDS[name]!;
  const isAllowed = (path: string): boolean =>
    PAPERS.includes(path) || (!NEVER.test(path) && allowed.some((pattern) => pattern.test(path)));
  return [
    ...PAPERS.filter((path) => !paths.has(path)).map((path) => `${path} is missing`),
    ...[...paths].filter((path) => !isAllowed(path)).map((path) => `${path} does not belong here`),
    ...[...paths].flatMap((path) => deadEnds(path, paths, folder)),
  ];
}

/** Source maps that are not there, and sources that a map names and that are not there. */
function deadEnds(path: string, paths: ReadonlySet<string>, folder: string): string[] {
  const read = (): string => readFileSync(join(folder, path), "utf8");
  const besides = (name: string): string => posix.join(posix.dirname(path), name);
  if (/^dist\/.*\.js$/.test(path)) {
    const map = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(read())?.[1];
    return map === undefined || paths.has(besides(map)) ? [] : [`${path} names ${map}, which is not packed`];
  }
  if (!path.endsWith(".map")) return [];
  const { sources } = JSON.parse(read()) as { sources: string[] };
  const missing = sources.map(besides).filter((source) => !paths.has(source));
  return missing.map((source) => `${path} leads to ${source}, which is not packed`);
}
