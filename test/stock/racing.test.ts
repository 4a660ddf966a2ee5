import fc from "fast-check";
import { expect, test } from "vitest";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { id } from "../streams/id.ts";
import { lookAtEveryPrefix } from "./prefixes.ts";
import { createShop, memoryStock, messagesOf, untilAnswered, wanting } from "./world.ts";

/**
 * Keepers that all believe to own the partition, on a log that does everything a log may do, and takes racing writers as well:
 * no unit is sold twice, the last one is sold, and everybody was told what the log says.
 */

const products = ["mug", "jug", "cup"].map(id);
const fates = ["plain", "plain", "plain", "lost before", "lost after", "late", "unheld", "unheld"] as const;
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** `fate` says what becomes of each append. */
function faulty(log: Log, fate: () => (typeof fates)[number]): Log {
  return {
    ...log,
    async append(subject, payload, options) {
      const what = fate();
      await nextTurn();
      if (what === "lost before") throw new LogUnavailable("no answer");
      // Neither held to what it expects nor to its id, as replicated streams of some servers do.
      if (what === "unheld") return log.append(subject, payload);
      if (what === "late") {
        void nextTurn()
          .then(nextTurn)
          .then(() => log.append(subject, payload));
        throw new LogUnavailable("no answer");
      }
      const appended = await log.append(subject, payload, options);
      if (what === "lost after") throw new LogUnavailable("no answer");
      return appended;
    },
    async next(subject, sequence) {
      await nextTurn();
      return log.next(subject, sequence);
    },
  };
}

const buyers = fc.array(
  fc.record({
    wants: fc.uniqueArray(fc.tuple(fc.constantFrom(...products), fc.integer({ min: 1, max: 2 })), {
      minLength: 1,
      maxLength: 2,
      selector: ([product]) => product,
    }),
    keeper: fc.nat(2),
    later: fc.constantFrom("sold", "cancelled", "kept", "kept"),
  }),
  { minLength: 30, maxLength: 60, size: "max" },
);

test("whatever the log does, and whoever else keeps the stock", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(buyers, fc.infiniteStream(fc.constantFrom(...fates)), async (wishes, luck) => {
      const log = memoryStock();
      const shop = createShop(faulty(log, () => luck.next().value as (typeof fates)[number]));
      for (const product of products) shop.stock(product, 8);
      const keepers = await Promise.all([shop.keeper(), shop.keeper(), shop.keeper()]);
      const answers = await Promise.all(
        wishes.map(async ({ wants, keeper, later }, at) => {
          let turn = keeper;
          const next = () => keepers[turn++ % keepers.length] as (typeof keepers)[number];
          const request = wanting(`r${at}`, wants);
          const answer = await untilAnswered(() => next().hold(request));
          if (answer.outcome === "held" && later !== "kept") await next().end({ ...request, how: later });
          return answer;
        }),
      );
      await shop.close();
      const { wrong, accepted, products: found } = lookAtEveryPrefix(await messagesOf(log));
      expect(wrong).toEqual([]);
      const held = answers.flatMap(({ outcome }, at) => (outcome === "held" ? [`r${at}`] : []));
      expect([...accepted].sort()).toEqual(held.map((name) => [name, 1]).sort());
      for (const [at, answer] of answers.entries()) {
        if (answer.outcome !== "short") continue;
        const { wants } = wishes[at] as (typeof wishes)[number];
        for (const { product, available } of answer.lines)
          expect(available).toBeLessThan(new Map(wants).get(product) ?? 0);
      }
      for (const { stock } of keepers) expect(stock.sequence).toBeGreaterThan(0);
      expect(found.size).toBeGreaterThan(0);
    }),
    { numRuns: 40 },
  );
});

test("a hundred units and two keepers with 64 buyers: a hundred are sold", async () => {
  const log = memoryStock();
  const luck = (() => {
    let at = 0;
    return () => fates[at++ % fates.length] as (typeof fates)[number];
  })();
  const shop = createShop(faulty(log, luck));
  const [mug] = products as [(typeof products)[number]];
  shop.stock(mug, 100);
  const keepers = await Promise.all([shop.keeper(), shop.keeper()]);
  let bought = 0;
  await Promise.all(
    Array.from({ length: 64 }, async (_, buyer) => {
      for (let at = 0; ; at++) {
        const keeper = keepers[(buyer + at) % 2] as (typeof keepers)[number];
        const { outcome } = await untilAnswered(() => keeper.hold(wanting(`b${buyer}-${at}`, mug)));
        if (outcome !== "held") return;
        bought++;
      }
    }),
  );
  await shop.close();
  const { products: found, accepted } = lookAtEveryPrefix(await messagesOf(log));
  expect([bought, accepted.size, found.get(mug)?.held]).toEqual([100, 100, 100]);
});
