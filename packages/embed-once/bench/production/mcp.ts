/** An agent's side: the SDK's client and the MCP server as its users start it, and again when it was killed. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { randomNumbers } from "../tiers-data.ts";
import { end, stopping, TIMEOUT_MS, task, tell } from "./actor.ts";
import { drawQuestion } from "./questions.ts";
import { MODEL } from "./witness.ts";

const LIMIT = 3;
const PAUSE_MS = 400;

const { owner, baseURL, cacheDirectory: directory, folder, seed } = task;
const config = join(directory, "..", "mcp.config.json");
writeFileSync(config, JSON.stringify({ provider: "openai", model: MODEL, baseURL, directory, timeoutMs: TIMEOUT_MS }));
const main = join(import.meta.dirname, "../../src/cli/main.ts");
const random = randomNumbers(seed);
for (let life = 1; !stopping.aborted; life++) {
  const serverOwner = `${owner}-server-${life}`;
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: ["--conditions=embed-once-source", main, "--config", config, "mcp", folder],
    env: { PATH: process.env.PATH!, HOME: join(directory, ".."), OPENAI_API_KEY: serverOwner },
    stderr: "pipe",
  });
  let notes = "";
  transport.stderr!.on("data", (chunk) => {
    notes += chunk;
  });
  const client = new Client({ name: "production-test", version: "1.0.0" });
  let isOpen = true;
  client.onclose = () => {
    isOpen = false;
  };
  try {
    await client.connect(transport);
    tell({ server: { pid: transport.pid!, owner: serverOwner } });
    while (!stopping.aborted && isOpen) {
      const question = random(4) === 0 ? undefined : drawQuestion(random);
      const { isError, content } = await client.callTool(
        question === undefined
          ? { name: "index_status", arguments: {} }
          : { name: "search_code", arguments: { query: question, limit: LIMIT } },
      );
      tell(isError ? { failed: `MCP: ${JSON.stringify(content)}` } : { called: 1 });
      await sleep(PAUSE_MS);
    }
  } catch (error) {
    // A killed server breaks the call that was under way; the next life answers.
    if (isOpen) tell({ failed: `MCP: ${(error as Error).message}` });
  }
  await client.close().catch(() => {});
  if (notes !== "") tell({ notice: `MCP server: ${notes.trim()}` });
}
end();
