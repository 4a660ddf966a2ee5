import { createHash } from "node:crypto";
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
 * second on one core. The configuration remembers eight tags of a purge one by one, and a longer list as a purge of
 * everything (`ops/edge/vcl/purges.vcl`). So a call is several requests of eight tags, side by side.
 *
 * Each cache is a provider of its own: one that is dead holds no purge of another back.
 */
export function createVarnish(address: string): EdgeProvider {
  const url = new URL("/", address);

  async function purge(tags: string, signal: AbortSignal): Promise<number> {
    const request = () => new Request(url, { method: "PURGE", headers: { "xkey-softpurge": tags } });
    return purgedIn(await call(url.host, request, signal));
  }

  return {
    name: varnishName(address),
    // Eight of the longest tags are 3,150 bytes.
    limits: {
      tagsPerCall: 8 * tagsPerRequest,
      tagBytesPerCall: 64 * 1024,
      callsAtOnce: 100,
      callsPerSecond: 200,
      // Its configuration remembers purges: what it fetches within 2 s behind one it keeps for a quarter of a second.
      againAfterMs: 0,
    },
    async purge(tags, signal) {
      const lists = Array.from({ length: Math.ceil(tags.length / tagsPerRequest) }, (_, at) =>
        tags.slice(at * tagsPerRequest, (at + 1) * tagsPerRequest).join(" "),
      );
      const purged = await Promise.all(lists.map((list) => purge(list, signal)));
      return purged.reduce((sum, each) => sum + each, 0);
    },
  };
}

/**
 * The name of the cache at this address, such as `varnish-v1-6081`. Where letters, digits and dots do not say all of the
 * address, eight digits of its hash tell it from others that read alike.
 */
export function varnishName(address: string): string {
  const { protocol, hostname, port, origin } = new URL(address);
  const isTls = protocol === "https:";
  const readable = `varnish-${hostname.replaceAll(/[^a-z0-9]+/g, "-")}-${port || (isTls ? 443 : 80)}`;
  if (!isTls && /^[a-z0-9.]+$/.test(hostname)) return readable;
  return `${readable}-${createHash("sha256").update(origin).digest("hex").slice(0, 8)}`;
}

const tagsPerRequest = 8;

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
