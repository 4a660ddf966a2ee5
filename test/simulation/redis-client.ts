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

  const inParts: Pick<
    ReadModel,
    "session" | "advance" | "readProducts" | "putReviews" | "putRatings" | "readShown"
  > = {
    session: () => redis.life + life.linksLost,

    async advance(log, moves) {
      const answers = await ask(
        "advance",
        moves.map((move) => () => model.advance(log, [move])),
      );
      return new Map(answers.flatMap((one) => [...(one as ReadonlyMap<number, Position | undefined>)]));
    },

    async readProducts(ids) {
      type Reads = Awaited<ReturnType<ReadModel["readProducts"]>>;
      if (!network.tears()) {
        const [reads] = await network.ask(life, redis, "readProducts", [() => model.readProducts(ids)]);
        return reads as Reads;
      }
      // A product's position, registers, rating and sales are read by a command each, in this order.
      const commands = ids.flatMap((id) => [1, 2, 3, 4].map(() => () => model.readProducts([id])));
      const answers = (await network.ask(life, redis, "readProducts", commands, true)) as Reads[];
      return ids.flatMap((_, at) => {
        const [first, second, third, fourth] = answers.slice(4 * at, 4 * at + 4).map(([read]) => read);
        if (first === undefined || second === undefined || third === undefined || fourth === undefined)
          return [];
        const { product, price, inventory } = second;
        return {
          position: first.position,
          product,
          price,
          inventory,
          rating: third.rating,
          sales: fourth.sales,
        };
      });
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
