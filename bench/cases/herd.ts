import { connect } from "nats";
import { keys } from "../../projections/redis/keys.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { storedSubject } from "../../streams/subjects.ts";
import { type Answer, openReader, type Reader } from "../http-load.ts";
import { listenToReads } from "../log-reads.ts";
import { productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { median, quantile } from "../rig.ts";
import { openShop } from "../shop.ts";
import { sharesOf } from "../turns.ts";

/**
 * Herd: many connections, half of them to each of two API processes, ask in the same moment for one product that
 * neither process holds and Redis has evicted; beside the same for one that both hold, in turn. A subscriber
 * hears every request for a message of the log, and so counts how often the product was loaded from there.
 */
const held = productId(7);
const pathOf = (id: string) => `/api/products/${id}`;

export async function herd(requests: number, turns: number): Promise<readonly Row[]> {
  const shop = await openShop(1_000);
  const connection = await connect({ port: shop.rig.natsPort });
  const readers: Reader[] = [];
  try {
    const apis = [await shop.addApi({ CACHE_BYTES: "128MB" }), await shop.addApi({ CACHE_BYTES: "128MB" })];
    // Asked by turns, or the one process would have filled Redis again before the other is asked at all.
    for (let opened = 0; opened < requests / 2; opened++) {
      for (const { port } of apis) {
        const reader = await openReader(port);
        readers.push(reader);
        // A connection that asks for nothing is closed after some seconds.
        await reader.get(pathOf(held));
      }
    }
    const log = listenToReads(connection);
    const { redis } = shop.rig.catalogue;
    const warm: number[] = [];
    const cold: number[] = [];
    const loads: number[] = [];
    const gets: number[] = [];
    const tiers = new Map<string, number>();
    for (let turn = 0; turn < turns; turn++) {
      warm.push(p99Of(await allAtOnce(readers, pathOf(held))));
      const id = productId(100 + turn);
      await redis.del(keys.registers(id));
      await log.about("");
      const answers = await allAtOnce(readers, pathOf(id));
      cold.push(p99Of(answers));
      for (const { tier } of answers) tiers.set(tier, (tiers.get(tier) ?? 0) + 1);
      const asked = await log.about(tokenOf(id));
      const loading = storedSubject("product.modified", tokenOf(id));
      loads.push(asked.filter((request) => request.includes(loading)).length);
      gets.push(asked.length);
    }
    return [
      {
        name: `herd, ${requests.toLocaleString("en")} requests at once for one cold product, two API processes`,
        ours: `${median(loads)} loads from the log, p99 ${median(cold).toFixed(0)} ms`,
        yardstick: `p99 ${median(warm).toFixed(0)} ms (the same for one that both hold)`,
        ratio: median(cold.map((each, at) => each / (warm[at] ?? Number.NaN))).toFixed(2),
        wanted: "1 load",
        note: `loads of each turn ${loads.join(", ")}; gets ${gets.join(", ")}; ${sharesOf(tiers)}`,
      },
    ];
  } finally {
    for (const { close } of readers) close();
    await connection.close();
    await shop.close();
  }
}

const allAtOnce = (readers: readonly Reader[], path: string): Promise<readonly Answer[]> =>
  Promise.all(readers.map(({ get }) => get(path)));

const p99Of = (answers: readonly Answer[]) =>
  quantile(
    answers.map(({ ms }) => ms),
    0.99,
  );
