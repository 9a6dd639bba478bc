import type { IndexStore } from "../../src/index-store.ts";
import { readQuestion } from "../../src/question.ts";

const ALL = 10_000;

/** All that can be found in an index, in an order that does not depend on its history. */
export function contents(store: IndexStore, words: readonly string[]): unknown {
  const places = (question: string): unknown[] =>
    store
      .matchWords(readQuestion(question).words, ALL)
      .map(({ chunkId, score }) => {
        const { chunkId: _, ...place } = store.places([chunkId])[0]!;
        return { ...place, score };
      })
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { counts: store.counts(), keys: store.vectors.keys().sort(), places: words.map(places) };
}
