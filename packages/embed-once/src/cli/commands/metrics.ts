import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Command } from "commander";
import { registerLifetimeMetrics } from "../../prometheus/index.ts";
import { UsageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { cacheFor, type GlobalOptions, wholeNumber } from "../services.ts";

/** Nobody off this machine can connect. */
const LOOPBACK = "127.0.0.1";
/** The one that OpenTelemetry's exporters use for Prometheus. */
const DEFAULT_PORT = 9464;
const MAX_PORT = 65_535;

export function registerMetricsCommand(program: Command, output: Output, signal: AbortSignal): void {
  program
    .command("metrics")
    .description("serve what all processes did with the cache for Prometheus, to this machine only, until interrupted")
    .option("--port <number>", `where to listen; 0 for any free port (default: ${DEFAULT_PORT})`)
    .action(async (_options: object, command: Command) => {
      const options: GlobalOptions & { port?: string } = command.optsWithGlobals();
      const port = options.port === undefined ? DEFAULT_PORT : wholeNumber("--port", options.port);
      if (port > MAX_PORT) throw new UsageError(`--port takes 0 to ${MAX_PORT}, got ${port}`);
      const { Registry } = await loadClient();
      const { cache } = await cacheFor(options, output, true);
      try {
        const registry = new Registry();
        registerLifetimeMetrics(registry, cache);
        await serve(registry, port, signal, (url) => output.result(url));
      } finally {
        await cache.close();
      }
    });
}

/** Serves a registry at `/metrics` until the signal is aborted. */
async function serve(
  registry: { metrics(): Promise<string>; contentType: string },
  port: number,
  signal: AbortSignal,
  onListening: (url: string) => void,
): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end("what there is lies at /metrics\n");
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { "Content-Type": registry.contentType }).end(text),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    );
  });
  server.listen(port, LOOPBACK);
  await once(server, "listening", { signal });
  onListening(`http://${LOOPBACK}:${(server.address() as AddressInfo).port}/metrics`);
  if (!signal.aborted) await once(signal, "abort");
  server.close();
  server.closeAllConnections();
}

async function loadClient(): Promise<typeof import("prom-client")> {
  try {
    return await import("prom-client");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UsageError(
      "metrics needs the package prom-client: npm install prom-client, with --global where embed-once is installed so",
    );
  }
}
