import { availableParallelism } from "node:os";

/** V8's helpers: it would take four on any machine. */
const helpersMax = 4;

/**
 * How Shelfwire's processes are run.
 *
 * A batch of events outlives many of the young generation's collections at its default size of 16 MiB, each
 * of which copies it; with room for whole batches a replay is a third faster. Collections by one thread take
 * a fifth less of a core than by several that share it, and servers beside us want the others. Nor do V8's
 * helpers, which mark and sweep behind, get more cores than there are beside the event loop's: on two cores four of
 * them kept the loops of a gateway from running for 30 ms at a time.
 */
export const nodeFlags = [
  "--min-semi-space-size=64",
  "--max-semi-space-size=128",
  "--no-parallel-scavenge",
  `--v8-pool-size=${Math.max(1, Math.min(helpersMax, availableParallelism() - 1))}`,
];
