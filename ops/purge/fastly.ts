import type { EdgeProvider } from "../../actors/edge-purge/edge-provider.ts";
import { call } from "./call.ts";

/**
 * Fastly: `POST /service/{id}/purge` with up to 256 keys in `Surrogate-Key`, as answers carry them
 * (fastly.com/documentation/reference/api/purging, "Purge multiple surrogate key tags").
 *
 * A purge is hard unless `soft` is asked for: Fastly may serve what was purged softly for its stale-while-revalidate,
 * and the next reader must see the new value. A service that sets `beresp.stale_while_revalidate` to 0 may have it soft
 * (`Fastly-Soft-Purge: 1`), and keeps the old answer for when the API says nothing.
 *
 * Limits: 256 keys a call, 16,384 bytes of keys in the header; 100,000 purges an hour for a customer, which is 27 a second
 * (docs.fastly.com/en/guides/resource-limits). Beyond them Fastly answers 429. With a shield a point of presence may fetch
 * the old answer from it before it is purged there: Fastly's advice is to purge twice, two seconds apart.
 */
export function createFastly(options: {
  readonly service: string;
  readonly token: string;
  readonly soft: boolean;
  readonly api?: string;
}): EdgeProvider {
  const { service, token, soft, api = "https://api.fastly.com" } = options;
  const url = new URL(`/service/${encodeURIComponent(service)}/purge`, api);
  return {
    name: "fastly",
    limits: {
      tagsPerCall: 256,
      tagBytesPerCall: 16_384,
      callsAtOnce: 100,
      callsPerSecond: 27,
      againAfterMs: 2_000,
    },
    async purge(tags, signal) {
      const headers = {
        accept: "application/json",
        "fastly-key": token,
        "surrogate-key": tags.join(" "),
        ...(soft && { "fastly-soft-purge": "1" }),
      };
      await call(url.host, () => new Request(url, { method: "POST", headers }), signal);
      return undefined;
    },
  };
}
