/**
 * A path within the searched folder as the index has it: with `/`, without `.` and empty parts; the folder itself is "".
 *
 * @param name of what the path was given as, for the message
 * @throws TypeError for what is no path, or leads out of the folder
 */
export function readRelativePath(name: string, path: string): string {
  if (typeof path !== "string") throw new TypeError(`${name} must be a path, got ${typeof path}`);
  const parts = path
    .replaceAll("\\", "/")
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  if (/^[\\/]|^[A-Za-z]:/.test(path) || parts.includes("..")) {
    throw new TypeError(`${name} must be relative to the searched folder and lie in it, got ${JSON.stringify(path)}`);
  }
  return parts.join("/");
}
