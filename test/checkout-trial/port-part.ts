import type { CrowdFigures, CrowdSettings } from "./crowd.ts";
import { startCrowdPart } from "./crowd-part.ts";
import type { StartPart } from "./part.ts";

/** Buyers who ask the keepers themselves, without quotes, records and HTTP in front of them: the million in minutes. */
export interface PortSettings extends CrowdSettings {
  readonly natsUrls: readonly string[];
}

export interface PortPlan {
  readonly seed: number;
  readonly attempts: number;
  readonly products: number;
  readonly calmMs: number;
  readonly strikeGapMs: readonly [number, number];
  readonly onProgress?: (figures: CrowdFigures) => void;
}

/** As many as a connection may have questions under way, and half of it free for those who end what they hold. */
const buyers = 2_048;
const users = 20_000;
const unitsPerAttempt = 0.12;

/** As long as the names that the checkout gives. */
export const portReservation = (attempt: number | string): string => `p${String(attempt).padStart(26, "0")}`;

export const portPart =
  ({ seed, attempts, products, calmMs, strikeGapMs, onProgress }: PortPlan): StartPart =>
  (rig, random) =>
    startCrowdPart(
      {
        name: "port",
        placesOrders: false,
        thread: new URL("./port-thread.ts", import.meta.url),
        shop: {
          seed,
          name: "port",
          productCount: products,
          units: Math.ceil((attempts * unitsPerAttempt) / products),
          users,
          onePartition: true,
        },
        crowd: { attempts, calmMs, buyers: Math.min(buyers, Math.ceil(attempts / 8)) },
        way: { natsUrls: rig.natsUrls },
        targets: ["keeper", "nats", "standing nats", "standing keeper"],
        strikeGapMs,
        nameOf: portReservation,
        onProgress,
      },
      rig,
      random,
    );
