import type { IndexStore } from "../../src/index-store.ts";

/** All that can be found in an index, in an order that does not depend on its history. */
export function contents(store: IndexStore, words: readonly string[]): unknown {
  const places = (question: string): unknown[] =>
    store
      .matchWords(question)
      .map(({ chunkId, score }) => ({ ...store.place(chunkId), score }))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { counts: store.counts(), keys: store.vectors.keys().sort(), places: words.map(places) };
}
