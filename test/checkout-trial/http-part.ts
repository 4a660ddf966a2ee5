import { reservationOf } from "../../api/checkout/reservation.ts";
import type { Random } from "../../ops/demo/random.ts";
import type { Target } from "../../ops/rehearse/connection.ts";
import type { CrowdFigures, CrowdSettings } from "./crowd.ts";
import { startCrowdPart } from "./crowd-part.ts";
import type { Part, StartPart } from "./part.ts";
import type { Rig } from "./rig.ts";
import { createShop, type ShopSettings, visitOf } from "./shop.ts";
import type { Target as Victim } from "./strikes.ts";

/** Buyers over HTTP, on all nodes: a quote, a reservation with a key of its own, and an order, a cancellation, or nothing more. */
export interface HttpSettings extends CrowdSettings {
  readonly nodes: readonly Target[];
  readonly secret: string;
}

export interface HttpPlan {
  readonly seed: number;
  readonly attempts: number;
  readonly products: number;
  readonly calmMs: number;
  readonly strikeGapMs: readonly [number, number];
  readonly onProgress?: (figures: CrowdFigures) => void;
}

/**
 * Many of them wait for a keeper that was killed or stands still; the others find keepers and nodes that have time for
 * them.
 */
const buyersMax = 256;
const attemptsOfBuyer = 6;
/** A tenth of all who ask get something, so that stock runs out long before they are through. */
const unitsPerAttempt = 0.12;
/** So many that no account begins more in a minute than it may. */
const usersMin = 1_000;
const usersMax = 50_000;
const attemptsOfUser = 20;

export const httpPart =
  (plan: HttpPlan): StartPart =>
  (rig, random) => {
    const units = Math.ceil((plan.attempts * unitsPerAttempt) / plan.products);
    const targets = ["keeper", "node", "nats", "standing nats", "standing keeper"] as const;
    return httpCrowd(plan, { name: "http", units, targets }, rig, random);
  };

interface HttpCrowd {
  readonly name: "http" | "recounts";
  /** Of each product. */
  readonly units: number;
  readonly targets: readonly Victim[];
}

export function httpCrowd(
  { seed, attempts, products, calmMs, strikeGapMs, onProgress }: HttpPlan,
  { name, units, targets }: HttpCrowd,
  rig: Rig,
  random: Random,
): Part {
  const settings: ShopSettings = {
    seed,
    name,
    productCount: products,
    units,
    users: Math.min(usersMax, Math.max(usersMin, Math.ceil(attempts / attemptsOfUser))),
    onePartition: false,
  };
  const { userOf } = createShop(settings);
  const nodes = rig.nodes.map(({ hostname, port }): Target => ({ hostname, port }));
  return startCrowdPart(
    {
      name,
      placesOrders: true,
      thread: new URL("./http-thread.ts", import.meta.url),
      shop: settings,
      crowd: { attempts, calmMs, buyers: Math.min(buyersMax, Math.ceil(attempts / attemptsOfBuyer)) },
      way: { nodes, secret: rig.secret },
      targets,
      strikeGapMs,
      nameOf: (attempt) => reservationOf(userOf(visitOf(attempt)), String(attempt)),
      onProgress,
    },
    rig,
    random,
  );
}
