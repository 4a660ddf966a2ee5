import type { Identifier } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";
import type { Buyer } from "./buyer.ts";
import { keeperOf, untilKeeping } from "./keeping.ts";
import { buy, tooMany } from "./last-units.ts";
import type { Asked } from "./ledger.ts";
import type { Rig } from "./rig.ts";

/**
 * The process that keeps a product stands still until another one keeps its stock. A buyer had asked the first one, and is
 * refused by the second, since somebody else has all units. Those are given back, and then the first one goes on, with the
 * question still before it: what it would take for the buyer now, nobody would ever know of.
 */
export interface Stand {
  readonly product: Identifier;
  readonly quantity: number;
  /** Tells its buyers from those of others. */
  readonly name: string;
  readonly buyer: Buyer;
}

export interface Stood {
  /** Whether it was a refusal that the keeper woke up to. */
  readonly isHit: boolean;
  readonly asked: readonly Asked[];
}

export async function standStill(rig: Rig, { product, quantity, name, buyer }: Stand): Promise<Stood> {
  const [holder, waiter] = [id(`holder-${name}`), id(`waiter-${name}`)];
  const probe = await buy(buyer, holder, "probe", { product, quantity: tooMany }, "sold");
  const all = { product, quantity: probe.available };
  const held = await buy(buyer, holder, "all", all, "left");
  const keeper = await keeperOf(rig, product);
  const pid = keeper.pid();
  if (pid === undefined) throw new Error(`the keeper of ${product} does not run`);
  process.kill(pid, "SIGSTOP");
  try {
    const refused = await buy(buyer, waiter, "once", { product, quantity }, "sold");
    const isGivenBack = await buyer.end(holder, held.reservation, "cancelled");
    const outcome = held.outcome === "left" && isGivenBack ? "cancelled" : "unknown";
    return { isHit: refused.outcome === "refused", asked: [probe, { ...held, outcome }, refused] };
  } finally {
    process.kill(pid, "SIGCONT");
    await untilKeeping(rig, pid);
  }
}
