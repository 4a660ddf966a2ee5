import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import type { Log } from "../../streams/log.ts";
import { decodeCommit, stockSubject } from "../../streams/stock-commit.ts";
import { id } from "../streams/id.ts";
import { lookAtEveryPrefix } from "./prefixes.ts";
import { createShop, messagesOf, partition, untilAnswered, wanting } from "./world.ts";

/**
 * Two keepers that both believe to own the partition, each on a node of its own, and buyers who race for a product through
 * both of them: each round has another product.
 */
export interface Round {
  readonly product: string;
  /** What buyers were told that they have, and what the log says. */
  readonly sold: number;
  readonly inLog: number;
  /** Messages of both keepers, and those among them that were taken by the server and do not count. */
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
  const shops = logs.map((log) => createShop(log));
  try {
    const keepers = await Promise.all(shops.map((shop) => shop.keeper()));
    const all: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const product = id(`product-${round}`);
      for (const shop of shops) shop.stock(product, stock, 1);
      const [log] = logs as [Log];
      const from = ((await log.last(stockSubject(partition)))?.sequence ?? 0) + 1;
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
      const messages = (await messagesOf(log)).filter(({ sequence }) => sequence >= from);
      const { products, wrong } = lookAtEveryPrefix(await messagesOf(log));
      if (wrong.length > 0) throw new Error(wrong[0]);
      let last: number | undefined;
      const dead = messages.filter((message) => {
        const after = decodeCommit(message)?.after;
        last ??= after;
        if (after !== last) return true;
        last = message.sequence;
        return false;
      });
      const found = {
        product,
        sold: bought.reduce((sum, count) => sum + count, 0),
        inLog: products.get(product)?.held ?? 0,
        commits: messages.length,
        dead: dead.length,
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
