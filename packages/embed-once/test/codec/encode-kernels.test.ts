import { expect, test } from "vitest";
import { type EncoderMemory, encoderMemory } from "../../src/codec/encoder-memory.ts";
import {
  codesAt,
  EIGHTHS_AT,
  PRECISIONS_AT,
  STATES_AT,
  SUMMARY_AT,
  TOLD_AT,
  WIDTHS_AT,
} from "../../src/codec/kernel-layout.ts";
import { kernels, reserveMemory } from "../../src/codec/kernel-module.ts";
import { ZERO_EXPONENT } from "../../src/codec/octave-coder.ts";
import { OCTAVES, octaveTable, SYMBOLS, symbolOf, TABLES, ZERO_SYMBOL } from "../../src/codec/octave-tables.ts";
import { STRUCTURES, seededRandom, structured } from "./provider-vectors.ts";

const SEED = 161_803;
const DIMENSIONS = [1, 2, 3, 4, 5, 7, 40, 257, 511, 512, 515, 1024];
const EXTREMES = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, -3e38, 1e-40, -2e-45, 1e300, 0.1];

/** The encoder's arrays with a vector in them, extremes at both ends, and its length. */
function* loaded(): Generator<{ memory: EncoderMemory; count: number; random: () => number }> {
  const random = seededRandom(SEED);
  for (const structure of STRUCTURES) {
    for (const count of DIMENSIONS) {
      const values = structured(structure, count, random);
      for (const extremes of [false, true]) {
        const memory = encoderMemory(count);
        // What lies behind the vector must not matter.
        memory.exact.fill(Number.NaN);
        memory.float32s.fill(1.1);
        memory.exact.set(values);
        if (extremes) for (const [i, value] of EXTREMES.entries()) memory.exact[(i * 7) % count] = value;
        kernels().narrow(memory.exact.byteOffset, memory.float32s.byteOffset, count);
        yield { memory, count, random };
      }
    }
  }
}

const firsts = <Row extends { subarray(from: number, to: number): Row }>(row: Row, count: number): number[] =>
  Array.from(row.subarray(0, count) as unknown as ArrayLike<number>);

test("narrow rounds to float32 and counts what that changes", () => {
  for (const { memory, count } of loaded()) {
    const exact = firsts(memory.exact, count);
    const changed = kernels().narrow(memory.exact.byteOffset, memory.float32s.byteOffset, count);
    expect(firsts(memory.float32s, count)).toEqual(exact.map(Math.fround));
    expect(changed).toBe(exact.filter((value) => Math.fround(value) !== value).length);
  }
});

test("countUnequal and countDifferent count what they say", () => {
  for (const { memory, count, random } of loaded()) {
    const { exact, decoded, float32s, predicted } = memory;
    decoded.set(exact);
    predicted.set(float32s);
    for (let i = 0; i < count; i++) {
      if (random() < 0.3) decoded[i] = random();
      predicted[i] = random() < 0.3 ? random() : -float32s[i]!;
    }
    let unequal = 0;
    let different = 0;
    for (let i = 0; i < count; i++) {
      if (exact[i] !== decoded[i]) unequal++;
      if (((memory.float32Bits[i]! ^ memory.predictedBits[i]!) & 0x7fffffff) !== 0) different++;
    }
    expect(kernels().countUnequal(exact.byteOffset, decoded.byteOffset, count)).toBe(unequal);
    expect(kernels().countDifferent(float32s.byteOffset, predicted.byteOffset, count)).toBe(different);
  }
});

test("countPrecisions counts the significand bits that values need", () => {
  for (const { memory, count } of loaded()) {
    const wanted = new Array<number>(25).fill(0);
    for (let i = 0; i < count; i++) {
      const fraction = memory.float32Bits[i]! & 0x7fffff;
      wanted[fraction === 0 ? 1 : 24 - (31 - Math.clz32(fraction & -fraction))]!++;
    }
    kernels().countPrecisions(memory.float32s.byteOffset, count, PRECISIONS_AT);
    expect(firsts(reserveMemory(0).int32s.subarray(PRECISIONS_AT / 4), 25)).toEqual(wanted);
  }
});

test("sumMagnitudes adds up", () => {
  for (const { memory, count } of loaded()) {
    const wanted = firsts(memory.float32s, count).reduce((sum, value) => sum + Math.abs(value), 0);
    const sum = kernels().sumMagnitudes(memory.float32s.byteOffset, count);
    if (Number.isFinite(wanted)) expect(Math.abs(sum - wanted)).toBeLessThanOrEqual(1e-12 * wanted);
    else expect(sum).toBe(wanted);
  }
});

