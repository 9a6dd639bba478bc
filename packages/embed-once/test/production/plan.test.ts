import { describe, expect, test } from "vitest";
import { describeEvent, drawPlan } from "../../bench/production/plan.ts";

const options = { seed: 7, durationMs: 120_000, files: ["a.ts", "b.ts", "c.md"], commits: ["c3", "c2", "c1"] };

describe("the plan of the production test", () => {
  test("is the seed's: the same again, and another one for another seed", () => {
    expect(drawPlan(options)).toEqual(drawPlan(options));
    expect(drawPlan({ ...options, seed: 8 })).not.toEqual(drawPlan(options));
  });

  test.each([0.2, 2, 60])("of %d minutes has everything in it, in order, within its time", (minutes) => {
    const durationMs = minutes * 60_000;
    const plan = drawPlan({ ...options, durationMs });
    const times = plan.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThan(durationMs);
    const faults = new Set(plan.map((event) => (event.do === "fault" ? JSON.stringify(event.fault) : "")));
    for (const fault of ["429", "500", "cut", "hang"]) expect([...faults].join()).toContain(fault);
    expect(new Set(plan.map((event) => event.do))).toEqual(
      new Set(
        ["fault", "kill", "append", "remove", "switch", "fill disk"].filter((act) => act !== "remove" || minutes > 0.2),
      ),
    );
    expect(plan.filter((event) => event.do === "fill disk")).toHaveLength(1);
    for (const event of plan) expect(describeEvent(event)).toMatch(/^ *\d+\.\d\d s {2}\w+ +\S/);
  });
});
