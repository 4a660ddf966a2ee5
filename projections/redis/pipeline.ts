import type { ChainableCommander } from "ioredis";
import { PositionMoved } from "../read-model.ts";
import type { RedisConnection } from "./connection.ts";
import { fencedReply } from "./scripts.ts";

/**
 * One round trip for many commands. Throws the first command's error, if any, and `PositionMoved` for a fence: what was written stays
 * written, and since every write is "store if newer" the whole may be run again.
 */
export async function pipelined(
  redis: RedisConnection,
  fill: (pipeline: ChainableCommander) => void,
): Promise<readonly unknown[]> {
  const pipeline = redis.pipeline();
  fill(pipeline);
  if (pipeline.length === 0) return [];
  return resultsOf(await pipeline.exec());
}

function resultsOf(results: [Error | null, unknown][] | null): readonly unknown[] {
  return (results ?? []).map(([error, result]) => {
    if (error !== null) throw asMoved(error);
    return result;
  });
}

/** Calls sent one by one: `PositionMoved` where a fence refused one of them. */
export async function fenced<T>(calls: Promise<T>): Promise<T> {
  try {
    return await calls;
  } catch (error) {
    throw asMoved(error as Error);
  }
}

function asMoved(error: Error): Error {
  return error.message.startsWith(fencedReply) ? new PositionMoved(error.message) : error;
}