test("countRepeats finds values that stood before, and runs of them", () => {
  for (const { memory, count, random } of loaded()) {
    const { exactWords, lastSeen } = memory;
    for (const stride of [1, 2]) {
      for (let i = 0; i < stride * count; i++) exactWords[i] = random() * 40;
      const seen = new Map<number, number>();
      let alone = 0;
      let inRow = 0;
      let followed = -2;
      for (let i = 0; i < count; i++) {
        const word = exactWords[stride * i]!;
        const earlier = seen.get(word);
        if (earlier !== undefined) {
          alone++;
          if (earlier === followed + 1) inRow++;
        }
        followed = earlier ?? -2;
        seen.set(word, i);
      }
      kernels().countRepeats(exactWords.byteOffset, count, stride, lastSeen.byteOffset, SUMMARY_AT);
      // Of 40 different words none share one of its 4,096 slots, with this hash.
      expect(firsts(reserveMemory(0).int32s.subarray(SUMMARY_AT / 4), 2)).toEqual([alone, inRow]);
    }
  }
});

test("nextMultiple stops at each k that makes an integer, and nowhere else", () => {
  const random = seededRandom(SEED);
  for (let round = 0; round < 500; round++) {
    const low = 2 ** Math.floor(1 + random() * 11);
    const high = 2 * low;
    const [ratio, reach] = [0.5 + 1.5 * random(), random() * 2 ** -12];
    const wanted: number[] = [];
    for (let k = low; k < high; k++) {
      let multiple = k * ratio;
      if (multiple >= high) multiple /= 2;
      else if (multiple < low) multiple *= 2;
      if (Math.abs(multiple - Math.round(multiple)) <= multiple * reach) wanted.push(k);
    }
    const found: number[] = [];
    for (let k = low; k < high; k++) {
      k = kernels().nextMultiple(k, low, high, ratio, reach);
      if (k < high) found.push(k);
    }
    expect(found).toEqual(wanted);
  }
});

test("nextBeyond stops at each value that the scales do not give, and nowhere else", () => {
  for (const { memory, count, random } of loaded()) {
    const { float32s, float32Bits } = memory;
    const scale = 1 + random();
    const [perScale, splitter, middle, reach] = [1 / scale, 2 ** 42 + 1, scale, scale * 2 ** -26];
    for (const rounding of [0, 5e-10]) {
      const wanted: number[] = [];
      for (let i = 0; i < count; i++) {
        const magnitude = Math.abs(float32s[i]!);
        const field = (float32Bits[i]! >>> 23) & 255;
        // Zeros and subnormals have no step here.
        const halfStep = field === 255 ? Number.POSITIVE_INFINITY : field === 0 ? 0 : 2 ** (field - 151);
        const tolerance = rounding < halfStep ? halfStep : 2 * halfStep + rounding;
        const split = magnitude * perScale * splitter;
        const grid = split - (split - magnitude * perScale);
        if (!(Math.abs(magnitude - grid * middle) + grid * reach <= tolerance)) wanted.push(i);
      }
      const found: number[] = [];
      for (let i = 0; i < count; i++) {
        i = kernels().nextBeyond(float32s.byteOffset, i, count, perScale, splitter, middle, reach, rounding);
        if (i < count) found.push(i);
      }
      expect(found).toEqual(wanted);
    }
  }
});

test("placeOnGrid rounds to the grid and counts what has no place there", () => {
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (const { memory, count, random } of loaded()) {
    const { float32s, gridValues, exponents, fractions } = memory;
    const [scale, divisor, precision] = [1 + random(), 1 + Math.floor(random() * 3), 1 + Math.floor(random() * 24)];
    let wantedLost = 0;
    const wanted: [bits: number, exponent: number, fraction: number][] = [];
    for (let i = 0; i < count; i++) {
      float[0] = Math.abs((float32s[i]! * divisor) / scale);
      let h = bits[0]!;
      if (h >= 0x7f800000 || h < 0x00800000) h = 0;
      const dropped = 24 - precision;
      h = dropped === 0 ? h : (h + (1 << (dropped - 1))) & (-1 << dropped);
      if (h === 0 && float32s[i] !== 0) wantedLost++;
      wanted.push([h, h === 0 ? ZERO_EXPONENT : (h >>> 23) - 127, (h << 9) >>> 0]);
    }
    const lost = kernels().placeOnGrid(
      float32s.byteOffset,
      count,
      divisor,
      scale,
      24 - precision,
      gridValues.byteOffset,
      exponents.byteOffset,
      fractions.byteOffset,
    );
    expect(lost).toBe(wantedLost);
    expect(wanted.map((_, i) => [memory.gridBits[i], exponents[i], fractions[i]])).toEqual(wanted);
  }
});

/** Random exponents and fractions, zeros among them. */
function scatter({ exponents, fractions, lowFractions }: EncoderMemory, count: number, random: () => number): void {
  for (let i = 0; i < count; i++) {
    exponents[i] = random() < 0.05 ? ZERO_EXPONENT : Math.floor(random() * 30) - 25;
    fractions[i] = random() * 2 ** 32;
    lowFractions[i] = random() * 2 ** 32;
  }
}

