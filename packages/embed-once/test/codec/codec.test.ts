import { describe, test } from "vitest";
import { decodeVector, encodeVector } from "../../src/codec/index.ts";
import { codecSuite } from "../../src/testing/codec-suite.ts";

describe("the codec of embed-once", () => {
  codecSuite(test, { encode: encodeVector, decode: decodeVector });
});
