/**
 * An edge that can be purged by tags, as a port: a CDN, or caches of one's own. The adapters are in `ops/purge/`.
 *
 * A purge may be repeated: it drops what was stored under a tag up to the moment at which it is carried out.
 */
export interface EdgeProvider {
  /** Letters, digits and `-`: it names the consumer and the lease of the actor that purges it. */
  readonly name: string;
  readonly limits: ProviderLimits;
  /**
   * Resolves when every cache of the provider has taken it. The number is how many stored answers it concerned, where
   * the provider says so. Throws `PurgeFailed`; which of the tags were purged is not known then.
   */
  purge(tags: readonly string[], signal: AbortSignal): Promise<number | undefined>;
}

/** What the provider's documentation allows; its source stands with each adapter. */
export interface ProviderLimits {
  readonly tagsPerCall: number;
  /** Of all tags of a call, with one byte between them. */
  readonly tagBytesPerCall: number;
  /** A token bucket: so many calls at once, refilled at this rate. */
  readonly callsAtOnce: number;
  readonly callsPerSecond: number;
  /**
   * How long after a purge the same tag is purged once more, in milliseconds; 0: never. With caches behind caches, what
   * was fetched before the purge may still be on its way, and be stored behind it.
   */
  readonly againAfterMs: number;
}

export class PurgeFailed extends Error {
  override readonly name = "PurgeFailed";
  /** Milliseconds that the provider asks to be left alone. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 0) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
