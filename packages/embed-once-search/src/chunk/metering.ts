/** The export of a metered module that says how many calls it has left: a mutable global, 32 bits without a sign. */
export const CALLS_LEFT = "calls_left";

/** At first, and while nobody counts. */
export const MOST_CALLS = 0xffff_ffff;

// Numbers of the binary format: https://webassembly.github.io/spec/core/binary/
const HEADER_BYTES = 8;
const SECTION = { import: 2, global: 6, export: 7, code: 10 } as const;
const IMPORTED = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;
const EXPORTED_GLOBAL = 3;
const I32 = 0x7f;
const MUTABLE = 1;
const MINUS_ONE = 0x7f;
const OP = {
  unreachable: 0x00,
  if: 0x04,
  withoutResult: 0x40,
  end: 0x0b,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32Sub: 0x6b,
} as const;

interface Section {
  id: number;
  /** With its head. */
  whole: Uint8Array;
  content: Uint8Array;
}

type Bytes = Uint8Array | readonly number[];

/**
 * The same module, but it counts its calls down and traps where none is left: a bound of its effort that every machine
 * reaches at the same step, whatever the module is doing.
 *
 * The counter is a global after all others and each function begins with the counting, so that no number of anything in
 * the module changes.
 *
 * @throws Error for what is no module with imports, globals, exports and code
 */
export function metered(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(module);
  const contentOf = (id: number): Uint8Array => {
    const section = sections.find((each) => each.id === id);
    if (section === undefined) throw new Error(`Expected a WebAssembly module with a section ${id}, got none`);
    return section.content;
  };
  const counter = countImportedGlobals(contentOf(SECTION.import)) + new Reader(contentOf(SECTION.global)).number();
  const name = new TextEncoder().encode(CALLS_LEFT);
  const changed = new Map<number, Uint8Array<ArrayBuffer>>([
    [SECTION.global, withEntry(contentOf(SECTION.global), [I32, MUTABLE, OP.i32Const, MINUS_ONE, OP.end])],
    [
      SECTION.export,
      withEntry(contentOf(SECTION.export), [...leb(name.length), ...name, EXPORTED_GLOBAL, ...leb(counter)]),
    ],
    [SECTION.code, countingCode(contentOf(SECTION.code), counter)],
  ]);
  return concat([
    module.subarray(0, HEADER_BYTES),
    ...sections.flatMap(({ id, whole }): Bytes[] => {
      const content = changed.get(id);
      return content === undefined ? [whole] : [[id], leb(content.length), content];
    }),
  ]);
}

function readSections(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  const reader = new Reader(module, HEADER_BYTES);
  while (!reader.isAtEnd) {
    const start = reader.at;
    const id = reader.byte();
    const content = reader.bytes(reader.number());
    sections.push({ id, whole: module.subarray(start, reader.at), content });
  }
  return sections;
}

/** Imported globals come first in the numbering of all. */
function countImportedGlobals(imports: Uint8Array): number {
  const reader = new Reader(imports);
  let globals = 0;
  for (let left = reader.number(); left > 0; left--) {
    reader.bytes(reader.number()); // whose
    reader.bytes(reader.number()); // its name
    const kind = reader.byte();
    if (kind === IMPORTED.tag || kind === IMPORTED.table) reader.byte();
    if (kind === IMPORTED.function || kind === IMPORTED.tag) reader.number();
    if (kind === IMPORTED.table || kind === IMPORTED.memory) {
      const hasMost = (reader.byte() & 1) === 1;
      reader.number();
      if (hasMost) reader.number();
    }
    if (kind === IMPORTED.global) {
      reader.bytes(2);
      globals++;
    }
  }
  return globals;
}

/** A section that is a list, with one more at its end. */
function withEntry(list: Uint8Array, entry: Bytes): Uint8Array<ArrayBuffer> {
  const reader = new Reader(list);
  return concat([leb(reader.number() + 1), reader.rest(), entry]);
}

/** Each function body is its size, its local variables by type, and its instructions. */
function countingCode(code: Uint8Array, counter: number): Uint8Array<ArrayBuffer> {
  const global = leb(counter);
  const counting = [
    ...[OP.globalGet, ...global, OP.i32Eqz, OP.if, OP.withoutResult, OP.unreachable, OP.end],
    ...[OP.globalGet, ...global, OP.i32Const, 1, OP.i32Sub, OP.globalSet, ...global],
  ];
  const reader = new Reader(code);
  const count = reader.number();
  const parts: Bytes[] = [leb(count)];
  for (let left = count; left > 0; left--) {
    const body = reader.bytes(reader.number());
    const head = new Reader(body);
    for (let locals = head.number(); locals > 0; locals--) {
      head.number();
      head.byte();
    }
    parts.push(leb(body.length + counting.length), body.subarray(0, head.at), counting, head.rest());
  }
  return concat(parts);
}

/** A number in LEB128, as all of the format's are. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

function concat(parts: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    return this.bytes(1)[0]!;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  bytes(length: number): Uint8Array {
    this.at += length;
    if (this.at > this.#bytes.length) throw new Error("The WebAssembly module ends within a section");
    return this.#bytes.subarray(this.at - length, this.at);
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.at);
  }
}
