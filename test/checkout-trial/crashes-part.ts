import { createRandom } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { nothingSeen } from "../outages/seen.ts";
import { id } from "../streams/id.ts";
import { type Buyer, createBuyer } from "./buyer.ts";
import { crash, type Crashed, moments } from "./crash.ts";
import { keeperOf } from "./keeping.ts";
import type { Asked } from "./ledger.ts";
import { buyLastUnits } from "./last-units.ts";
import type { CrashFigures, StartPart } from "./part.ts";
import type { ApiNode } from "./rig.ts";
import { createShop, type Fate } from "./shop.ts";
import { standStill } from "./stand.ts";

/**
 * Crashes between an append and the answer that belongs to it: what a reservation writes is watched for in the logs, and
 * when it stands there the process that is to answer gets its kill -9. Its buyer then repeats the request with the same
 * key, of a node the other one. The reservation must be one, and its units be taken once. And keepers that stand still
 * between a question and its answer (`stand.ts`).
 */
export interface CrashesPlan {
  readonly seed: number;
  /** Of each kind. */
  readonly crashes: number;
}

const productCount = 16;
const unitsOfEach = 200;
const quantity = 2;
const fates: readonly Fate[] = ["sold", "cancelled", "sold"];
/** An answer may be faster than a signal. */
const triesForOne = 10;

export const crashesPart =
  ({ seed, crashes }: CrashesPlan): StartPart =>
  (rig) => {
    const shop = createShop({
      seed,
      name: "crash",
      productCount,
      units: unitsOfEach,
      users: 1,
      onePartition: false,
    });
    const counts: CrashFigures = {
      node: { hit: 0, late: 0 },
      keeper: { hit: 0, late: 0 },
      "standing keeper": { hit: 0, late: 0 },
    };
    const wrong = nothingSeen();
    const asked: Asked[] = [];
    const random = createRandom(seed, -1);
    const buyerOf = (nodes: readonly ApiNode[]): Buyer =>
      createBuyer({
        nodes,
        secret: rig.secret,
        random,
        repeats: { unanswered: 0, unavailable: 0, inProgress: 0, tooMany: 0 },
        wrong,
        onReserved() {},
      });

    const everywhere = buyerOf(rig.nodes);
    const alone = new Map(rig.nodes.map((node) => [node, buyerOf([node])]));
    let purchases = 0;

    function nextPurchase() {
      const number = purchases++;
      const product = shop.products[number % productCount] as Identifier;
      const [node, other] = number % 2 === 0 ? rig.nodes : rig.nodes.toReversed();
      if (node === undefined || other === undefined) throw new Error("there must be two API nodes");
      const user = id(`crash-buyer-${number}`);
      const fate = fates[number % fates.length] ?? "sold";
      return { user, line: { product, quantity }, fate, node, other };
    }

    function crashNode(turn: number) {
      const { other, ...purchase } = nextPurchase();
      const moment = moments[turn % moments.length] ?? "taken";
      const buyer = alone.get(other) ?? everywhere;
      return crash(rig, { ...purchase, buyer, moment, kill: purchase.node.life.kill });
    }

    async function crashKeeper() {
      const { other: _, ...purchase } = nextPurchase();
      const { kill } = await keeperOf(rig, purchase.line.product);
      return crash(rig, { ...purchase, buyer: everywhere, moment: "taken", kill });
    }

    async function stand(): Promise<void> {
      const { user, line } = nextPurchase();
      const stood = await standStill(rig, { ...line, name: user, buyer: everywhere });
      count("standing keeper", stood.isHit);
      asked.push(...stood.asked);
    }

    const count = (kind: keyof CrashFigures, isHit: boolean) => counts[kind][isHit ? "hit" : "late"]++;

    function isDue(kind: keyof CrashFigures): boolean {
      const { hit, late } = counts[kind];
      return hit < crashes && hit + late < crashes * triesForOne;
    }

    /** A buyer whose node crashed waits until his attempt is given up; others meet theirs meanwhile. */
    async function playTurn(turn: number): Promise<void> {
      const finishing: Promise<Asked>[] = [];
      const meet = async (kind: "node" | "keeper", crashed: Promise<Crashed>) => {
        const { isHit, finish } = await crashed;
        count(kind, isHit);
        finishing.push(finish());
      };
      if (isDue("node")) await meet("node", crashNode(turn));
      if (isDue("standing keeper")) await stand();
      if (isDue("keeper")) await meet("keeper", crashKeeper());
      asked.push(...(await Promise.all(finishing)));
    }

    const kinds = Object.keys(counts) as readonly (keyof CrashFigures)[];

    return {
      name: "crashes",
      shop,
      placesOrders: true,
      async play() {
        for (let turn = 0; kinds.some(isDue); turn++) await playTurn(turn);
      },
      async sellOut() {
        for (const product of shop.products) asked.push(...(await buyLastUnits(product, everywhere)));
      },
      asked: () => asked,
      async figures() {
        const few = kinds
          .filter((kind) => counts[kind].hit < crashes)
          .map((kind) => `of ${crashes} crashes of a ${kind} ${counts[kind].hit} came before the answer`);
        return { crashes: counts, wrong: [...few, ...wrong.first] };
      },
      async close() {
        for (const buyer of [everywhere, ...alone.values()]) buyer.close();
      },
    };
  };
