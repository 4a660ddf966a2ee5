import type { Identifier } from "../../streams/identifier.ts";
import type { Position, ReadModel } from "../../projections/read-model.ts";
import type { Life, Network } from "./network.ts";
import type { RedisServer } from "./redis-server.ts";

/**
 * The read models as one process has them: each call goes over the network as the commands that the Redis
 * adapter sends for it, and others may come between those.
 */
export function createRedisClient(life: Life, network: Network, redis: RedisServer): ReadModel {
  const { model } = redis;
  const ask = (call: string, commands: readonly (() => unknown)[]) =>
    network.ask(life, redis, call, commands, commands.length > 1 && network.tears());

  const inParts: Pick<ReadModel, "session" | "advance" | "putReviews" | "putRatings" | "readShown"> = {
    session: () => redis.life + life.linksLost,

    async advance(log, moves) {
      const answers = await ask(
        "advance",
        moves.map((move) => () => model.advance(log, [move])),
      );
      return new Map(answers.flatMap((one) => [...(one as ReadonlyMap<number, Position | undefined>)]));
    },

    async putReviews(fence, puts) {
      await ask(
        "putReviews",
        puts.map((put) => () => model.putReviews(fence, [put])),
      );
    },

    async putRatings(fence, puts) {
      await ask(
        "putRatings",
        puts.map((put) => () => model.putRatings(fence, [put])),
      );
    },

    async *readShown(partition, category) {
      const [pages] = await ask("readShown", [() => Array.fromAsync(model.readShown(partition, category))]);
      yield* pages as readonly (readonly Identifier[])[];
    },
  };

  return new Proxy(model, {
    get: (_, name: string) =>
      name in inParts
        ? Reflect.get(inParts, name)
        : async (...args: readonly unknown[]) => {
            const [answer] = await ask(name, [() => Reflect.apply(Reflect.get(model, name), model, args)]);
            return answer;
          },
  });
}
