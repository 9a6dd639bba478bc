import { expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";

test("a program that runs the command again and again gathers no listeners", async () => {
  const emitters = [process, process.stdout, process.stderr];
  const counts = () =>
    emitters.map((emitter) => emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0));
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  await main(["--version"]);
  const once = counts();
  for (let i = 0; i < 12; i++) await main(["--version"]);
  expect(write).toHaveBeenCalledTimes(13);
  write.mockRestore();
  process.exitCode = undefined;
  expect(counts()).toEqual(once);
});
