import { type Fault, strikeOften, usualBadShare } from "../fault.ts";

export const flush: Fault = {
  name: "flush",
  story: "FLUSHALL, with the scripts at times, while events flow and readers read; also twice at once",
  badShare: usualBadShare,
  withProjector: false,
  arm: () => ({
    harm: ({ world: { catalogue }, random, ...scene }) =>
      strikeOften({ random, ...scene }, [50, 900], async () => {
        await catalogue.redis.flushall();
        if (random.chance(0.3)) await catalogue.redis.script("FLUSH");
        if (random.chance(0.3)) await catalogue.redis.flushall();
      }),
  }),
};
