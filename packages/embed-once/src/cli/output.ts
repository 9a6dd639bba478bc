import { styleText } from "node:util";

export { formatBytes, formatCount, formatTable, plural } from "../statistics/format.ts";

type Stream = NodeJS.WriteStream;
type Style = Parameters<typeof styleText>[0];

/** Where a command writes: results to standard output, everything else to standard error. */
export interface Output {
  /** Whether results are looked at by a person, in colour. */
  readonly color: boolean;
  result(text: string): void;
  /** A result as it is, without an end of line: for programs. */
  rawResult(text: string): void;
  /** A result in place of the last one, where standard output is a terminal; else one after the other. */
  redraw(text: string): void;
  /** A line for people, beside the results. */
  note(text: string): void;
  /** Shows how far a longer job is, where standard error is a terminal. */
  progress(label: string): Progress;
}

export interface Progress {
  update(done: number, total: number): void;
  end(): void;
}

const REDRAW_MS = 80;
const BAR_CELLS = 24;

export function terminalOutput(stdout: Stream = process.stdout, stderr: Stream = process.stderr): Output {
  let isDrawn = false;
  return {
    color: stdout.isTTY && stdout.hasColors(),
    result: (text) => void stdout.write(`${text}\n`),
    rawResult: (text) => void stdout.write(text),
    redraw(text) {
      if (!stdout.isTTY) {
        stdout.write(`${isDrawn ? "\n" : ""}${text}\n`);
      } else {
        const clear = isDrawn ? "" : "\x1b[2J";
        stdout.write(`${clear}\x1b[H${text.replaceAll("\n", "\x1b[K\n")}\x1b[K\n\x1b[J`);
      }
      isDrawn = true;
    },
    note: (text) => void stderr.write(`${paint(stderr, "dim", text)}\n`),
    progress: (label) => (stderr.isTTY ? terminalProgress(stderr, label) : { update: () => {}, end: () => {} }),
  };
}

function terminalProgress(stream: Stream, label: string): Progress {
  const startedMs = performance.now();
  let drawnMs = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    update(done, total) {
      const nowMs = performance.now();
      if (total === 0 || (nowMs - drawnMs < REDRAW_MS && done < total)) return;
      drawnMs = nowMs;
      drawn = true;
      const cells = Math.floor((done / total) * BAR_CELLS);
      const bar = "━".repeat(cells) + paint(stream, "dim", "━".repeat(BAR_CELLS - cells));
      stream.write(`\r\x1b[K${label} ${bar} ${done}/${total}${remaining(nowMs - startedMs, done, total)}`);
    },
    end() {
      if (drawn) stream.write("\r\x1b[K");
      drawn = false;
    },
  };
}

function remaining(elapsedMs: number, done: number, total: number): string {
  if (done === 0 || elapsedMs < 1000) return "";
  const seconds = Math.ceil(((elapsedMs / done) * (total - done)) / 1000);
  return seconds < 60 ? `  ${seconds} s left` : `  ${Math.ceil(seconds / 60)} min left`;
}

function paint(stream: Stream, style: Style, text: string): string {
  return styleText(style, text, { stream });
}
