import type { Random } from "../../ops/demo/random.ts";
import type { CrowdFigures, CrowdSettings, CrowdWorks } from "./crowd.ts";
import { type Asked, createLedger } from "./ledger.ts";
import type { Part, PartName } from "./part.ts";
import type { Rig } from "./rig.ts";
import { createShop, type ShopSettings, triesOfVisit, visitOf } from "./shop.ts";
import { strikeAtRandom, type Striking, type Target } from "./strikes.ts";
import { startThread } from "./work-thread.ts";

/** A crowd of buyers in a thread of its own, and strikes at whatever they need. */
export interface CrowdPartSettings {
  readonly name: PartName;
  readonly placesOrders: boolean;
  readonly thread: URL;
  readonly shop: ShopSettings;
  readonly crowd: Pick<CrowdSettings, "attempts" | "calmMs" | "buyers">;
  /** What else the thread is given. */
  readonly way: object;
  readonly targets: readonly Target[];
  /** Between two strikes. */
  readonly strikeGapMs: readonly [number, number];
  /** The name that the attempt's reservation has. */
  readonly nameOf: (attempt: number) => string;
  readonly onProgress?: ((figures: CrowdFigures) => void) | undefined;
}

const progressMs = 10_000;

export function startCrowdPart(settings: CrowdPartSettings, rig: Rig, random: Random): Part {
  const { name, placesOrders, crowd, targets, strikeGapMs, nameOf, onProgress } = settings;
  const shop = createShop(settings.shop);
  // A buyer whose visit came to nothing leaves a gap.
  const bytes = new SharedArrayBuffer(triesOfVisit * (crowd.attempts + 2 * crowd.buyers));
  const ledger = createLedger(bytes);
  const own: CrowdSettings = { ...crowd, shop: settings.shop, ledger: bytes };
  const thread = startThread<CrowdWorks>(settings.thread, { ...settings.way, ...own });
  let striking: Striking | undefined;
  let last: readonly Asked[] = [];

  return {
    name,
    shop,
    placesOrders,
    async play() {
      await thread.tell("calm");
      striking = strikeAtRandom(rig, { targets, gapMs: strikeGapMs, random });
      const telling = setInterval(() => void thread.tell("figures").then(onProgress, () => {}), progressMs);
      try {
        await thread.tell("rush");
      } finally {
        clearInterval(telling);
        await striking.stop();
      }
    },
    async sellOut() {
      last = await thread.tell("sellOut");
    },
    *asked() {
      for (let attempt = 0; attempt < ledger.size; attempt++) {
        const outcome = ledger.at(attempt);
        if (outcome === "unasked") continue;
        yield { reservation: nameOf(attempt), lines: shop.cartOf(visitOf(attempt)), outcome };
      }
      yield* last;
    },
    async figures() {
      const figures = await thread.tell("figures");
      const strikes = striking && { strikes: striking.counts };
      return { crowd: figures, ...strikes, wrong: figures.wrong.first };
    },
    close: thread.close,
  };
}
