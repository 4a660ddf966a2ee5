import { createRandom } from "../../../ops/demo/random.ts";
import { inventorySubject } from "../../../actors/stock/catalog-counts.ts";
import { createStockSnapshots } from "../../../actors/stock/snapshot.ts";
import { emptyStock, evolveStock } from "../../../actors/stock/stock.ts";
import { askStock } from "../../../actors/stock/stock-asking.ts";
import type { HoldAnswer } from "../../../actors/stock/stock-port.ts";
import { type Identifier, tokenOf } from "../../../streams/identifier.ts";
import { partitionOf } from "../../../streams/partition.ts";
import { decodeCommit } from "../../../streams/stock-commit.ts";
import { createClock } from "../../simulation/clock.ts";
import { createLogClient } from "../../simulation/log-client.ts";
import { createLogServer, createStream, type SimulatedStream } from "../../simulation/log-server.ts";
import { createNetwork, type Life } from "../../simulation/network.ts";
import { id } from "../../streams/id.ts";
import { createAnswerChecker } from "./answers.ts";
import { createSimulatedAsking } from "./asking.ts";
import { createBuying } from "./buying.ts";
import { type KeeperProcess, startKeeper } from "./keeper-process.ts";
import { Broken, createLedger, saleUnitsMax, stockEventOf } from "./ledger.ts";
import { productsMax, shop, type StockPlan } from "./plan.ts";

/** Every server and every process of a run, wired: keepers start, end and start again; the shop lives. */
export type StockWorld = ReturnType<typeof createStockWorld>;

export const startedAt = Date.parse("2026-11-27T00:00:00Z");
const epoch = startedAt - 60_000;
export const partition = 3;
export const products: readonly Identifier[] = Array.from({ length: 200 }, (_, number) => id(`mug-${number}`))
  .filter((product) => partitionOf(tokenOf(product)) === partition)
  .slice(0, productsMax);
const friday = id("friday");
const productAt = (at: number) => products[at] as Identifier;

