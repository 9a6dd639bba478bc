import type { Contestant } from "./contestant.ts";
import { lanceDb } from "./lancedb.ts";

/** As it searches until somebody makes an index. */
export const contestant: Contestant = lanceDb("LanceDB, no index", false);
