/** A statement that only brings in names or hands them on, in the usual languages, over several lines where it has them. */
const LISTING_STATEMENT = new RegExp(
  [
    String.raw`(?:import|export)\b[^;()=]*?\bfrom\s*["'][^"'\n]*["'];?`, // JavaScript, TypeScript
    String.raw`import\s*\([^)]*\)`, // Go
    String.raw`from\s+[\w.]+\s+import\s+(?:\([^)]*\)|.*)`, // Python
    String.raw`(?:pub\s+)?use\s[^;]*;`, // Rust, PHP
    String.raw`(?:import|using|package|namespace|require|#\s*include)\b[^\n={]*$`,
    String.raw`(?:pub\s+)?mod\s+\w+;`,
  ]
    .map((statement) => `^[ \\t]*(?:${statement})`)
    .join("|"),
  "gm",
);

/** Whether a text does little but import and export names: it names much and explains nothing. */
export function isListing(text: string): boolean {
  return nonBlankLength(text.replace(LISTING_STATEMENT, "")) < 0.3 * nonBlankLength(text);
}

function nonBlankLength(text: string): number {
  return text.replace(/\s+/g, "").length;
}
