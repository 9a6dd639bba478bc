/** Embeds until it is killed, and says after each call when it was and how many texts it has asked for. Argument: directory. */
import { cacheEmbedder } from "../../src/embedder/cached-embedder.ts";
import { FakeEmbedder } from "../embedder/fake-embedder.ts";

const embedder = cacheEmbedder(new FakeEmbedder(), { directory: process.argv[2]! });
for (let call = 0; ; call++) {
  await embedder.createEmbeddings([`${process.pid} ${call}`, `${process.pid} ${call >> 1}`, "a"]);
  process.stdout.write(`${Date.now()} ${3 * (call + 1)}\n`);
  await new Promise((resolve) => setTimeout(resolve, 20));
}
