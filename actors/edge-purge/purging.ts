import type { Bell } from "../bell.ts";
import type { EdgeProvider } from "./edge-provider.ts";
import { PurgeFailed } from "./edge-provider.ts";
import { backoffMs, createTokenBucket } from "./pace.ts";
import type { PurgeQueue } from "./purge-queue.ts";
import type { PurgeRecord } from "./purge-record.ts";

/**
 * Sends what waits to the provider: one call at a time, as large as it may be, no sooner than the provider's rate and its
 * last failure allow.
 */
export interface Purging {
  /** Until `signal` aborts. A provider that fails is no error here. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the first call has succeeded or failed, or none is needed to know how the provider is. */
  readonly tried: Promise<void>;
}

export interface PurgingOptions {
  readonly provider: EdgeProvider;
  readonly queue: PurgeQueue;
  /** Rung when something new waits. */
  readonly bell: Bell;
  /** Something was purged, or expired. */
  readonly settled: () => void;
  readonly record: PurgeRecord;
  /** Monotonic milliseconds: a wall clock that is put back would stop all calls until it has caught up. */
  readonly clock: () => number;
  readonly random?: () => number;
}

/** How often it looks for what has expired. */
const lookMs = 1_000;

/** A tag that no answer carries: it asks a provider whether it takes purges while nothing else waits. */
const askingTag = "shelfwire-asks";

export function createPurging(options: PurgingOptions): Purging {
  const { provider, queue, bell, settled, record, clock, random = Math.random } = options;
  const bucket = createTokenBucket(provider.limits);
  let notBefore = 0;
  const tried = Promise.withResolvers<void>();

  function waitMs(): number {
    const asking = record.isInDoubt() ? clock() : undefined;
    const dueAt = queue.dueAt() ?? asking;
    if (dueAt === undefined) return lookMs;
    return Math.max(0, dueAt - clock(), notBefore - clock(), bucket.waitMs(clock()));
  }

  async function call(tags: readonly string[], signal: AbortSignal): Promise<void> {
    bucket.spend(clock());
    try {
      const concerned = await provider.purge(tags.length === 0 ? [askingTag] : tags, signal);
      record.purged(tags.length, concerned);
      queue.settle("purged", clock());
    } catch (error) {
      queue.settle("failed", clock());
      if (signal.aborted) return;
      record.failed(error, clock());
      const retryAfterMs = error instanceof PurgeFailed ? error.retryAfterMs : 0;
      notBefore = clock() + backoffMs(record.failures(), retryAfterMs, random);
    }
  }

  return {
    tried: tried.promise,
    async run(signal) {
      if (!record.isInDoubt()) tried.resolve();
      while (!signal.aborted) {
        const expired = queue.expire(clock());
        if (expired > 0) {
          record.expired(expired, clock());
          settled();
        }
        const ms = waitMs();
        if (ms > 0) await bell.wait(Math.min(ms, lookMs), signal);
        else {
          await call(queue.take(clock(), provider.limits), signal);
          tried.resolve();
          settled();
        }
      }
      tried.resolve();
    },
  };
}
