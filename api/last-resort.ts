import { createSlots } from "../streams/slots.ts";
import { type Breaker, BreakerOpen } from "./breaker.ts";
import { isUnavailable } from "./problems.ts";
import type { CatalogReader } from "./reader.ts";

const pastAtOnceMax = 16;
const pastMsMax = 1_000;

/**
 * A breaker spares a server that does not answer, and readers the wait for it; it is never the reason for having no
 * answer. Where no tier answers and a breaker may have refused, the tiers are asked past the breakers, a few reads at a
 * time and for a second at most; the rest hear at once that nothing answers. Strong reads always go past: they have one
 * tier only. What succeeds on this way is a sign of life of the tier that answered.
 */
export interface Breakers {
  readonly redis: Breaker;
  readonly log: Breaker;
}

export function withLastResort(
  reader: CatalogReader,
  past: CatalogReader,
  breakers: Breakers,
): CatalogReader {
  const slots = createSlots(pastAtOnceMax);

  async function fromLog<T>(read: Promise<T>): Promise<T> {
    const value = await read;
    breakers.log.nudge();
    return value;
  }

  async function fromEither(read: ReturnType<CatalogReader["read"]>) {
    const results = await read;
    for (const found of results) {
      if (found?.source === "redis") breakers.redis.nudge();
      if (found?.source === "log") breakers.log.nudge();
    }
    return results;
  }

  const mayRefuse = () => breakers.redis.state !== "closed" || breakers.log.state !== "closed";

  async function orPast<T>(read: () => Promise<T>, again: () => Promise<T>): Promise<T> {
    const refuses = mayRefuse();
    try {
      return await read();
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (!refuses && !isRefusal(error)) throw error;
      const tried = slots.tryRun(again);
      if (tried === undefined) throw error;
      return within(tried, error);
    }
  }

  return {
    ...reader,
    read(ids, options) {
      const read = () => reader.read(ids, options);
      return options.hasOlder === true
        ? read()
        : orPast(read, () => fromEither(past.read(ids, { ...options, stored: "none" })));
    },
    category: (id) =>
      orPast(
        () => reader.category(id),
        () => fromLog(past.category(id)),
      ),
    strongPrice: (id) => fromLog(past.strongPrice(id)),
    strongInventory: (id) => fromLog(past.strongInventory(id)),
    strongExists: (id) => fromLog(past.strongExists(id)),
    strongDetails: (id) => fromLog(past.strongDetails(id)),
  };
}

/** Whether a breaker that opened meanwhile is at the bottom of it. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof BreakerOpen || isRefusal(error.cause);
}

/** The value, or the error where it takes too long. */
async function within<T>(value: Promise<T>, late: Error): Promise<T> {
  const timeout = Promise.withResolvers<T>();
  const timer = setTimeout(() => timeout.reject(late), pastMsMax);
  try {
    return await Promise.race([value, timeout.promise]);
  } finally {
    clearTimeout(timer);
    value.catch(() => {});
  }
}
