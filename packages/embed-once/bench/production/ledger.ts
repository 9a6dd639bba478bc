import type { ServedRequest } from "../../src/testing/provider-server.ts";

/** Most texts of one request of every process here: what one kill may cost. */
export const BATCH = 64;

interface Payment {
  /** Which life of which process asked. */
  owner: string;
  text: string;
}

export interface PaymentVerdict {
  /** Texts that were answered in whole, each counted as often as that happened. */
  paid: number;
  /** Of these, those that had been paid before. */
  paidTwice: number;
  /** Of these, those that no kill explains, or more than one batch a kill. */
  beyond: number;
  /** Some of them, for whoever looks for the reason. */
  examples: string[];
}

/**
 * Knows which text was answered in whole, to whom, and who was killed. A text may be paid again when whoever got it was
 * killed before it could be stored: so not once it was acknowledged, and not more than a batch a kill.
 */
export class PaymentLedger {
  readonly #last = new Map<string, Payment>();
  readonly #killed = new Set<string>();
  readonly #acknowledged = new Set<string>();
  readonly #again: Payment[] = [];
  readonly #examples: string[] = [];
  #paid = 0;
  #acknowledgedAgain = 0;
  /** Requests by whether they were answered in whole. */
  readonly requests = { whole: 0, failed: 0 };

  /** Takes a request that the server is done with. */
  served({ authorization = "", texts, vectors }: ServedRequest, isSent: boolean): void {
    if (!isSent || vectors === undefined) {
      this.requests.failed++;
      return;
    }
    this.requests.whole++;
    const owner = authorization.replace(/^Bearer /, "");
    for (const text of texts) {
      this.#paid++;
      const before = this.#last.get(text);
      if (before) this.#again.push(before);
      if (this.#acknowledged.has(text)) {
        this.#acknowledgedAgain++;
        this.#example(owner, text, "after it was acknowledged");
      }
      this.#last.set(text, { owner, text });
    }
  }

  killed(owner: string): void {
    this.#killed.add(owner);
  }

  /** Somebody was given the text's vector, and it is stored. */
  acknowledged(texts: readonly string[]): void {
    for (const text of texts) this.#acknowledged.add(text);
  }

  get acknowledgedTexts(): readonly string[] {
    return [...this.#acknowledged];
  }

  get kills(): number {
    return this.#killed.size;
  }

  verdict(): PaymentVerdict {
    const byKill = new Map<string, number>();
    let beyond = this.#acknowledgedAgain;
    for (const { owner, text } of this.#again) {
      if (this.#killed.has(owner)) byKill.set(owner, (byKill.get(owner) ?? 0) + 1);
      else {
        beyond++;
        this.#example(owner, text, "though it was not killed");
      }
    }
    for (const [owner, texts] of byKill) {
      if (texts > BATCH) this.#examples.push(`${texts} texts of ${owner}, which was killed once`);
      beyond += Math.max(0, texts - BATCH);
    }
    return { paid: this.#paid, paidTwice: this.#again.length, beyond, examples: this.#examples.slice(0, 5) };
  }

  #example(owner: string, text: string, why: string): void {
    this.#examples.push(`${JSON.stringify(text.slice(0, 60))}, paid by ${owner} ${why}`);
  }
}
