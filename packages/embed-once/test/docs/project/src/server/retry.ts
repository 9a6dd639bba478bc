/** Calls a function again when it fails, with a longer pause each time: retry with backoff. */
export async function retry<Result>(call: () => Promise<Result>, attempts = 5, firstDelayMs = 100): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, firstDelayMs * 2 ** attempt));
    }
  }
}

/** Reads the settings of the server from its environment. */
export function parseConfig(env: Record<string, string | undefined>): { port: number; host: string } {
  const port = Number(env.PORT ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`PORT is no port: ${env.PORT}`);
  return { port, host: env.HOST ?? "localhost" };
}

export function openMenu(): void {}
