/** Whether it keeps the law of the contract: `node --test examples/custom-embedder/trigram-embedder.test.ts`. */
import { test } from "node:test";
import { embedderSuite } from "embed-once/testing";
import { TrigramEmbedder } from "./trigram-embedder.ts";

embedderSuite(test, async () => ({ embedder: new TrigramEmbedder() }));
