import { partitionOf } from "../../streams/partition.ts";
import { tokenOf } from "../../streams/identifier.ts";
import type { Fence, ReadModel, RegisterPut } from "../read-model.ts";
import type { Reviews } from "../reviews.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";
import { fenced, pipelined } from "./pipeline.ts";
import { createProductReads } from "./product-reads.ts";
import { scriptCall } from "./script-call.ts";
import { readText, textOf } from "./text.ts";
import { writingScripts } from "./writing-scripts.ts";

/**
 * Registers have a time to live only so that `volatile-lfu` may evict them when memory runs short; it is so
 * long that none ever ends by time.
 */
const secondsToLive = String(10 * 365 * 24 * 3600);

/**
 * Registers of one script call: most of a small write's cost is the call. Bounds how long Redis is busy with
 * one. (The keys of a call lie in different slots; a Redis Cluster would need one call for each product.)
 */
const registersPerCall = 100;

type RegisterPart = Pick<
  ReadModel,
  "putRegisters" | "refillRegisters" | "readProducts" | "readReviews" | "putReviews"
>;

export function redisRegisters(redis: RedisConnection): RegisterPart {
  const storeIfNewer = scriptCall<number>(redis, writingScripts.storeIfNewer);

  return {
    async putRegisters(fences, puts) {
      // Sent one by one, so that Redis works on the first while the next is being written out.
      const calls: Promise<unknown>[] = [];
      for (let at = 0; at < puts.length; at += registersPerCall) {
        const chunk = puts.slice(at, at + registersPerCall);
        const held = fences.length === 1 ? fences : fencesOf(chunk, fences);
        const call = storeIfNewer(held.length + chunk.length, (words) => {
          for (const { partition } of held) words.text(keys.position("catalog", partition));
          for (const { register, id } of chunk) words.text(keys.register(register, id));
          words.text(secondsToLive);
          words.text(String(held.length));
          for (const { position } of held) words.text(position ?? "");
          for (const { version, value } of chunk) words.pair(version, JSON.stringify(value));
        });
        calls.push(call);
      }
      await fenced(Promise.all(calls));
    },

    async refillRegisters({ partition, position }, puts) {
      if (puts.length === 0) return;
      const registers = puts.map(({ register, id }) => keys.register(register, id));
      const texts = puts.map(({ version, value }) => textOf(version, value));
      await fenced(
        redis.refill(
          1 + registers.length,
          keys.position("catalog", partition),
          ...registers,
          position ?? "",
          secondsToLive,
          ...texts,
        ),
      );
    },

    readProducts: createProductReads(redis),

    async readReviews(ids) {
      const texts = await pipelined(redis, () => ids.map((id) => redis.get(keys.reviews(id))));
      return texts.map((text) => readText<Reviews>(text));
    },

    async putReviews({ partition, position }, puts) {
      await pipelined(redis, () =>
        puts.map(({ id, version, value }) =>
          redis.storeFencedIfNewer(
            keys.position("catalog", partition),
            keys.reviews(id),
            position ?? "",
            secondsToLive,
            textOf(version, value),
          ),
        ),
      );
    },
  };
}

function fencesOf(puts: readonly RegisterPut[], fences: readonly Fence[]): readonly Fence[] {
  const partitions = new Set(puts.map(({ id }) => partitionOf(tokenOf(id))));
  return fences.filter(({ partition }) => partitions.has(partition));
}
