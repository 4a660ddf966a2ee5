import type { EdgeProvider } from "../../actors/edge-purge/edge-provider.ts";
import { createCloudflare } from "./cloudflare.ts";
import { createCloudFront } from "./cloudfront.ts";
import { createFastly } from "./fastly.ts";
import type { PurgeConfig } from "./settings.ts";
import { createVarnish } from "./varnish.ts";

/** The edges that the settings name. */
export function createProviders({
  varnish,
  fastly,
  cloudflare,
  cloudfront,
}: PurgeConfig): readonly EdgeProvider[] {
  return [
    ...(varnish ?? []).map(createVarnish),
    ...(fastly === undefined ? [] : [createFastly(fastly)]),
    ...(cloudflare === undefined ? [] : [createCloudflare(cloudflare)]),
    ...(cloudfront === undefined ? [] : [createCloudFront(cloudfront)]),
  ];
}
