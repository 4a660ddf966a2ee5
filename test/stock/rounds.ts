import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import type { Log } from "../../streams/log.ts";
import { id } from "../streams/id.ts";
import { patiently } from "../streams/patiently.ts";
import { foldPrefixes } from "./prefixes.ts";
import { createShop, messagesOf, untilAnswered, wanting } from "./world.ts";

/**
 * Two keepers that both believe to own the partition, each on a node of its own, and buyers who race for a product through
 * both of them: each round has another product.
 *
 * A commit's message id is the same for all that build on the same one, by which a server that takes two racing writers
 * drops the later one nevertheless. In every other round commits have no such id, so that nothing stands between the two
 * but what the fold makes of them.
 */
export interface Round {
  readonly product: string;
  /** What buyers were told that they have, and what the log says. */
  readonly sold: number;
  readonly inLog: number;
  /** Messages of both keepers, and those among them that the server took and that do not count. */
  readonly commits: number;
  readonly dead: number;
}

export interface RoundsSettings {
  readonly rounds: number;
  readonly buyers: number;
  readonly stock: number;
  readonly onRound?: (round: Round) => void;
}

export async function playRounds(
  urls: readonly string[],
  settings: RoundsSettings,
): Promise<readonly Round[]> {
  const { rounds, buyers, stock, onRound } = settings;
  const connections = await Promise.all(
    [0, 1].map((node) =>
      connectNats({ servers: [urls[node % urls.length] as string], name: `keeper ${node}` }),
    ),
  );
  const logs = await Promise.all(connections.map((connection) => openJetStreamLog(connection, "STOCK")));
  let withIds = true;
  const shops = logs.map((log) =>
    createShop({
      ...log,
      append: (subject, payload, { id: own, ...options } = {}) =>
        log.append(subject, payload, { ...options, ...(withIds && own !== undefined && { id: own }) }),
    }),
  );
  try {
    const keepers = await Promise.all(shops.map((shop) => shop.keeper()));
    const [log] = logs as [Log];
    const prefixes = foldPrefixes();
    let read = 0;
    const all: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const product = id(`product-${round}`);
      for (const shop of shops) shop.stock(product, stock, 1);
      withIds = round % 2 === 0;
      const bought = await Promise.all(
        Array.from({ length: buyers }, async (_, buyer) => {
          for (let count = 0; ; count++) {
            const keeper = keepers[(buyer + count) % 2] as (typeof keepers)[number];
            const request = wanting(`${product}-${buyer}-${count}`, product);
            const { outcome } = await untilAnswered(() => keeper.hold(request));
            if (outcome !== "held") return count;
          }
        }),
      );
      const deadBefore = prefixes.dead();
      const messages = await patiently(() => messagesOf(log, read + 1));
      for (const message of messages) prefixes.take(message);
      read = messages.at(-1)?.sequence ?? read;
      if (prefixes.wrong.length > 0) throw new Error(prefixes.wrong[0]);
      const found = {
        product,
        sold: bought.reduce((sum, count) => sum + count, 0),
        inLog: prefixes.products.get(product)?.held ?? 0,
        commits: messages.length,
        dead: prefixes.dead() - deadBefore,
      };
      all.push(found);
      onRound?.(found);
    }
    return all;
  } finally {
    await Promise.all(shops.map((shop) => shop.close()));
    await Promise.all(connections.map((connection) => connection.close()));
  }
}
