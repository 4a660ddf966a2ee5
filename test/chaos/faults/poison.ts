import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "../fault.ts";

export const poison: Fault = {
  name: "poison",
  story:
    "every third event is none: wrong bytes, wrong fields, impossible values, subjects that name nothing, " +
    "second spellings of an identifier, and sizes up to 1.1 MB; larger ones are refused by the log",
  badShare: 0.35,
  withProjector: false,
  arm: () => ({
    async harm({ publishing: { fates }, story, harmMs }) {
      await delay(harmMs);
      return [...fates.tried].filter((index) => story.at(index).isBad).length;
    },
  }),
};
