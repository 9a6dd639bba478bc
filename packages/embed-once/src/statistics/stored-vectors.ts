import type { StoredVectors } from "./statistics.ts";

/** What was stored of one model in one number form. */
export interface StoredTally {
  vectors: number;
  /** All of the vectors' numbers together. */
  numbers: number;
  recordBytes: number;
}

/** A model that nobody named is the empty name. */
export interface StoredKind {
  model: string;
  numberForm: string;
}

/** Keeps account of what is stored, by model and number form. */
export class StoredLedger {
  readonly #tallies = new Map<string, StoredKind & StoredTally>();

  add({ model, numberForm }: StoredKind, { vectors, numbers, recordBytes }: StoredTally): void {
    const name = `${numberForm} ${model}`;
    const tally = this.#tallies.get(name) ?? { model, numberForm, vectors: 0, numbers: 0, recordBytes: 0 };
    this.#tallies.set(name, tally);
    tally.vectors += vectors;
    tally.numbers += numbers;
    tally.recordBytes += recordBytes;
  }

  entries(): IterableIterator<Readonly<StoredKind & StoredTally>> {
    return this.#tallies.values();
  }

  total(): StoredVectors {
    return storedVectors([...this.entries()]);
  }

  by(kind: keyof StoredKind): Record<string, StoredVectors> {
    const groups = Object.groupBy(this.entries(), (entry) => entry[kind]);
    return Object.fromEntries(Object.entries(groups).map(([name, tallies]) => [name, storedVectors(tallies!)]));
  }
}

export function storedVectors(tallies: readonly StoredTally[]): StoredVectors {
  const sum = { vectors: 0, numbers: 0, recordBytes: 0 };
  for (const { vectors, numbers, recordBytes } of tallies) {
    sum.vectors += vectors;
    sum.numbers += numbers;
    sum.recordBytes += recordBytes;
  }
  const numberArrayBytes = sum.numbers * Float64Array.BYTES_PER_ELEMENT;
  const float32Bytes = sum.numbers * Float32Array.BYTES_PER_ELEMENT;
  const times = (bytes: number) => (sum.recordBytes === 0 ? null : bytes / sum.recordBytes);
  return {
    vectors: sum.vectors,
    numberArrayBytes,
    float32Bytes,
    recordBytes: sum.recordBytes,
    timesSmallerThanNumberArray: times(numberArrayBytes),
    timesSmallerThanFloat32: times(float32Bytes),
  };
}
