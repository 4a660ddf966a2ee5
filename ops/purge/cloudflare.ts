import { z } from "zod";
import {
  type EdgeProvider,
  PurgeFailed,
  type ProviderLimits,
} from "../../actors/edge-purge/edge-provider.ts";
import { call } from "./call.ts";

/**
 * Cloudflare: `POST /client/v4/zones/{zone}/purge_cache` with `{"tags": [...]}`, the tags that answers carry in
 * `Cache-Tag` (developers.cloudflare.com/cache/how-to/purge-cache/purge-by-tags).
 *
 * Limits, of the account (developers.cloudflare.com/cache/how-to/purge-cache, "Limits"): 100 tags a call, and a token
 * bucket of calls that is as large and as fast as the plan. Beyond them Cloudflare answers 429.
 * Tiered caches fetch from each other, so each tag is purged once more.
 */
export const cloudflarePlans = ["free", "pro", "business", "enterprise"] as const;
export type CloudflarePlan = (typeof cloudflarePlans)[number];

const callsOf: Readonly<Record<CloudflarePlan, Pick<ProviderLimits, "callsAtOnce" | "callsPerSecond">>> = {
  free: { callsAtOnce: 25, callsPerSecond: 5 / 60 },
  pro: { callsAtOnce: 25, callsPerSecond: 5 },
  business: { callsAtOnce: 50, callsPerSecond: 10 },
  enterprise: { callsAtOnce: 500, callsPerSecond: 50 },
};

const answer = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ message: z.string() })).default([]),
});

export function createCloudflare(options: {
  readonly zone: string;
  readonly token: string;
  readonly plan: CloudflarePlan;
  readonly api?: string;
}): EdgeProvider {
  const { zone, token, plan, api = "https://api.cloudflare.com" } = options;
  const url = new URL(`/client/v4/zones/${encodeURIComponent(zone)}/purge_cache`, api);
  return {
    name: "cloudflare",
    limits: { tagsPerCall: 100, tagBytesPerCall: 64 * 1024, againAfterMs: 2_000, ...callsOf[plan] },
    async purge(tags, signal) {
      const request = () =>
        new Request(url, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify({ tags }),
        });
      const said = answer.safeParse(jsonIn(await call(url.host, request, signal)));
      if (said.data?.success !== true) {
        const problems = said.data?.errors.map(({ message }) => message).join("; ") ?? "";
        throw new PurgeFailed(`cloudflare did not purge: ${problems}`);
      }
      return undefined;
    },
  };
}

/** Undefined for what is no JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