export function createStockWorld(plan: StockPlan, onBroken: (what: string) => void) {
  const clock = createClock(startedAt);
  const noise = createRandom(plan.noise, 1);
  const healAt = startedAt + plan.healAt;
  const server = createLogServer(clock, epoch);
  const stock = createStream({
    name: "STOCK",
    clock,
    epoch,
    lastPerSubject: false,
    replicaLagMs: () => 0,
  });
  const report = (error: unknown) =>
    onBroken(error instanceof Broken ? error.message : ((error as Error).stack ?? String(error)));
  const ledger = createLedger((sequence) => {
    const message = server.catalog.next("log.catalog.*.inventory.changed.*", sequence);
    return message?.sequence === sequence ? stockEventOf(message, epoch) : undefined;
  });
  stock.listeners.add((message) => {
    try {
      ledger.take(message);
    } catch (error) {
      report(error);
    }
  });
  const answers = createAnswerChecker(ledger, () => stock.head, report);
  const network = createNetwork({
    clock,
    noise: createRandom(plan.noise, 0),
    latencyMsMax: plan.latencyMsMax,
    startedAt,
    faults: plan.faults,
    healAt,
    die: (life, downMs) => end(life.process, downMs),
    tell: undefined,
  });
  const asking = createSimulatedAsking({
    clock,
    network,
    noise,
    troubleShare: plan.troubleShare,
    overhear: answers.overhear,
  });
  let unheldShare = plan.unheldShare;
  /** As a server that takes racing writers. */
  const careless: SimulatedStream = {
    ...stock,
    get head() {
      return stock.head;
    },
    append: (subject, payload, options) =>
      stock.append(subject, payload, noise.chance(unheldShare) ? {} : options),
  };
  const silentUntil = new Map<string, number>();
  const lives = new Map<string, Life>();
  const keepers = new Map<string, KeeperProcess>();

  const client = (life: Life, stream: SimulatedStream) =>
    createLogClient({
      life,
      network,
      server,
      stream,
      clock,
      batches: plan.batches,
      silentUntil: () => silentUntil.get(life.process) ?? 0,
    });

  function bear(process: string): Life {
    const life: Life = {
      process,
      number: (lives.get(process)?.number ?? 0) + 1,
      alive: true,
      frozen: false,
      held: [],
      linksLost: 0,
      busyUntil: 0,
      answeredUntil: 0,
      endings: [],
    };
    lives.set(process, life);
    return life;
  }

  const shopping = bear(shop);
  const shopCatalog = client(shopping, server.catalog);
  const buying = createBuying(askStock(asking.of(shopping)), partition, (ms) => network.sleep(shopping, ms));

  function start(process: string): void {
    const life = bear(process);
    const keeper = startKeeper({
      life,
      network,
      clock,
      partition,
      epoch,
      log: client(life, careless),
      catalog: client(life, server.catalog),
      derived: client(life, server.derived),
      asking: asking.of(life),
      decide: async (hold) => {
        await network.sleep(life, network.latency());
        return buying.decide(hold);
      },
    });
    keepers.set(process, keeper);
  }

  /** Ends a life at once, and begins the next one a while later, at the latest when all heals. */
  function end(process: string, downMs: number): void {
    const life = lives.get(process);
    if (life?.alive !== true) return;
    life.alive = false;
    for (const ending of life.endings) ending();
    clock.at(Math.min(clock.now() + downMs, Math.max(healAt, clock.now())), () => start(process));
  }

  const thaws = new Map<string, number>();

  return {
    clock,
    plan,
    network,
    server,
    stock,
    ledger,
    answers,
    buying,
    healAt,
    start,
    end,
    stop(process: string, downMs: number) {
      void keepers.get(process)?.stop();
      clock.at(clock.now() + 30, () => end(process, downMs));
    },
    silence: (process: string, moment: number) => void silentUntil.set(process, moment),
    freeze(process: string, until: number) {
      const thaw = Math.max(until, thaws.get(process) ?? 0);
      thaws.set(process, thaw);
      const life = lives.get(process);
      if (life !== undefined) life.frozen = true;
      clock.at(until, () => {
        const now = lives.get(process);
        if (now === undefined || clock.now() < (thaws.get(process) ?? 0)) return;
        now.frozen = false;
        for (const run of now.held.splice(0)) run();
      });
    },
    letGo: (process: string) => {
      if (lives.get(process)?.frozen === false) keepers.get(process)?.letGo();
    },
    /** What a keeper would leave there by now, with all that may go wrong with its writing. */
    snapshot(process: string): void {
      const life = lives.get(process);
      if (life?.alive !== true || life.frozen) return;
      const state = emptyStock();
      for (const message of stock.from(1)) {
        const commit = decodeCommit(message);
        if (commit !== undefined) evolveStock(state, commit, message);
      }
      const snapshots = createStockSnapshots(client(life, server.derived), partition, epoch);
      const last = stock.from(stock.head)[Symbol.iterator]().next().value;
      if (last !== undefined) void snapshots.write(state, last).catch(() => {});
    },
    async count({ product, quantity }: Pick<StockPlan["counts"][number], "product" | "quantity">) {
      const event = JSON.stringify({ new_quantity: quantity ?? -1 });
      await shopCatalog.append(inventorySubject(productAt(product)), Buffer.from(event));
    },
    buy(purchase: StockPlan["purchases"][number]): Promise<HoldAnswer> {
      const { reservation, buyer, lines, isLimited, hasSeen, heldMs } = purchase;
      const request = {
        reservation,
        taking: 0,
        buyer: id(buyer),
        until: Math.floor(clock.now()) + heldMs,
        lines: lines.map(({ product, quantity }) => ({
          product: productAt(product),
          quantity,
          seen: hasSeen ? (newest(productAt(product))?.sequence ?? 0) : 0,
          ...(isLimited && { limit: { sale: friday, units: saleUnitsMax, known: [] } }),
        })),
      };
      return buying.buy(request, purchase);
    },
    newest,
    healNow() {
      network.heal();
      asking.heal();
      unheldShare = 0;
    },
  };

  /** What CATALOG shows of a product, and what was counted outside at last. */
  function newest(product: Identifier) {
    const subject = `log.catalog.${partition}.inventory.changed.${tokenOf(product)}`;
    let shown: { readonly quantity: number; readonly sequence: number } | undefined;
    let counted = shown;
    for (const message of server.catalog.from(1)) {
      const event = message.subject === subject ? stockEventOf(message, epoch) : undefined;
      if (event === undefined) continue;
      shown = { quantity: event.quantity, sequence: message.sequence };
      if (!event.own) counted = shown;
    }
    return shown && { ...shown, counted };
  }
}
