import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync, renameSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { FRAME_HEADER_BYTES, frameBytes, frameModelId, isSound } from "./entry-frame.ts";
import { removeQuietly } from "./open-marker.ts";

/**
 * A portable pack of records with what identifies them: the magic, then items. An item is one letter, `M` or `E`, and
 *
 * - `M`, a model, before its first entry: id (2 bytes), bytes of the name (2), name as UTF-8, CRC-32 over all of these;
 * - `E`, an entry: a frame as in the log, with a checksum of its own that covers the key.
 *
 * Numbers are little-endian. Whatever does not check is skipped up to the next item that does.
 */
const MAGIC: Buffer = Buffer.from("embed-once pack 2\n");
const MODEL = 0x4d;
const ENTRY = 0x45;
const MODEL_HEADER_BYTES = 5;
const CHECKSUM_BYTES = 4;
const BUFFER_BYTES = 1 << 20;
const MAX_ITEM_BYTES = 16_000_000;

export interface PackEntry {
  frame: Buffer;
  model: string;
}

/**
 * Writes a pack, mode 0600; it appears under its name once it is whole. Nobody can know the name that it has until then, so
 * no file or link lies there already, and several may write to one path: the last one stays.
 * @returns how many entries it holds
 */
export async function writePack(path: string, entries: AsyncIterable<PackEntry>): Promise<number> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.part`;
  const file = openSync(draft, "wx", 0o600);
  try {
    let count: number;
    try {
      count = await writeItems(file, entries);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
    return count;
  } catch (error) {
    removeQuietly(draft);
    throw error;
  }
}

async function writeItems(file: number, entries: AsyncIterable<PackEntry>): Promise<number> {
  const written = new Set<number>();
  let count = 0;
  let chunks: Buffer[] = [MAGIC];
  let bytes = 0;
  const flush = () => {
    const all = Buffer.concat(chunks);
    for (let at = 0; at < all.length; ) at += writeSync(file, all, at);
    chunks = [];
    bytes = 0;
  };
  for await (const { frame, model } of entries) {
    const id = frameModelId(frame);
    if (id !== 0 && !written.has(id)) {
      written.add(id);
      chunks.push(modelItem(id, model));
    }
    chunks.push(Buffer.of(ENTRY), frame);
    bytes += frame.length;
    count++;
    if (bytes >= BUFFER_BYTES) flush();
  }
  flush();
  return count;
}

/**
 * Reads a pack; what is sound is given, and the bytes that are not are counted.
 * @throws where the file is no pack
 */
export function* readPack(path: string, onSkipped: (bytes: number) => void): Generator<PackEntry> {
  const file = openSync(path, "r");
  try {
    const window = new Window(file);
    if (!window.take(MAGIC.length)?.equals(MAGIC)) throw new Error(`${path} is no pack of embed-once`);
    const models = new Map<number, string>();
    for (let kind = window.peek(1)?.[0]; kind !== undefined; kind = window.peek(1)?.[0]) {
      const model = kind === MODEL ? readModel(window) : undefined;
      const frame = kind === ENTRY ? readEntry(window) : undefined;
      if (model) models.set(model.id, model.name);
      else if (frame) yield { frame, model: models.get(frameModelId(frame)) ?? "" };
      else {
        window.take(1);
        onSkipped(1);
      }
    }
  } finally {
    closeSync(file);
  }
}

function modelItem(id: number, name: string): Buffer {
  const bytes = Buffer.from(name);
  const item = Buffer.alloc(MODEL_HEADER_BYTES + bytes.length + CHECKSUM_BYTES);
  item[0] = MODEL;
  item.writeUInt16LE(id, 1);
  item.writeUInt16LE(bytes.length, 3);
  item.set(bytes, MODEL_HEADER_BYTES);
  item.writeUInt32LE(crc32(item.subarray(0, -CHECKSUM_BYTES)), item.length - CHECKSUM_BYTES);
  return item;
}

function readModel(window: Window): { id: number; name: string } | undefined {
  const header = window.peek(MODEL_HEADER_BYTES);
  if (!header) return undefined;
  const length = MODEL_HEADER_BYTES + header.readUInt16LE(3) + CHECKSUM_BYTES;
  const item = window.peek(length);
  if (!item || crc32(item.subarray(0, -CHECKSUM_BYTES)) !== item.readUInt32LE(length - CHECKSUM_BYTES))
    return undefined;
  window.take(length);
  return { id: item.readUInt16LE(1), name: item.toString("utf8", MODEL_HEADER_BYTES, length - CHECKSUM_BYTES) };
}

function readEntry(window: Window): Buffer | undefined {
  const header = window.peek(1 + FRAME_HEADER_BYTES);
  if (!header) return undefined;
  const length = frameBytes(header, 1);
  const item = length > MAX_ITEM_BYTES ? undefined : window.peek(1 + length);
  const frame = item && Buffer.from(item.subarray(1));
  if (!frame || !isSound(frame)) return undefined;
  window.take(1 + length);
  return frame;
}

/** A file read from front to back, with a look ahead. */
class Window {
  readonly #file: number;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(file: number) {
    this.#file = file;
  }

  /** The next bytes, or `undefined` where there are not so many. */
  peek(bytes: number): Buffer | undefined {
    if (this.#buffer.length - this.#at < bytes) this.#fill(bytes);
    return this.#buffer.length - this.#at < bytes ? undefined : this.#buffer.subarray(this.#at, this.#at + bytes);
  }

  take(bytes: number): Buffer | undefined {
    const taken = this.peek(bytes);
    if (taken) this.#at += bytes;
    return taken;
  }

  #fill(bytes: number): void {
    const rest = this.#buffer.subarray(this.#at);
    const buffer = Buffer.alloc(Math.max(BUFFER_BYTES, bytes));
    let filled = rest.copy(buffer);
    for (let read = 1; read > 0 && filled < buffer.length; filled += read) {
      read = readSync(this.#file, buffer, filled, buffer.length - filled, null);
    }
    this.#buffer = buffer.subarray(0, filled);
    this.#at = 0;
  }
}
