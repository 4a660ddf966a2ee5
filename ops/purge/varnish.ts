import { z } from "zod";
import { type EdgeProvider, PurgeFailed } from "../../actors/edge-purge/edge-provider.ts";
import { call } from "./call.ts";

/**
 * Varnish with the module xkey, behind the configuration in `ops/edge/`: `PURGE /` with the tags, separated by spaces, in
 * `xkey-softpurge`. What has one of them ends its freshness at once and its bytes stay for as long as its grace, so the
 * next reader gets what the API says, and the old answer only where the API says nothing. The answer is
 * `{"purged": <stored answers>}`.
 *
 * Limits: a line of a request's head may have 8 KiB (`http_req_hdr_len`, varnishd(1)); xkey takes some 9,500 purges a
 * second on one core.
 */
export function createVarnish(addresses: readonly string[]): EdgeProvider {
  async function purgeAt(address: string, tags: string, signal: AbortSignal): Promise<number> {
    const request = new Request(new URL("/", address), {
      method: "PURGE",
      headers: { "xkey-softpurge": tags },
    });
    return purgedIn(await call(request, signal));
  }

  return {
    name: "varnish",
    limits: { tagsPerCall: 256, tagBytesPerCall: 7_000, callsAtOnce: 50, callsPerSecond: 200 },
    async purge(tags, signal) {
      const spaced = tags.join(" ");
      const purged = await Promise.all(addresses.map((address) => purgeAt(address, spaced, signal)));
      return purged.reduce((sum, each) => sum + each, 0);
    },
  };
}

const answer = z.object({ purged: z.coerce.number() });

function purgedIn(text: string): number {
  try {
    return answer.parse(JSON.parse(text)).purged;
  } catch {
    throw new PurgeFailed(
      `what answers is no Varnish with Shelfwire's configuration: it said "${text.slice(0, 80)}"`,
    );
  }
}
