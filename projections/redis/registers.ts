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
      for (let from = 0, next = 0; from < puts.length; from = next) {
        const products = productsFrom(puts, from);
        next = products.at(-1) as number;
        const held = fences.length === 1 ? fences : fencesOf(puts.slice(from, next), fences);
        calls.push(
          storeIfNewer(held.length + products.length, (words) => {
            for (const { partition } of held) words.text(keys.position("catalog", partition));
            for (const end of products) words.text(keys.registers((puts[end - 1] as RegisterPut).id));
            words.text(secondsToLive);
            words.text(String(held.length));
            for (const { position } of held) words.text(position ?? "");
            let at = from;
            for (const end of products) {
              words.text(String(end - at));
              for (; at < end; at++) {
                const { register, version, value } = puts[at] as RegisterPut;
                words.text(register);
                words.pair(version, JSON.stringify(value));
              }
            }
          }),
        );
      }
      await fenced(Promise.all(calls));
    },

    async refillRegisters({ partition, position }, puts) {
      if (puts.length === 0) return;
      await pipelined(redis, (pipeline) => {
        pipeline.refill(
          1 + puts.length,
          keys.position("catalog", partition),
          ...puts.map(({ id }) => keys.registers(id)),
          position ?? "",
          secondsToLive,
          ...puts.flatMap(({ register, version, value }) => [register, textOf(version, value)]),
        );
      });
    },

    readProducts: createProductReads(redis),

    async readReviews(ids) {
      const results = await pipelined(redis, (pipeline) => {
        for (const id of ids) pipeline.get(keys.reviews(id));
      });
      return results.map((text) => readText<Reviews>(text as string | null));
    },

    async putReviews({ partition, position }, puts) {
      await pipelined(redis, (pipeline) => {
        for (const { id, version, value } of puts) {
          pipeline.storeFencedIfNewer(
            keys.position("catalog", partition),
            keys.reviews(id),
            position ?? "",
            secondsToLive,
            textOf(version, value),
          );
        }
      });
    },
  };
}

/**
 * Where each product's registers end, of as many as one call takes: those that follow one another are one product's, each
 * at most once.
 */
function productsFrom(puts: readonly RegisterPut[], from: number): readonly number[] {
  const ends: number[] = [];
  const last = Math.min(puts.length, from + registersPerCall);
  let begin = from;
  for (let end = from + 1; end <= last; end++) {
    if (end < last && isOneMore(puts, begin, end)) continue;
    ends.push(end);
    begin = end;
  }
  return ends;
}

function isOneMore(puts: readonly RegisterPut[], begin: number, end: number): boolean {
  const { id, register } = puts[end] as RegisterPut;
  for (let at = begin; at < end; at++) {
    if (puts[at]?.id !== id || puts[at]?.register === register) return false;
  }
  return true;
}

function fencesOf(puts: readonly RegisterPut[], fences: readonly Fence[]): readonly Fence[] {
  const partitions = new Set(puts.map(({ id }) => partitionOf(tokenOf(id))));
  return fences.filter(({ partition }) => partitions.has(partition));
}
