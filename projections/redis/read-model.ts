import type { Identifier } from "../../streams/identifier.ts";
import { allPartitions } from "../../streams/partition.ts";
import type { CategoryEvent } from "../categories.ts";
import type { ReadModel } from "../read-model.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";
import { redisListings } from "./listings.ts";
import { fenced, pipelined } from "./pipeline.ts";
import { readPositions, redisPositions } from "./positions.ts";
import { redisRatings } from "./ratings.ts";
import { redisRegisters } from "./registers.ts";
import { redisAnswers } from "./answers.ts";
import { redisSales } from "./sales.ts";

/** The read models in Redis. The connection stays the caller's to close. */
export function createRedisReadModel(redis: RedisConnection): ReadModel {
  return {
    ...redisPositions(redis),
    ...redisRegisters(redis),
    ...redisAnswers(redis),
    ...redisRatings(redis),
    ...redisSales(redis),
    ...redisListings(redis),

    async readGroup(group) {
      const [positions, members] = await pipelined(redis, () => [
        readPositions(redis, "catalog", allPartitions),
        Promise.all(allPartitions.map((partition) => redis.smembers(keys.group(group, partition)))),
      ]);
      const ids = members.flat() as Identifier[];
      return { ids: ids.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))), positions };
    },

    async putCategoryEvents({ partition, position }, events) {
      if (events.length === 0) return;
      // An event does not change, so the one that stands is never older.
      const fields = events.flatMap((event) => [String(event.sequence), JSON.stringify(event)]);
      const moved = keys.position("catalog", partition);
      await fenced(redis.storeFieldsIfNewer(2, moved, keys.categories, position ?? "", ...fields));
    },

    async dropCategoryEvents(sequences) {
      if (sequences.length > 0) await redis.hdel(keys.categories, ...sequences.map(String));
    },

    async readCategoryEvents() {
      const [positions, texts] = await pipelined(redis, () => [
        readPositions(redis, "catalog", allPartitions),
        redis.hvals(keys.categories),
      ]);
      const events = texts.map((text) => JSON.parse(text) as CategoryEvent);
      return { events: events.sort((a, b) => a.sequence - b.sequence), positions };
    },

    async clear() {
      await redis.flushdb();
    },
  };
}
