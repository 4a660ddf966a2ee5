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
}

export interface PurgingOptions {
  readonly provider: EdgeProvider;
  readonly queue: PurgeQueue;
  /** Rung when something new waits. */
  readonly bell: Bell;
  /** Something was purged, or expired. */
  readonly settled: () => void;
  readonly record: PurgeRecord;
  readonly now: () => number;
  readonly random?: () => number;
}

/** How often it looks for what has expired. */
const lookMs = 1_000;

/** A tag that no answer carries: whether a provider that went down is back is asked with it when nothing else waits. */
const askingTag = "shelfwire-asks";

export function createPurging(options: PurgingOptions): Purging {
  const { provider, queue, bell, settled, record, now, random = Math.random } = options;
  const bucket = createTokenBucket(provider.limits);
  let notBefore = 0;

  function waitMs(): number {
    const asking = record.failures() > 0 ? now() : undefined;
    const dueAt = queue.dueAt() ?? asking;
    if (dueAt === undefined) return lookMs;
    return Math.max(0, dueAt - now(), notBefore - now(), bucket.waitMs(now()));
  }

  async function call(tags: readonly string[], signal: AbortSignal): Promise<void> {
    bucket.spend(now());
    try {
      const concerned = await provider.purge(tags.length === 0 ? [askingTag] : tags, signal);
      record.purged(tags.length, concerned);
      queue.settle("purged");
    } catch (error) {
      queue.settle("failed");
      if (signal.aborted) return;
      record.failed(error);
      const retryAfterMs = error instanceof PurgeFailed ? error.retryAfterMs : 0;
      notBefore = now() + backoffMs(record.failures(), retryAfterMs, random);
    }
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        const expired = queue.expire(now());
        if (expired > 0) {
          record.expired(expired);
          settled();
        }
        const ms = waitMs();
        if (ms > 0) await bell.wait(Math.min(ms, lookMs), signal);
        else {
          await call(queue.take(now(), provider.limits), signal);
          settled();
        }
      }
    },
  };
}
