import { setTimeout as delay } from "node:timers/promises";
import { createDeliveryTrouble, type TroubleKind } from "../deliveries.ts";
import { type Fault, usualBadShare } from "../fault.ts";

/** Both ways in which deliveries go wrong on the wire. */
function wrong(kind: TroubleKind, story: string): Fault {
  return {
    name: kind,
    story,
    badShare: usualBadShare,
    withProjector: false,
    arm(random) {
      const trouble = createDeliveryTrouble(random);
      return {
        meddling: trouble.meddling,
        async harm({ world, harmMs }) {
          trouble.begin(kind);
          // An emptied Redis has the whole log delivered once more, troubled as it is.
          await delay(harmMs / 2);
          await world.catalogue.redis.flushall();
          await delay(harmMs / 2);
          trouble.end();
          return trouble.count();
        },
      };
    },
  };
}

export const duplicate = wrong(
  "duplicate",
  "a proxy that reads the NATS protocol repeats every tenth delivery to the projector, at once or up to twenty " +
    "deliveries later; halfway Redis is emptied, so that the whole log is delivered like that",
);

export const reorder = wrong(
  "reorder",
  "the same proxy gathers windows of 2 to 100 deliveries to the projector and passes them on shuffled; halfway " +
    "Redis is emptied as well",
);
