interface Node<Value> {
  readonly key: string;
  value: Value;
  bytes: number;
  visited: boolean;
  newer: Node<Value> | undefined;
  older: Node<Value> | undefined;
}

/**
 * A byte-bounded map with SIEVE eviction (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024): a hit only sets a
 * bit; the hand walks from the oldest entry to the newest, spares each visited one once, and evicts the first that was
 * not visited since it last came by. One scan of new entries therefore does not flush what is hot.
 */
export class SieveMap<Value> {
  readonly #maxBytes: number;
  readonly #onEvict: (key: string, value: Value) => void;
  readonly #nodes = new Map<string, Node<Value>>();
  #newest: Node<Value> | undefined;
  #oldest: Node<Value> | undefined;
  #hand: Node<Value> | undefined;
  #usedBytes = 0;
  #evictions = 0;

  /** @param onEvict is told of each entry that leaves for want of room; it must not call this map */
  constructor(maxBytes: number, onEvict: (key: string, value: Value) => void = () => {}) {
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get evictions(): number {
    return this.#evictions;
  }

  get(key: string): Value | undefined {
    const node = this.#nodes.get(key);
    if (!node) return undefined;
    node.visited = true;
    return node.value;
  }

  /** @param bytes what the entry costs in all; an entry larger than the whole budget is not kept */
  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    if (bytes > this.#maxBytes) {
      this.#evictions++;
      this.#onEvict(key, value);
      return;
    }
    while (this.#usedBytes + bytes > this.#maxBytes) this.#evict();
    const node: Node<Value> = { key, value, bytes, visited: false, newer: undefined, older: this.#newest };
    if (this.#newest) this.#newest.newer = node;
    this.#newest = node;
    this.#oldest ??= node;
    this.#nodes.set(key, node);
    this.#usedBytes += bytes;
  }

  delete(key: string): boolean {
    const node = this.#nodes.get(key);
    if (node) this.#remove(node);
    return node !== undefined;
  }

  clear(): void {
    this.#nodes.clear();
    this.#newest = this.#oldest = this.#hand = undefined;
    this.#usedBytes = 0;
  }

  #evict(): void {
    let node = this.#hand ?? this.#oldest!;
    while (node.visited) {
      node.visited = false;
      node = node.newer ?? this.#oldest!;
    }
    this.#hand = node;
    this.#remove(node);
    this.#evictions++;
    this.#onEvict(node.key, node.value);
  }

  #remove(node: Node<Value>): void {
    if (this.#hand === node) this.#hand = node.newer;
    if (node.newer) node.newer.older = node.older;
    else this.#newest = node.older;
    if (node.older) node.older.newer = node.newer;
    else this.#oldest = node.newer;
    this.#nodes.delete(node.key);
    this.#usedBytes -= node.bytes;
  }
}
