import { readFile } from "node:fs/promises";
import type { Clock } from "./clock.ts";

/** Cents, so that sums are exact. */
type Cents = number;

const MAX_LINES = 200;
const VAT = { standard: 0.19, reduced: 0.07 };

export interface OrderLine {
  article: string;
  quantity: number;
  price: Cents;
}

/** What a shop calls an order before it is paid: lines, a customer and the moment when it was opened. */
export class Basket {
  readonly #lines: OrderLine[] = [];
  readonly #clock: Clock;
  readonly openedAt: Date;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.openedAt = clock.now();
  }

  /**
   * Adds an article, or more of one that is there already.
   *
   * @throws RangeError where the basket is full or the quantity is no whole number of at least 1
   */
  add(article: string, quantity: number, price: Cents): void {
    if (!Number.isInteger(quantity) || quantity < 1) {
      throw new RangeError(`quantity must be an integer of at least 1, got ${quantity}`);
    }
    const known = this.#lines.find((line) => line.article === article && line.price === price);
    if (known !== undefined) {
      known.quantity += quantity;
      return;
    }
    if (this.#lines.length === MAX_LINES) throw new RangeError(`a basket holds at most ${MAX_LINES} lines`);
    this.#lines.push({ article, quantity, price });
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  total(): Cents {
    return this.#lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
  }

  /** How long the customer has been thinking, in minutes. */
  ageMinutes = (): number => {
    return (this.#clock.now().getTime() - this.openedAt.getTime()) / 60_000;
  };

  @logged
  clear(): void {
    this.#lines.length = 0;
  }
}

export const withTax = (net: Cents, rate: keyof typeof VAT): Cents => Math.round(net * (1 + VAT[rate]));

/** Reads orders as the old shop wrote them: one line an order, fields parted by semicolons, prices with a comma. */
export async function readLegacyOrders(path: string): Promise<OrderLine[]> {
  const text = await readFile(path, "latin1");
  const orders: OrderLine[] = [];
  for (const [index, line] of text.split("\r\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const [article, quantity, price] = line.split(";");
    if (article === undefined || quantity === undefined || price === undefined) {
      throw new SyntaxError(`${path}, line ${index + 1}: expected three fields, got ${JSON.stringify(line)}`);
    }
    orders.push({ article, quantity: Number(quantity), price: Math.round(100 * Number(price.replace(",", "."))) });
  }
  return orders;
}

function logged(target: unknown, context: ClassMethodDecoratorContext): void {
  context.addInitializer(() => void target);
}
