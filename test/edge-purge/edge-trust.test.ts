import { expect, test } from "vitest";
import { encodePurgeWord, type PurgeState } from "../../actors/edge-purge/purge-report.ts";
import { headersOf, prepare } from "../../api/answer.ts";
import { cachePolicies, longestAtEdgeMs, purgedAspects } from "../../api/cache-policy.ts";
import { createEdgeTrust } from "../../api/edge-trust.ts";
import { aspects } from "../../projections/aspects.ts";

const word = (provider: string, state: PurgeState) => encodePurgeWord({ provider, state });

test("without an edge that must be purged lifetimes are long, unless the operator says otherwise", () => {
  expect(createEdgeTrust("auto", []).isShort).toBe(false);
  expect(createEdgeTrust("long", ["varnish"]).isShort).toBe(false);
  expect(createEdgeTrust("short", []).isShort).toBe(true);
  const short = createEdgeTrust("short", ["varnish"]);
  short.hear(word("varnish", "up"), 0);
  expect(short.isShort).toBe(true);
});

test("they are short until all have given a sign, while one is down, and when one is silent for five seconds", () => {
  const trust = createEdgeTrust("auto", ["varnish", "fastly"]);
  expect(trust.isShort).toBe(true);
  trust.hear(word("varnish", "up"), 1_000);
  expect(trust.isShort).toBe(true);
  trust.hear(word("fastly", "retrying"), 1_000);
  expect(trust.isShort).toBe(false);
  trust.hear(word("fastly", "down"), 2_000);
  expect(trust.isShort).toBe(true);
  trust.hear(word("fastly", "up"), 3_000);
  expect(trust.isShort).toBe(false);
  trust.look(5_999);
  expect(trust.isShort).toBe(false);
  trust.look(6_000);
  expect(trust.isShort).toBe(true);
  trust.hear(word("varnish", "up"), 6_500);
  expect(trust.isShort).toBe(false);
});

test("what is no word of a configured provider changes nothing", () => {
  const trust = createEdgeTrust("auto", ["varnish"]);
  for (const text of ["", "null", "[]", "{", '{"v":1,"provider":"varnish","state":"splendid"}', '{"v":2}'])
    trust.hear(Buffer.from(text), 0);
  trust.hear(word("fastly", "up"), 0);
  expect(trust.isShort).toBe(true);
});

test("short: the CDN is told of an assembled product what a browser is, and of all others the same as ever", () => {
  const prepared = prepare({ id: "lamp" }, ["surrogate-key", "product-lamp"]);
  const cdnOf = (policy: keyof typeof cachePolicies, unpurged: boolean, validUntil?: number) => {
    const headers = headersOf(prepared, { policy: cachePolicies[policy], unpurged, validUntil }, false, 0);
    const at = headers.indexOf("cdn-cache-control");
    return headers[at + 1];
  };
  expect(cdnOf("productAssembled", false)).toBe("public, max-age=25, stale-while-revalidate=5");
  expect(cdnOf("productAssembled", true)).toBe("public, max-age=5");
  expect(cdnOf("productAssembled", true, 2_000)).toBe("public, max-age=2");
  for (const policy of Object.keys(cachePolicies) as (keyof typeof cachePolicies)[]) {
    if (policy !== "productAssembled") expect(cdnOf(policy, true)).toBe(cdnOf(policy, false));
  }
  const signedIn = headersOf(prepared, { policy: cachePolicies.productAssembled, unpurged: true }, true, 0);
  expect(signedIn).toEqual(expect.arrayContaining(["cdn-cache-control", "no-store"]));
});

test("what is purged and for how long comes from the table of policies", () => {
  expect(purgedAspects).toBe(
    aspects.details | aspects.price | aspects.stock | aspects.rating | aspects.reviews,
  );
  expect(longestAtEdgeMs).toBe(90_000);
});
