import type { LogName } from "../../streams/subjects.ts";
import type { Position, ReadModel } from "../read-model.ts";
import type { Version } from "../version.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";

/** A position as it stands in Redis: the version with its life, a space, when it was last known to be the head. */
export function readPosition(text: string | null): Position | undefined {
  if (text === null || text === "") return undefined;
  const space = text.indexOf(" ");
  return { version: text.slice(0, space) as Version, headAt: Number(text.slice(space + 1)) };
}

/** In the order of the partitions, of one moment. */
export async function readPositions(
  redis: RedisConnection,
  log: LogName,
  partitions: readonly number[],
): Promise<readonly (Position | undefined)[]> {
  if (partitions.length === 0) return [];
  const texts = await redis.mget(partitions.map((partition) => keys.position(log, partition)));
  return texts.map(readPosition);
}

export function redisPositions(redis: RedisConnection): Pick<ReadModel, "session" | "positions" | "advance"> {
  let session = 0;
  redis.on("close", () => {
    session++;
  });
  return {
    session: () => session,

    async positions(log, partitions) {
      const positions = await readPositions(redis, log, partitions);
      const found = new Map<number, Position>();
      for (const [at, partition] of partitions.entries()) {
        const position = positions[at];
        if (position !== undefined) found.set(partition, position);
      }
      return found;
    },

    async advance(log, moves) {
      if (moves.length === 0) return new Map();
      const standing = await redis.advance(
        moves.length,
        ...moves.map(({ partition }) => keys.position(log, partition)),
        ...moves.flatMap(({ from, to, headAt }) => [from ?? "", `${to} ${headAt}`]),
      );
      const stuck = new Map<number, Position | undefined>();
      for (const [at, { partition }] of moves.entries()) {
        const text = standing[at] ?? null;
        if (text !== null) stuck.set(partition, readPosition(text));
      }
      return stuck;
    },
  };
}
