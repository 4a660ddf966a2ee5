import type { Fault } from "../../simulation/plan.ts";
import type { StockPlan } from "./plan.ts";
import { createStockWorld, products, startedAt, type StockWorld } from "./world.ts";

/**
 * One run of a plan. First the faults: whatever goes wrong, no promise is broken. Then all heals: from there on everybody gets
 * an answer, and CATALOG shows what is left, and it stays so.
 *
 * Returns the first promise that was broken.
 */
export async function run(plan: StockPlan): Promise<string | undefined> {
  let broken: string | undefined;
  const world = createStockWorld(plan, (what) => {
    broken ??= what;
  });
  const isBroken = () => broken !== undefined;
  // Nobody waits for it: in a real process that is the end.
  const unhandled = (reason: unknown) => {
    broken ??= (reason as Error).stack ?? String(reason);
  };
  process.on("unhandledRejection", unhandled);
  try {
    const { clock, healAt } = world;
    const buying = begin(world);
    await clock.run(healAt, isBroken);
    world.healNow();
    broken ??= await finish(world, buying, isBroken);
    broken ??= await judge(world, isBroken);
  } finally {
    process.off("unhandledRejection", unhandled);
  }
  return broken;
}

/** How long everything may take to come right, which is longer than a buyer's units are held. */
const liveMs = 90_000;
const calmMs = 2_500;

function begin(world: StockWorld): { readonly left: () => number } {
  const { plan, clock } = world;
  const { counts, purchases, keepers, chores, faults, sleep } = plan;
  const from = (moment: number, run: () => void) => clock.at(startedAt + moment, run);
  for (const keeper of keepers) world.start(keeper);
  for (const count of counts) from(count.at, () => void world.count(count));
  let left = purchases.length;
  for (const purchase of purchases) {
    from(purchase.at, () => {
      void world.buy(purchase).then(() => left--);
    });
  }
  for (const { at, keeper, what } of chores)
    from(at, () => (what === "let go" ? world.letGo(keeper) : world.snapshot(keeper)));
  for (const fault of faults) from(fault.at, () => strike(world, fault));
  for (const [process, at] of Object.entries(sleep?.from ?? {}))
    from(at, () => world.freeze(process, startedAt + (sleep?.until[process] ?? 0)));
  return { left: () => left };
}

function strike(world: StockWorld, fault: Fault): void {
  const { clock, server, healAt } = world;
  const until = (ms: number) => Math.min(clock.now() + ms, healAt);
  switch (fault.kind) {
    case "kill":
      world.end(fault.process, fault.downMs);
      return;
    case "stop":
      world.stop(fault.process, fault.downMs);
      return;
    case "freeze":
      world.freeze(fault.process, until(fault.ms));
      return;
    case "silent tail":
      world.silence(fault.process, until(fault.ms));
      return;
    case "down":
      server.downUntil = until(fault.ms);
  }
}

async function finish(
  { clock, stock, server, answers }: StockWorld,
  { left }: { readonly left: () => number },
  isBroken: () => boolean,
): Promise<string | undefined> {
  const deadline = clock.now() + liveMs;
  for (;;) {
    const heads = () => `${stock.head} ${server.catalog.head}`;
    const before = heads();
    await clock.run(clock.now() + calmMs, isBroken);
    if (isBroken()) return undefined;
    if (left() === 0 && heads() === before && answers.unanswered().length === 0) return undefined;
    if (clock.now() > deadline)
      return `not at rest: ${left()} buyers wait, ${answers.unanswered().join(", ")} without an answer`;
  }
}

/** Who wants what is left, and one more. */
const theLast = {
  at: 0,
  buyer: "the last one",
  isLimited: false,
  hasSeen: true,
  heldMs: 60_000,
  fate: "kept",
  fateMs: 0,
} as const;

async function judge(world: StockWorld, isBroken: () => boolean): Promise<string | undefined> {
  const { ledger, buying, clock } = world;
  for (const [name, { how }] of ledger.holds) {
    const decided = buying.decided(name);
    if (how !== "open" && how !== decided) return `${name} ended as ${how}, and it was ${decided}`;
  }
  for (const [at, product] of products.entries()) {
    const shown = world.newest(product);
    if (shown?.counted === undefined) continue;
    const units = ledger.products.get(product);
    const held = units?.held ?? 0;
    // A count that nobody has asked about since is not in the stock.
    const isCounted = units !== undefined && units.counted >= shown.counted.sequence;
    const onHand = isCounted ? units.onHand : shown.counted.quantity;
    const left = Math.max(0, onHand - held);
    if (shown.quantity !== left)
      return `${product}: ${shown.quantity} are shown, and ${left} are left of ${onHand}`;
    for (const more of [1, 0]) {
      if (left + more === 0) continue;
      let outcome: string | undefined;
      const purchase = {
        ...theLast,
        reservation: `last ${at} ${more}`,
        lines: [{ product: at, quantity: left + more }],
      };
      void world.buy(purchase).then((answer) => {
        outcome = answer.outcome;
      });
      await clock.run(clock.now() + 10_000, () => outcome !== undefined || isBroken());
      if (isBroken()) return undefined;
      if (outcome !== (more === 0 ? "held" : "short"))
        return `${product}: ${left} are left, and who wants ${left + more} is told "${outcome}"`;
    }
  }
  return undefined;
}
