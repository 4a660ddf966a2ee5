import { httpCrowd, type HttpPlan } from "./http-part.ts";
import type { StartPart } from "./part.ts";
import { createSystemOfRecord } from "./system-of-record.ts";

/**
 * Buyers over HTTP, and beside them a system of record that counts what they buy, also below what is on hold for them, while
 * keepers are killed and stand still. In the end it counts each product once more, and what it says then is sold to the last
 * unit.
 */
const unitsOfEach = 12;
const lastUnits = 5;

export const recountsPart =
  (plan: HttpPlan): StartPart =>
  (rig, random) => {
    const crowd = httpCrowd(
      plan,
      { name: "recounts", units: unitsOfEach, targets: ["keeper", "standing keeper", "standing nats"] },
      rig,
      random,
    );
    const record = createSystemOfRecord(rig.catalogue.catalog, crowd.shop, random);
    return {
      ...crowd,
      async play() {
        record.begin();
        try {
          await crowd.play();
        } finally {
          await record.stop();
        }
      },
      async sellOut() {
        await record.countAll(lastUnits);
        await crowd.sellOut();
      },
      figures: async () => ({ ...(await crowd.figures()), recounts: record.events() }),
    };
  };
