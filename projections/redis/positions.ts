import type { Position, ReadModel } from "../read-model.ts";
import type { Version } from "../version.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";
import { pipelined } from "./pipeline.ts";

/** A position as it stands in Redis: the version with its life, a space, when it was last known to be the head. */
export function readPosition(text: string | null): Position | undefined {
  if (text === null || text === "") return undefined;
  const space = text.indexOf(" ");
  return { version: text.slice(0, space) as Version, headAt: Number(text.slice(space + 1)) };
}

export function redisPositions(redis: RedisConnection): Pick<ReadModel, "session" | "positions" | "advance"> {
  let session = 0;
  redis.on("close", () => {
    session++;
  });
  return {
    session: () => session,

    async positions(log, partitions) {
      const results = await pipelined(redis, (pipeline) => {
        for (const partition of partitions) pipeline.get(keys.position(log, partition));
      });
      const found = new Map<number, Position>();
      for (const [at, partition] of partitions.entries()) {
        const position = readPosition(results[at] as string | null);
        if (position !== undefined) found.set(partition, position);
      }
      return found;
    },

    async advance(log, moves) {
      const results = await pipelined(redis, (pipeline) => {
        for (const { partition, from, to, headAt } of moves) {
          pipeline.advance(keys.position(log, partition), from ?? "", `${to} ${headAt}`);
        }
      });
      const stuck = new Map<number, Position | undefined>();
      for (const [at, { partition }] of moves.entries()) {
        const standing = results[at] as string | null;
        if (standing !== null) stuck.set(partition, readPosition(standing));
      }
      return stuck;
    },
  };
}
