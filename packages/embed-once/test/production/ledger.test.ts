import { describe, expect, test } from "vitest";
import { BATCH, PaymentLedger } from "../../bench/production/ledger.ts";

const names = (count: number) => Array.from({ length: count }, (_, i) => `text ${i}`);

function pay(ledger: PaymentLedger, owner: string, texts: readonly string[], isSent = true): void {
  const request = { atMs: 0, path: "", headers: {}, authorization: `Bearer ${owner}`, body: { input: [], model: "m" } };
  ledger.served({ ...request, texts, vectors: texts.map(() => [1]) }, isSent);
}

describe("the ledger of payments", () => {
  test("takes no offence at texts that are paid once, or whose answer did not arrive", () => {
    const ledger = new PaymentLedger();
    pay(ledger, "a", names(3), false);
    pay(ledger, "b", names(3));
    expect(ledger.verdict()).toMatchObject({ paid: 3, paidTwice: 0, beyond: 0 });
    expect(ledger.requests).toEqual({ whole: 1, failed: 1 });
  });

  test("sees a text that is paid again though nobody was killed", () => {
    const ledger = new PaymentLedger();
    pay(ledger, "a", ["x"]);
    pay(ledger, "b", ["x", "y"]);
    expect(ledger.verdict()).toMatchObject({ paid: 3, paidTwice: 1, beyond: 1 });
  });

  test("grants a kill one batch and no more", () => {
    const ledger = new PaymentLedger();
    pay(ledger, "a", names(BATCH + 2));
    ledger.killed("a");
    pay(ledger, "b", names(BATCH));
    expect(ledger.verdict()).toMatchObject({ paidTwice: BATCH, beyond: 0 });
    pay(ledger, "b", names(BATCH + 2).slice(BATCH));
    expect(ledger.verdict()).toMatchObject({ paidTwice: BATCH + 2, beyond: 2 });
  });

  test("grants a kill nothing of what had been acknowledged", () => {
    const ledger = new PaymentLedger();
    pay(ledger, "a", names(3));
    ledger.acknowledged(["text 1"]);
    ledger.killed("a");
    pay(ledger, "b", names(3));
    expect(ledger.verdict()).toMatchObject({ paidTwice: 3, beyond: 1 });
  });
});
