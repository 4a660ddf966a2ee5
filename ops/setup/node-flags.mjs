import { availableParallelism } from "node:os";

/** V8's helpers: it would take four on any machine. With one alone, a full collection may have to wait for it. */
const helpers = { least: 2, most: 4 };

/**
 * How Shelfwire's processes are run.
 *
 * A batch of events outlives many of the young generation's collections at its default size of 16 MiB, each
 * of which copies it; with room for whole batches a replay is a third faster. Collections by one thread take
 * a fifth less of a core than by several that share it, and servers beside us want the others. On few cores V8's helpers,
 * which mark and sweep behind, are fewer as well: on two, four of them kept the loops of a gateway from running for 30 ms
 * at a time.
 *
 * What a gateway allocates lives for one request. V8 sees many of these objects survive while the cache is filled, and
 * makes all later ones in the old generation at once, where the dead keep the young alive: collections of 26 ms in place of 3.
 */
export const nodeFlags = [
  "--min-semi-space-size=64",
  "--max-semi-space-size=128",
  "--no-parallel-scavenge",
  "--no-allocation-site-pretenuring",
  `--v8-pool-size=${Math.max(helpers.least, Math.min(helpers.most, availableParallelism() - 1))}`,
];