test("countEighths counts the eighths of octaves", () => {
  for (const { memory, count, random } of loaded()) {
    const { exponents, fractions, eighthCounts } = memory;
    scatter(memory, count, random);
    const cells: number[] = [];
    for (let i = 0; i < count; i++) {
      if (exponents[i] !== ZERO_EXPONENT) cells.push(8 * (exponents[i]! + 100) + (fractions[i]! >>> 29));
    }
    const { countEighths } = kernels();
    countEighths(exponents.byteOffset, fractions.byteOffset, count, -100, eighthCounts.byteOffset, SUMMARY_AT);
    const summary = firsts(reserveMemory(0).int32s.subarray(SUMMARY_AT / 4), 3);
    const [lowest, highest] = cells.length === 0 ? [2 ** 31 - 1, -1] : [Math.min(...cells), Math.max(...cells)];
    expect(summary).toEqual([lowest, highest, count - cells.length]);
    for (const cell of cells) eighthCounts[cell]!--;
    expect(eighthCounts.every((number) => number === 0)).toBe(true);
  }
});

test("nameSymbols gives each value its octave's symbol", () => {
  for (const { memory, count, random } of loaded()) {
    const { exponents, fractions, symbols } = memory;
    scatter(memory, count, random);
    let wantedBeyond = 0;
    const wanted: number[] = [];
    for (let i = 0; i < count; i++) {
      const depth = 3 - exponents[i]!;
      const isReached = depth >= 0 && depth < OCTAVES;
      wanted.push(isReached ? symbolOf(depth, fractions[i]! >>> 29) : ZERO_SYMBOL);
      if (!isReached && exponents[i] !== ZERO_EXPONENT) wantedBeyond++;
    }
    const { nameSymbols } = kernels();
    const [exponentsAt, fractionsAt] = [exponents.byteOffset, fractions.byteOffset];
    const beyond = nameSymbols(
      exponentsAt,
      fractionsAt,
      count,
      3,
      OCTAVES,
      EIGHTHS_AT,
      ZERO_SYMBOL,
      symbols.byteOffset,
    );
    expect(beyond).toBe(wantedBeyond);
    expect(firsts(symbols, count)).toEqual(wanted);
  }
});

test("encodeRawBits writes signs and low bits, lowest first", () => {
  for (const { memory, count, random } of loaded()) {
    const { exactWords, fractions, lowFractions, symbols, output } = memory;
    scatter(memory, count, random);
    const { bytes } = reserveMemory(0);
    for (const [isLowZero, widest] of [
      [false, 52],
      [true, 52],
      [true, 23],
    ] as const) {
      for (let symbol = 0; symbol < SYMBOLS; symbol++) {
        bytes[TOLD_AT + symbol] = random() < 0.5 ? 3 : 0;
        bytes[WIDTHS_AT + symbol] = Math.floor(random() * (widest + 1));
      }
      let stream = "";
      for (let i = 0; i < count; i++) {
        symbols[i] = random() * SYMBOLS;
        const fraction = (BigInt(fractions[i]!) << 32n) | (isLowZero ? 0n : BigInt(lowFractions[i]!));
        const told = bytes[TOLD_AT + symbols[i]!]!;
        const width = bytes[WIDTHS_AT + symbols[i]!]!;
        const field = fraction
          .toString(2)
          .padStart(64, "0")
          .slice(told, told + width);
        stream += (exactWords[2 * i + 1]! >>> 31) + [...field].reverse().join("");
      }
      const wanted = stream.match(/.{1,8}/g)!.map((byte) => Number.parseInt([...byte].reverse().join(""), 2));
      const end = kernels().encodeRawBits(
        memory.exact.byteOffset,
        fractions.byteOffset,
        isLowZero ? 0 : lowFractions.byteOffset,
        symbols.byteOffset,
        TOLD_AT,
        WIDTHS_AT,
        widest,
        count,
        output.byteOffset,
      );
      expect(firsts(output, end - output.byteOffset)).toEqual(wanted);
    }
  }
});

test("encodeSymbols is rANS with exact quotients", () => {
  for (const { memory, count, random } of loaded()) {
    const { symbols, output } = memory;
    const { int32s } = reserveMemory(0);
    const table = Math.floor(random() * TABLES);
    const { frequencies, starts } = octaveTable(table);
    for (let i = 0; i < count; i++) symbols[i] = random() * SYMBOLS;
    for (const lanes of [1, 4]) {
      const states = Array.from({ length: lanes }, () => 0x10000 + Math.floor(random() * 0x10000));
      for (const [lane, state] of states.entries()) int32s[STATES_AT / 4 + lane] = state;
      const words: number[] = [];
      for (let i = count - 1; i >= 0; i--) {
        const frequency = frequencies[symbols[i]!]!;
        let state = states[i % lanes]!;
        if (state >= frequency * 0x100000) {
          words.push(state & 255, (state >>> 8) & 255);
          state = Math.floor(state / 0x10000);
        }
        states[i % lanes] = Math.floor(state / frequency) * 4096 + (state % frequency) + starts[symbols[i]!]!;
      }
      const { encodeSymbols } = kernels();
      const end = encodeSymbols(codesAt(table), STATES_AT, lanes, symbols.byteOffset, count, output.byteOffset);
      expect(firsts(output, end - output.byteOffset)).toEqual(words);
      expect(states.map((_, lane) => int32s[STATES_AT / 4 + lane]! >>> 0)).toEqual(states);
    }
  }
});
