import { type Aspects, aspects } from "../projections/aspects.ts";

/**
 * The cache policy as a table: what each kind of answer tells browsers and CDNs, how old it may be, how long each tier
 * is trusted, and which changes touch it. Nothing else in the API writes these headers.
 */
export interface CachePolicy {
  /** How old the answer may be when it leaves, in milliseconds. */
  readonly freshnessMs: number;
  /** How long Redis is trusted since its partition was last at the head of the log; past it the log is asked. */
  readonly redisMs?: number;
  /** How long the gateway trusts what it holds since that was last known to be true; absent: it holds none. */
  readonly gatewayMs?: number;
  /** What a change must touch to change the answer, as far as it shows products; absent: events do not drive it. */
  readonly shows?: Shown;
  readonly browser: Lifetime | string;
  readonly cdn?: Lifetime | string;
  readonly vary?: Vary;
  /** For callers who are signed in, where it differs. */
  readonly authenticated?: Pick<CachePolicy, "browser" | "cdn">;
  /** While the edge cannot be relied upon to drop what changes (`edge-trust.ts`), where it differs. */
  readonly unpurged?: Pick<CachePolicy, "browser" | "cdn">;
  /** While the last units of the product are being sold, where it differs: no purge for each of them, but no long life either. */
  readonly lastCall?: Partial<Pick<CachePolicy, "freshnessMs" | "browser" | "cdn">>;
}

/** Aspects of products that an answer shows. */
export interface Shown {
  /** Of the product that it is about. */
  readonly ofSubject: Aspects;
  /** Of every other product in it. */
  readonly ofOthers: Aspects;
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

const { details, price, stock, quantity, rating, reviews } = aspects;
const summary = details | price | stock | rating;
const described = details | rating;
const nothing = { ofSubject: 0, ofOthers: 0 };

const minute = { maxAge: 60, staleWhileRevalidate: 30 };
const uncached = "no-cache, no-store, must-revalidate";

export const cachePolicies = {
  productAssembled: {
    freshnessMs: 5_000,
    redisMs: 300_000,
    gatewayMs: 30_000,
    shows: { ofSubject: summary | quantity, ofOthers: summary },
    browser: { maxAge: 5 },
    cdn: { maxAge: 25, staleWhileRevalidate: 5 },
    vary,
    authenticated: everyLook,
    unpurged: { browser: { maxAge: 5 }, cdn: { maxAge: 5 } },
    lastCall: { browser: { maxAge: 1 }, cdn: { maxAge: 1 } },
  },
  productDetails: {
    freshnessMs: 3_600_000,
    redisMs: 300_000,
    gatewayMs: 30_000,
    shows: { ofSubject: described, ofOthers: described },
    browser: minute,
    cdn: minute,
    vary,
    authenticated: everyLook,
  },
  price: { freshnessMs: 5_000, browser: uncached, cdn: "no-store" },
  inventory: { freshnessMs: 30_000, browser: uncached, cdn: "no-store", lastCall: { freshnessMs: 2_000 } },
  batch: { freshnessMs: 5_000, browser: uncached, cdn: "no-store" },
  listing: {
    freshnessMs: 5_000,
    redisMs: 300_000,
    gatewayMs: 30_000,
    shows: { ofSubject: 0, ofOthers: summary },
    browser: { maxAge: 5 },
    cdn: { maxAge: 5 },
    vary,
  },
  listingDetails: {
    freshnessMs: 3_600_000,
    redisMs: 300_000,
    gatewayMs: 30_000,
    shows: { ofSubject: 0, ofOthers: described },
    browser: minute,
    cdn: { maxAge: 60 },
    vary,
  },
  categories: {
    freshnessMs: 3_600_000,
    redisMs: 300_000,
    gatewayMs: 30_000,
    shows: nothing,
    browser: minute,
    cdn: { maxAge: 60 },
    vary,
  },
  reviews: {
    freshnessMs: 3_600_000,
    redisMs: 300_000,
    gatewayMs: 30_000,
    shows: { ofSubject: rating | reviews, ofOthers: 0 },
    browser: minute,
    cdn: { maxAge: 60 },
    vary,
  },
  image: { freshnessMs: 604_800_000, browser: { maxAge: 604_800 }, cdn: { maxAge: 604_800 } },
} as const satisfies Record<string, CachePolicy>;

/** Of a product by itself, by view. */
export const productPolicies = {
  assembled: cachePolicies.productAssembled,
  details: cachePolicies.productDetails,
} as const;

/** Answers that events change. An image is none: its address names what is in it. */
const changed = Object.values<CachePolicy>(cachePolicies).filter(({ shows }) => shows !== undefined);

/** What of a product a change must touch to be purged at the edge: all that it shows, but a quantity waits its 30 s. */
export const purgedAspects: Aspects = changed.reduce(
  (all, { shows = nothing }) => (all | shows.ofSubject | shows.ofOthers) & ~quantity,
  0,
);

/** For how long a CDN may hold anything that a change makes wrong: what is older than that needs no purge. */
export const longestAtEdgeMs: number = Math.max(
  ...changed.map(({ cdn }) =>
    typeof cdn === "object" ? (cdn.maxAge + (cdn.staleWhileRevalidate ?? 0)) * 1_000 : 0,
  ),
);

/** The header's value. No lifetime, stale time included, reaches past `validForMs`. */
export function cacheControl(lifetime: Lifetime | string, validForMs: number | undefined): string {
  if (typeof lifetime === "string") return lifetime;
  if (validForMs !== undefined) return until(lifetime, Math.max(0, Math.floor(validForMs / 1_000)));
  const known = unbounded.get(lifetime);
  if (known !== undefined) return known;
  const text = until(lifetime, Number.POSITIVE_INFINITY);
  unbounded.set(lifetime, text);
  return text;
}

/** The texts of lifetimes that nothing cuts short, which most answers have. */
const unbounded = new Map<Lifetime, string>();

/** `left`: seconds. */
function until(lifetime: Lifetime, left: number): string {
  const maxAge = Math.min(lifetime.maxAge, left);
  const stale = Math.min(lifetime.staleWhileRevalidate ?? 0, left - maxAge);
  return `public, max-age=${maxAge}${stale > 0 ? `, stale-while-revalidate=${stale}` : ""}`;
}
