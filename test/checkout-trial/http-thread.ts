import { workerData } from "node:worker_threads";
import { createRandom } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type Buyer, createBuyer } from "./buyer.ts";
import { calmBuyers, createCounts, type CrowdWorks } from "./crowd.ts";
import type { HttpSettings } from "./http-part.ts";
import { type Asked, createLedger } from "./ledger.ts";
import { buyLastUnits } from "./last-units.ts";
import { attemptOf, createShop, triesOfVisit } from "./shop.ts";
import { doWorks } from "./work-thread.ts";

/** The thread of http-part.ts. */
const settings = workerData as HttpSettings;
const { nodes, secret, attempts } = settings;
const shop = createShop(settings.shop);
const ledger = createLedger(settings.ledger);
const { counts, wrong, calm, figures } = createCounts();
let isCalm = false;
let visits = 0;

function newBuyer(number: number): Buyer {
  return createBuyer({
    nodes,
    secret,
    random: createRandom(settings.shop.seed, -1 - number),
    repeats: counts,
    wrong,
    onReserved(status, ms) {
      if (isCalm) (status === 201 ? calm.held : calm.refused).record(ms);
    },
  });
}

async function attempt(buyer: Buyer, user: Identifier, number: number, quote: string) {
  const reserved = await buyer.reserve(user, String(number), quote);
  if (reserved.outcome !== "held") return reserved.outcome;
  const fate = shop.fateOf(number);
  return (await buyer.end(user, reserved.reservation, fate)) ? fate : "unknown";
}

async function buy(number: number, isOver: () => boolean): Promise<void> {
  const buyer = newBuyer(number);
  while (!isOver()) {
    const visit = visits++;
    const user = shop.userOf(visit);
    const quote = await buyer.quote(user, shop.cartOf(visit));
    counts.quotes++;
    for (let turn = 0; quote !== undefined && turn < triesOfVisit && !isOver(); turn++) {
      const made = attemptOf(visit, turn);
      counts.attempts++;
      ledger.put(made, "unknown");
      const outcome = await attempt(buyer, user, made, quote);
      ledger.put(made, outcome);
      counts[outcome]++;
      if (outcome !== "refused") break;
    }
  }
  buyer.close();
}

const crowd = (size: number, isOver: () => boolean) =>
  Promise.all(Array.from({ length: size }, (_, number) => buy(number, isOver)));

doWorks<CrowdWorks>({
  async calm() {
    isCalm = true;
    const until = performance.now() + settings.calmMs;
    await crowd(calmBuyers, () => performance.now() > until || counts.attempts >= attempts);
    isCalm = false;
  },
  async rush() {
    const from = performance.now();
    await crowd(settings.buyers, () => counts.attempts >= attempts);
    counts.rushMs = Math.round(performance.now() - from);
  },
  async sellOut() {
    const left = [...shop.products];
    const all: Asked[] = [];
    const next = async (number: number) => {
      const buyer = newBuyer(number);
      for (let product = left.pop(); product !== undefined; product = left.pop())
        all.push(...(await buyLastUnits(product, buyer)));
      buyer.close();
    };
    await Promise.all(Array.from({ length: calmBuyers }, (_, number) => next(number)));
    return all;
  },
  figures,
});
