import type { EmbeddingCache } from "../cache/hierarchical-cache.ts";
import { HeldLeases } from "./held-leases.ts";
import { SingleFlight } from "./single-flight.ts";

/** The requests under way that end in one place, and the leases that they hold. */
export interface Traffic {
  readonly flights: SingleFlight;
  readonly leases: HeldLeases;
}

export function newTraffic(): Traffic {
  return { flights: new SingleFlight(), leases: new HeldLeases() };
}

const trafficOf = new WeakMap<EmbeddingCache, Traffic>();

/**
 * That of all wrappers which store into a cache: what one of them has under way, the others need not ask for. Equal keys are
 * equal vectors, whoever's base is asked. To the cache's leases they are one holder.
 */
export function trafficOn(cache: EmbeddingCache): Traffic {
  const known = trafficOf.get(cache) ?? newTraffic();
  trafficOf.set(cache, known);
  return known;
}
