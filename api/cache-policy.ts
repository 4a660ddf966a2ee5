/**
 * The cache policy as a table: what each kind of answer tells browsers and CDNs, and how old it may be.
 * Nothing else in the API writes these headers.
 */
export interface CachePolicy {
  /** How old the answer may be when it leaves, in milliseconds. */
  readonly freshnessMs: number;
  /** How long the gateway trusts what it holds since that was last known to be true; absent: it holds none. */
  readonly gatewayMs?: number;
  readonly browser: Lifetime | string;
  readonly cdn?: Lifetime | string;
  readonly vary?: Vary;
  /** For callers who are signed in, where it differs. */
  readonly authenticated?: Pick<CachePolicy, "browser" | "cdn">;
}

/** What the answer may depend on, for a caller without and with a token. */
export interface Vary {
  readonly anonymous: string;
  readonly authenticated: string;
}

/** A lifetime that a known change cuts short. Seconds. */
export interface Lifetime {
  readonly maxAge: number;
  readonly staleWhileRevalidate?: number;
}

const vary = {
  anonymous: "Accept-Encoding, Accept-Language, Authorization",
  authenticated: "Authorization, Accept-Encoding",
};

/** Each look of a known user counts as a view, so each must come here; a 304 is enough of an answer. */
const everyLook = { browser: "private, max-age=0, must-revalidate", cdn: "no-store" };

export const cachePolicies = {
  productAssembled: {
    freshnessMs: 5_000,
    gatewayMs: 30_000,
    browser: { maxAge: 5 },
    cdn: { maxAge: 25, staleWhileRevalidate: 5 },
    vary,
    authenticated: everyLook,
  },
  productDetails: {
    freshnessMs: 3_600_000,
    gatewayMs: 30_000,
    browser: { maxAge: 60, staleWhileRevalidate: 30 },
    cdn: { maxAge: 60, staleWhileRevalidate: 30 },
    vary,
    authenticated: everyLook,
  },
  price: { freshnessMs: 5_000, browser: "no-cache, no-store, must-revalidate", cdn: "no-store" },
  inventory: { freshnessMs: 30_000, browser: "no-cache, no-store, must-revalidate", cdn: "no-store" },
  batch: { freshnessMs: 5_000, browser: "no-cache, no-store, must-revalidate", cdn: "no-store" },
  listing: { freshnessMs: 5_000, browser: { maxAge: 5 }, cdn: { maxAge: 5 }, vary },
  listingDetails: {
    freshnessMs: 3_600_000,
    browser: { maxAge: 60, staleWhileRevalidate: 30 },
    cdn: { maxAge: 60 },
    vary,
  },
  categories: {
    freshnessMs: 3_600_000,
    browser: { maxAge: 60, staleWhileRevalidate: 30 },
    cdn: { maxAge: 60 },
    vary,
  },
  reviews: {
    freshnessMs: 3_600_000,
    browser: { maxAge: 60, staleWhileRevalidate: 30 },
    cdn: { maxAge: 60 },
    vary,
  },
  image: { freshnessMs: 604_800_000, browser: { maxAge: 604_800 }, cdn: { maxAge: 604_800 } },
} as const satisfies Record<string, CachePolicy>;

/** The header's value. No lifetime, stale time included, reaches past `validForMs`. */
export function cacheControl(lifetime: Lifetime | string, validForMs: number | undefined): string {
  if (typeof lifetime === "string") return lifetime;
  const left =
    validForMs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor(validForMs / 1_000));
  const maxAge = Math.min(lifetime.maxAge, left);
  const stale = Math.min(lifetime.staleWhileRevalidate ?? 0, left - maxAge);
  return `public, max-age=${maxAge}${stale > 0 ? `, stale-while-revalidate=${stale}` : ""}`;
}
