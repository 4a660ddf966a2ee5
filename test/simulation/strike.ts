import { createRandom } from "../../ops/demo/random.ts";
import type { Fault } from "./plan.ts";
import { startedAt } from "./shop.ts";
import type { Tell } from "./story.ts";
import type { World } from "./world.ts";

/** What each fault does to the world at its moment; what goes wrong with single calls is in `network.ts`. */
export function strike(world: World, fault: Fault, tell: Tell | undefined): void {
  const { clock, redis, log, leases, plan, healAt } = world;
  /** No fault outlives the moment at which all heals. */
  const until = (ms: number) => Math.min(clock.now() + ms, healAt);
  switch (fault.kind) {
    case "call":
      return;
    case "kill":
      world.end(fault.process, fault.downMs);
      return;
    case "stop":
      tell?.(fault.process, "is told to stop");
      world.stop(fault.process, fault.downMs);
      return;
    case "freeze":
      tell?.(fault.process, `stands still for ${fault.ms} ms`);
      world.freeze(fault.process, fault.ms);
      return;
    case "evict": {
      const random = createRandom(plan.noise, fault.at);
      const count = redis.evict(() => random.chance(fault.share));
      tell?.("redis", `evicts ${count} of the values that it may evict`);
      return;
    }
    case "empty Redis":
      tell?.("redis", "is emptied");
      redis.empty();
      return;
    case "older Redis":
      tell?.("redis", `is back as it was ${fault.ageMs} ms ago`);
      redis.older(fault.ageMs);
      return;
    case "down": {
      tell?.(fault.server, `is away for ${fault.ms} ms`);
      const server = { redis, log, leases }[fault.server];
      server.downUntil = until(fault.ms);
      return;
    }
    case "replica behind":
      tell?.("log", `a replica is ${fault.byMs} ms behind for ${fault.ms} ms`);
      log.lagUntil(until(fault.ms), fault.byMs);
      return;
    case "silent tail":
      tell?.(fault.process, `hears nothing of the log for ${fault.ms} ms`);
      world.silence(fault.process, until(fault.ms));
      return;
    case "leases forgotten":
      tell?.("leases", "are forgotten");
      leases.forget();
      return;
    case "earlier log": {
      const { product: id, sequence } = fault;
      const version = world.earlierVersions(sequence);
      const value = { amount: 999_999, currency: "GBP", list_amount: null, sequence, updated_at: startedAt };
      tell?.("an owner of the earlier log", `writes the price of ${id}@${sequence}, if there is one`);
      // At one moment, also where an older Redis is made of all that was done to it, one behind the other.
      redis.intrude(
        (model) =>
          model.holds("price", id) && model.putRegisters([], [{ id, register: "price", version, value }]),
      );
    }
  }
}
