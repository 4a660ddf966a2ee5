import { createRandom, type Random } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { type Client, createClient } from "../chaos/client.ts";
import { type AskedNode, lanes, type Reply } from "./asking.ts";
import { byTheClock } from "./clock-work.ts";
import { note, nothingSeen, type Seen } from "./seen.ts";
import type { Shop } from "./shop.ts";
import { versionsIn } from "./sightings.ts";

/** The shop's visitors: a mix of reads over all nodes, some of them by clients that send back what they saw. */
export interface Reading {
  /** Reads everything once, so that a tier holds it. */
  warm(): Promise<void>;
  begin(): void;
  /** Resolves when the last answer is there. */
  stop(): Promise<void>;
  /** 5xx, the default, no answer, an answer without what it must have: nothing excuses one. */
  readonly failures: Seen;
  /** Answers older than what their client had seen. */
  readonly older: Seen;
}

const sorts = ["newest", "price_asc", "price_desc"] as const;
const batchSize = 20;
const clientShare = 0.3;
const clientCount = 16;
const warmAtOnce = 32;

const product = (name: string) => `/api/products/${name}`;
const listing = (category: string, sort: string, page: number) =>
  `/api/categories/${category}/products?sort=${sort}&page=${page}`;

export function createReading(options: {
  readonly nodes: readonly AskedNode[];
  readonly shop: Shop;
  readonly perSecond: number;
  readonly see: (reply: Reply) => void;
}): Reading {
  const { nodes, shop, perSecond, see } = options;
  const random = createRandom(1, -2);
  const idle = Array.from({ length: clientCount }, () => createClient("product", () => 0));
  const flights = new Set<Promise<void>>();
  const failures = nothingSeen();
  const older = nothingSeen();
  let end = (): void => {};

  function judge(reply: Reply): void {
    const { status, tier, text, body, path } = reply;
    const fail = (kind: string) => note(failures, kind, told(reply, `${kind} ${text}`));
    if (status !== 200) fail(status === 0 ? "no answer" : String(status));
    else if (tier === "default") fail("default");
    else if ((body?.missing?.length ?? 0) > 0) fail("missing products");
    // Lists are in Redis only: while that is away a page that nobody asked this worker for is empty, and says so.
    else if (body?.items?.length === 0 && body.degraded !== true) fail("empty page");
    else if (path.endsWith("/price") && body?.price == null) fail("no price");
    see(reply);
  }

  async function readAs(client: Client, node: AskedNode, name: Identifier, path: string, lane: number) {
    const min = client.minimumFor(name);
    const reply = await node.ask(path, lane, min);
    judge(reply);
    if (reply.body === undefined) return;
    const own = [...versionsIn(reply)].filter(([value]) => value.endsWith(` ${name}`));
    for (const what of client.see(name, min, { position: reply.position, versions: Object.fromEntries(own) }))
      note(older, what.slice(0, what.indexOf(" ")), told(reply, what));
  }

  function aboutProduct(): { readonly name: Identifier; readonly path: string } {
    const name = shop.popular(random);
    const kind = random.next() * 80;
    if (kind < 55) return { name, path: product(name) };
    if (kind < 65) return { name, path: `${product(name)}?view=details` };
    return { name, path: `${product(name)}${kind < 75 ? "/price" : "/inventory"}` };
  }

  function aboutMore(): string {
    const kind = random.next() * 20;
    if (kind < 5) return batch(random, shop);
    if (kind < 11) return listing(random.pick(shop.categories), random.pick(sorts), 1);
    if (kind < 13) return listing(random.pick(shop.roots), random.pick(sorts), 2);
    if (kind < 14) return "/api/categories";
    if (kind < 17) return `/api/categories/${random.pick(shop.categories)}`;
    return `${product(shop.popular(random))}/reviews`;
  }

  async function readOnce(): Promise<void> {
    const node = random.pick(nodes);
    const lane = random.between(0, lanes - 1);
    if (random.chance(0.2)) {
      judge(await node.ask(aboutMore(), lane));
      return;
    }
    const { name, path } = aboutProduct();
    // One read of a client at a time, or it could not say which of two answers it saw first.
    const client = random.chance(clientShare) ? idle.pop() : undefined;
    if (client === undefined) {
      judge(await node.ask(path, lane));
      return;
    }
    await readAs(client, node, name, path, lane);
    idle.push(client);
  }

  return {
    failures,
    older,
    async warm() {
      const every = Array.from({ length: lanes }, (_, lane) => lane);
      const paths = [
        // No other tier has these whole, so every thread is to hold them.
        ...[
          "/api/categories",
          ...shop.categories.flatMap((category) => [
            `/api/categories/${category}`,
            ...sorts.map((sort) => listing(category, sort, 1)),
          ]),
          ...shop.roots.flatMap((root) => sorts.map((sort) => listing(root, sort, 2))),
        ].map((path) => ({ path, lanes: every })),
        ...shop.products.flatMap((name, at) =>
          ["", "?view=details", "/reviews"].map((rest) => ({
            path: `${product(name)}${rest}`,
            lanes: [at % lanes, (at + 5) % lanes],
          })),
        ),
      ];
      const asks = paths.flatMap(({ path, lanes }) =>
        lanes.flatMap((lane) => nodes.map((node) => ({ node, path, lane }))),
      );
      const next = asks.values();
      await Promise.all(
        Array.from({ length: warmAtOnce }, async () => {
          for (const { node, path, lane } of next) judge(await node.ask(path, lane));
        }),
      );
    },
    begin() {
      end = byTheClock(perSecond, () => {
        const flight = readOnce().finally(() => flights.delete(flight));
        flights.add(flight);
      });
    },
    async stop() {
      end();
      await Promise.all(flights);
    },
  };
}

function batch(random: Random, shop: Shop): string {
  const ids = new Set(Array.from({ length: batchSize }, () => shop.popular(random)));
  return `/api/products?ids=${[...ids].join()}`;
}

function told({ node, lane, path, tier, began, ended }: Reply, what: string): string {
  const when = `${began.toFixed(0)} to ${ended.toFixed(0)}`;
  return `GET ${path.slice(0, 80)} on ${node} lane ${lane}, ${when}, from ${tier}: ${what}`;
}
