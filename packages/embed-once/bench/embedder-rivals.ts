import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Embedder } from "../src/core/embedder.ts";
import { cacheEmbedder } from "../src/embedder/cached-embedder.ts";

/** A cached embedder under test: the same job for all. */
export interface Contestant {
  name: string;
  embed(texts: string[]): Promise<number[][]>;
  close(): Promise<void>;
}

/** Makes a contestant; `directory` is its own and empty. */
export type Open = (base: Embedder, directory: string) => Promise<Contestant>;

const embedOnce: Open = async (base, directory) => {
  const embedder = cacheEmbedder(base, { directory });
  return {
    name: "embed-once",
    embed: async (texts) => (await embedder.createEmbeddings(texts)).embeddings,
    close: () => embedder.close(),
  };
};

/** What anyone could write in some lines: SHA-256, lmdb, float64s as they are. */
const plainLmdb: Open = async (base, directory) => {
  const { open } = await import("lmdb");
  const database = open<Buffer, Buffer>({
    path: join(directory, "plain.lmdb"),
    keyEncoding: "binary",
    encoding: "binary",
  });
  return {
    name: "plain lmdb, raw float64",
    async embed(texts) {
      const keys = texts.map((text) => createHash("sha256").update(text).digest());
      const vectors = keys.map((key) => {
        const stored = database.getBinaryFast(key);
        if (!stored) return undefined;
        const numbers = new Float64Array(stored.buffer.slice(stored.byteOffset, stored.byteOffset + stored.length));
        const vector = new Array<number>(numbers.length);
        for (let i = 0; i < numbers.length; i++) vector[i] = numbers[i]!;
        return vector;
      });
      return fillMissing(base, texts, vectors, async (entries) => {
        const puts = entries.map(([i, vector]) =>
          database.put(keys[i]!, Buffer.from(Float64Array.from(vector).buffer)),
        );
        await Promise.all(puts);
      });
    },
    close: () => database.close(),
  };
};

/** No limit, nothing on disk; whoever asks gets arrays of his own, as from all others. */
const plainMap: Open = async (base) => {
  const cache = new Map<string, number[]>();
  return {
    name: "plain Map",
    embed: (texts) =>
      fillMissing(
        base,
        texts,
        texts.map((text) => cache.get(text)?.slice()),
        async (entries) => {
          for (const [i, vector] of entries) cache.set(texts[i]!, vector.slice());
        },
      ),
    close: async () => {},
  };
};

function langChain(name: string, openStore: (directory: string) => Promise<object>): Open {
  return async (base, directory) => {
    const { CacheBackedEmbeddings } = await load("@langchain/classic/embeddings/cache_backed");
    const underlying = {
      embedDocuments: async (texts: string[]) => (await base.createEmbeddings(texts)).embeddings,
      embedQuery: async (text: string) => (await base.createEmbeddings([text])).embeddings[0],
    };
    const embeddings = CacheBackedEmbeddings.fromBytesStore(underlying, await openStore(directory), { namespace: "m" });
    return { name, embed: (texts) => embeddings.embedDocuments(texts), close: async () => {} };
  };
}

function keyed(name: string, openStore: (directory: string) => Promise<KeyedStore>): Open {
  return async (base, directory) => {
    const store = await openStore(directory);
    return {
      name,
      async embed(texts) {
        const keys = texts.map((text) => createHash("sha256").update(text).digest("hex"));
        return fillMissing(base, texts, await store.getMany(keys), (entries) =>
          store.setMany(entries.map(([i, vector]) => [keys[i]!, vector])),
        );
      },
      close: () => store.close(),
    };
  };
}

interface KeyedStore {
  getMany(keys: string[]): Promise<(number[] | undefined)[]>;
  setMany(entries: [string, number[]][]): Promise<unknown>;
  close(): Promise<void>;
}

/** embed-once first. */
export const contestants: readonly Open[] = [
  embedOnce,
  plainMap,
  plainLmdb,
  langChain("LangChain, InMemoryStore", async () => new (await load("@langchain/core/stores")).InMemoryStore()),
  langChain("LangChain, LocalFileStore", async (directory) =>
    (await load("@langchain/classic/storage/file_system")).LocalFileStore.fromPath(directory),
  ),
  keyed("keyv + @keyv/sqlite", async (directory) => {
    const keyv = await keyvSqlite(directory);
    return {
      getMany: (keys) => keyv.get(keys),
      setMany: (entries) => keyv.setMany(entries.map(([key, value]) => ({ key, value }))),
      close: () => keyv.disconnect(),
    };
  }),
  keyed("cacheable, all in memory", () => cacheable({})),
  keyed("cacheable, 7 MB over sqlite", async (directory) =>
    cacheable({
      primary: (await load("cacheable")).createKeyv({ lruSize: VECTORS_IN_7_MB }),
      secondary: await keyvSqlite(directory),
    }),
  ),
  keyed("bentocache, memory", () => bento("memory", undefined)),
  keyed("bentocache, file", (directory) => bento("file", directory)),
];

/** What embed-once has in memory by default, as arrays of 1,536 numbers. */
const VECTORS_IN_7_MB = 500;

async function cacheable(options: object): Promise<KeyedStore> {
  const cache = new (await load("cacheable")).Cacheable(options);
  return {
    getMany: (keys) => cache.getMany(keys),
    setMany: (entries) => cache.setMany(entries.map(([key, value]) => ({ key, value }))),
    close: () => cache.disconnect(),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: its types are not installed with the workspace
async function keyvSqlite(directory: string): Promise<any> {
  const [{ Keyv }, { default: KeyvSqlite }] = [await load("keyv"), await load("@keyv/sqlite")];
  return new Keyv({ store: new KeyvSqlite({ uri: `sqlite://${join(directory, "keyv.sqlite")}` }) });
}

async function bento(kind: "memory" | "file", directory: string | undefined): Promise<KeyedStore> {
  const { BentoCache, bentostore } = await load("bentocache");
  const layer =
    kind === "memory"
      ? bentostore().useL1Layer((await load("bentocache/drivers/memory")).memoryDriver({ maxItems: 1_000_000 }))
      : bentostore().useL2Layer(
          (await load("bentocache/drivers/file")).fileDriver({ directory, pruneInterval: false }),
        );
  const cache = new BentoCache({ default: "vectors", stores: { vectors: layer } });
  return {
    getMany: (keys) => Promise.all(keys.map((key) => cache.get({ key }))),
    setMany: (entries) => Promise.all(entries.map(([key, value]) => cache.set({ key, value, ttl: "1d" }))),
    close: () => cache.disconnect(),
  };
}

async function fillMissing(
  base: Embedder,
  texts: string[],
  vectors: (number[] | undefined)[],
  store: (entries: [number, number[]][]) => Promise<unknown>,
): Promise<number[][]> {
  const missing = [...vectors.keys()].filter((i) => !vectors[i]);
  if (missing.length > 0) {
    const { embeddings } = await base.createEmbeddings(missing.map((i) => texts[i]!));
    await store(missing.map((i, n) => [i, embeddings[n]!]));
    for (const [n, i] of missing.entries()) vectors[i] = embeddings[n]!;
  }
  return vectors as number[][];
}

/** Rivals have a package.json of their own beside this file, and no types here. */
// biome-ignore lint/suspicious/noExplicitAny: their types are not installed with the workspace
async function load(specifier: string): Promise<any> {
  return import(specifier);
}
