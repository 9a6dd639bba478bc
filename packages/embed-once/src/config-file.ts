import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type ConfigurationFile, parseConfigurationFile } from "./config.ts";
import { ConfigurationError } from "./core/errors.ts";

/** A project's settings: data, no program, because a folder that was cloned must not run anything by being looked at. */
const FILE_NAME = "embed-once.config.json";
/** More than a thousand times what anybody needs. */
const MAX_BYTES = 65_536;

/**
 * Finds and reads the configuration file of a project: the nearest `embed-once.config.json` in the folder or one above
 * it, up to the top of its git repository; outside a repository, in the folder alone. It may be somebody else's, see
 * `ConfigurationFile` for what it may say. The library reads it only where it is asked to, by this function.
 * @throws ConfigurationError in one line, with the path, for a file that cannot be read or says what it may not, and for
 * one of another ending (`embed-once.config.js` …), which is never read
 */
export function loadConfiguration(directory: string = process.cwd()): ConfigurationFile | undefined {
  for (const folder of searchedFolders(resolve(directory))) {
    const names = namesIn(folder).filter((name) => /^embed-once\.config\.\w+$/.test(name));
    if (names.includes(FILE_NAME))
      return parseConfigurationFile(join(folder, FILE_NAME), read(folder, FILE_NAME), false);
    if (names.length > 0) {
      throw new ConfigurationError(
        `${join(folder, names[0]!)} is not read: settings are data, in a file named ${FILE_NAME}`,
      );
    }
  }
  return undefined;
}

/**
 * Reads the configuration file that the user names, whatever its name, and takes it for the user's own: it may also
 * name servers, budgets and the cache's directory (relative to the file). Keys may stand in no file.
 * @throws ConfigurationError in one line, with the path, for a file that cannot be read or says what it may not
 */
export function loadConfigurationFile(path: string): ConfigurationFile {
  const absolute = resolve(path);
  return parseConfigurationFile(absolute, read(absolute), true);
}

function read(...parts: string[]): string {
  const path = join(...parts);
  let size: number;
  try {
    const status = statSync(path);
    // A pipe would be waited for, a device read for ever.
    if (!status.isFile()) throw new ConfigurationError(`${path} is no file`);
    size = status.size;
    if (size <= MAX_BYTES) return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  throw new ConfigurationError(`${path} has ${size} bytes, expected at most ${MAX_BYTES}`);
}

/** The folder and those above it up to the repository's top; without a repository what lies above is none of its business. */
function searchedFolders(directory: string): string[] {
  const folders: string[] = [];
  for (let folder = directory; ; folder = dirname(folder)) {
    folders.push(folder);
    if (existsSync(join(folder, ".git"))) return folders;
    if (dirname(folder) === folder) return [directory];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Without the right to list it there is nothing to find.
    return [];
  }
}
