import type { RedisConnection } from "../projections/redis/connection.ts";
import type { Journal } from "../streams/journal.ts";
import { Refused } from "./refused.ts";

/**
 * What a Redis that is full throws out must be what can be made again by key: what has a time to live. One that throws
 * out anything loses lists, ratings and positions bit by bit, each time with a replay behind it, so it is refused here;
 * one that throws out nothing refuses writes when it is full, which is said.
 *
 * A server that does not let its settings be read, as managed ones may, is taken at its operator's word.
 */
export async function assertEviction(redis: RedisConnection, url: string, journal: Journal): Promise<void> {
  const found = await settingsOf(redis).catch((error: Error) => {
    journal.debug({ err: error }, "the eviction policy of Redis cannot be read");
    return undefined;
  });
  if (found === undefined) return;
  const { policy, memoryBytesMax } = found;
  const named = `its maxmemory-policy is ${policy}`;
  if (policy.startsWith("allkeys-"))
    throw new Refused(
      `REDIS_URL=${url}: ${named}, which throws out what cannot be made again by key; set volatile-lfu`,
    );
  if (policy === "noeviction" && memoryBytesMax > 0)
    journal.warn(
      { maxmemory: memoryBytesMax },
      `Redis: ${named}, so it refuses writes when it is full; set volatile-lfu`,
    );
}

async function settingsOf(redis: RedisConnection) {
  // One name at a time: Redis 6 takes no more.
  const [, policy = ""] = (await redis.config("GET", "maxmemory-policy")) as string[];
  const [, memory = "0"] = (await redis.config("GET", "maxmemory")) as string[];
  return { policy, memoryBytesMax: Number(memory) };
}
