import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.ts";

const badShare = 0.35;

export const poison: Fault = {
  name: "poison",
  story:
    "every third event is none: wrong bytes, wrong fields, impossible values, subjects that name nothing, " +
    "second spellings of an identifier, and sizes up to 1.1 MB; larger ones are refused by the log",
  badShare,
  withProjector: false,
  arm: () => ({
    async harm({ publishing: { fates }, harmMs }) {
      const before = fates.tried.size;
      await delay(harmMs);
      return Math.round((fates.tried.size - before) * badShare);
    },
  }),
};
