import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { loadConfiguration, loadConfigurationFile } from "../src/config-file.ts";
import { createServices } from "../src/service-factory.ts";
import { startProviderServer } from "../src/testing/provider-server.ts";

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "embed-once-config-")));
afterAll(() => rmSync(scratch, { recursive: true }));

const NAME = "embed-once.config.json";
let count = 0;
let repository: string;
let deep: string;
beforeEach(() => {
  repository = join(scratch, `repository-${count++}`);
  deep = join(repository, "packages/one/src");
  mkdirSync(join(repository, ".git"), { recursive: true });
  mkdirSync(deep, { recursive: true });
});

const write = (folder: string, options: object, name = NAME) =>
  writeFileSync(join(folder, name), JSON.stringify(options));

describe("the configuration file", () => {
  test("is the nearest one, up to the repository's top and no further", () => {
    expect(loadConfiguration(deep)).toBeUndefined();
    write(scratch, { model: "outside" });
    expect(loadConfiguration(deep)).toBeUndefined();
    write(repository, { model: "top" });
    expect(loadConfiguration(deep)).toEqual({
      path: join(repository, NAME),
      options: { model: "top" },
      named: false,
    });
    write(join(repository, "packages/one"), { model: "nearer" });
    expect(loadConfiguration(deep)!.options).toEqual({ model: "nearer" });
    rmSync(join(scratch, NAME));
  });

  test("is looked for in the folder alone where there is no repository", () => {
    rmSync(join(repository, ".git"), { recursive: true });
    write(repository, { model: "above" });
    expect(loadConfiguration(deep)).toBeUndefined();
    expect(loadConfiguration(repository)!.options).toEqual({ model: "above" });
  });

  test.each(["js", "mjs", "cjs", "ts", "jsonc", "yaml", "toml"])(
    "is never a .%s, which is refused unread",
    (ending) => {
      writeFileSync(join(deep, `embed-once.config.${ending}`), "throw new Error('run')");
      expect(() => loadConfiguration(deep)).toThrow(
        `embed-once.config.${ending} is not read: settings are data, in a file named ${NAME}`,
      );
      write(deep, { model: "beside" });
      expect(loadConfiguration(deep)!.options).toEqual({ model: "beside" });
    },
  );

  test("is a file of reasonable size, or refused in one line", () => {
    mkdirSync(join(deep, NAME));
    expect(() => loadConfiguration(deep)).toThrow(/embed-once\.config\.json is no file$/);
    rmSync(join(deep, NAME), { recursive: true });
    if (existsSync("/dev/zero")) {
      symlinkSync("/dev/zero", join(deep, NAME));
      expect(() => loadConfiguration(deep)).toThrow(/is no file$/);
      rmSync(join(deep, NAME));
    }
    writeFileSync(join(deep, NAME), " ".repeat(65_537));
    expect(() => loadConfiguration(deep)).toThrow(/has 65537 bytes, expected at most 65536/);
    expect(() => loadConfigurationFile(join(deep, "none.json"))).toThrow(/none\.json cannot be read: ENOENT/);
  });

  test("that the user names may have any name, and its directory is relative to it", () => {
    write(deep, { directory: "../cache", diskBytes: 1_000_000 }, "mine.json");
    expect(loadConfigurationFile(join(deep, "mine.json"))).toEqual({
      path: join(deep, "mine.json"),
      options: { directory: join(deep, "../cache"), diskBytes: 1_000_000 },
      named: true,
    });
  });

  test("makes services, with the key from the environment, only where it is handed in", async () => {
    const server = await startProviderServer({ apiKey: "sk-of-the-environment" });
    write(repository, { provider: "openai", baseURL: server.url, dimensions: 64 });
    const env = { OPENAI_API_KEY: "sk-of-the-environment" };
    await using services = createServices({ diskBytes: 0 }, env, loadConfiguration(deep));
    const { embeddings } = await services.embedder.createEmbeddings(["text"]);
    expect(embeddings[0]).toHaveLength(64);
    expect(server.textsEmbedded("text")).toBe(1);
    await using without = createServices({ diskBytes: 0 }, env);
    expect(without.embedder.identity.provider).toBe("local");
    await server.close();
  });
});
