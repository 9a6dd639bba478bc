import { channel } from "node:diagnostics_channel";

/**
 * What is counted, for whoever subscribes through `node:diagnostics_channel`. Where nobody does, it costs the look
 * whether somebody does.
 */
export const CACHE_CHANNEL = "embed-once:cache";
export const EMBEDDER_CHANNEL = "embed-once:embedder";
export const EVENT_CHANNEL = "embed-once:event";

/** Counts by dotted name: what they grew by since the last message. Only what grew is there. */
export type CountsMessage = Record<string, number>;

const channels = {
  cache: channel(CACHE_CHANNEL),
  embedder: channel(EMBEDDER_CHANNEL),
  event: channel(EVENT_CHANNEL),
};

/** Tells counts of one source by what they grew by, so that the sum of all messages is the count. */
export class CountsTeller {
  readonly #channel;
  readonly #about: object;
  readonly #read: () => object;
  #told: CountsMessage = {};

  /**
   * @param about goes along with each message
   * @param read the counts now: numbers, and objects of numbers; other values are passed over
   */
  constructor(name: "cache" | "embedder", about: object, read: () => object) {
    this.#channel = channels[name];
    this.#about = about;
    this.#read = read;
  }

  tell(): void {
    if (!this.#channel.hasSubscribers) return;
    const counts: CountsMessage = {};
    flatten(this.#read(), "", counts);
    const grown: CountsMessage = {};
    for (const [name, count] of Object.entries(counts)) {
      const growth = count - (this.#told[name] ?? 0);
      if (growth > 0) grown[name] = growth;
    }
    this.#told = counts;
    if (Object.keys(grown).length > 0) this.#channel.publish({ ...this.#about, counts: grown });
  }
}

/** Publishes what happened; `make` is called where somebody listens. */
export function tellEvent(make: () => object): void {
  if (channels.event.hasSubscribers) channels.event.publish(make());
}

function flatten(value: object, prefix: string, into: CountsMessage): void {
  for (const [name, part] of Object.entries(value)) {
    if (typeof part === "number") into[prefix + name] = part;
    else if (typeof part === "object" && part !== null) flatten(part, `${prefix}${name}.`, into);
  }
}
