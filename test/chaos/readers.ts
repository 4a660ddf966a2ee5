import { setTimeout as delay } from "node:timers/promises";
import { createRandom, type Random } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { type Client, type ClientKind, createClient } from "./client.ts";
import { type Holding } from "./holding.ts";
import type { Fates } from "./publishing.ts";
import { createSightings, type Sightings } from "./sightings.ts";
import { productIds } from "./story.ts";
import type { World } from "./world.ts";

/**
 * Readers over HTTP, from the first moment to the last: several clients, each one read at a time, of all
 * products and every route about one.
 */
export interface Readers {
  readonly counts: ReadCounts;
  /** What was wrong, the first fifty. */
  readonly wrong: readonly string[];
  readonly sightings: Sightings;
  /** From here on nothing excuses a read that fails. */
  beginCalm(): void;
  stop(): Promise<void>;
}

export interface ReadCounts {
  reads: number;
  /** 5xx, the default or no answer although a tier held the product: these are wrong. */
  failedThoughHeld: number;
  /** 5xx or the default while no tier that could be reached held what was asked for. */
  unavailable: number;
  /** No answer while the process that answers was dead. */
  unanswered: number;
  slowestMs: number;
}

export interface ReadersSettings {
  readonly world: World;
  readonly holding: Holding;
  readonly fates: Fates;
  readonly seed: number;
}

const kinds: readonly ClientKind[] = ["none", "product", "session", "writer"];
const pauseMs = [3, 12] as const;
const answerMsMax = 5_000;
const wrongMax = 50;

/** Drawn from at random: the more often, the more of them here. */
const routes = ["", "", "", "/price", "/price", "/inventory", "?view=details", "/reviews"] as const;
const strongRoutes = ["/price?consistency=strong", "/inventory?consistency=strong"] as const;

interface Body {
  readonly price?: { readonly amount: number; readonly version: number; readonly sale: unknown } | null;
  readonly inventory?: { readonly quantity: number; readonly version: number } | null;
  readonly version?: number;
}

export function startReaders({ world, holding, fates, seed }: ReadersSettings): Readers {
  const counts: ReadCounts = {
    reads: 0,
    failedThoughHeld: 0,
    unavailable: 0,
    unanswered: 0,
    slowestMs: 0,
  };
  const wrong: string[] = [];
  const sightings = createSightings();
  let stopped = false;
  let calmFrom = Number.POSITIVE_INFINITY;

  const blame = (read: string, reasons: readonly string[]): void => {
    for (const reason of reasons.slice(0, wrongMax - wrong.length)) wrong.push(`${read}: ${reason}`);
  };

  async function readOnce(client: Client, random: Random): Promise<void> {
    const id = random.pick(productIds);
    const strong = random.chance(0.08);
    const route = strong ? random.pick(strongRoutes) : random.pick(routes);
    const min = strong ? undefined : client.minimumFor(id);
    const path = `/api/products/${encodeURIComponent(id)}${route}`;
    const due = strong ? dueOf(id) : undefined;
    const from = performance.now();
    const headers = min === undefined ? {} : { "catalog-min-version": `CATALOG/${min}` };
    const signal = AbortSignal.timeout(answerMsMax);
    const read = `GET ${path}${min === undefined ? "" : ` from ${min} on`}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(world.apiUrl + path, { headers, signal });
      text = await response.text();
    } catch (error) {
      judgeFailure(read, `no answer (${error})`, from, world.outages.stood("api", from, performance.now()));
      if (!world.outages.stood("api", from, performance.now())) counts.unanswered++;
      return;
    }
    const to = performance.now();
    counts.reads++;
    counts.slowestMs = Math.max(counts.slowestMs, Math.round(to - from));
    const isDefault = response.headers.get("cache-status")?.endsWith("detail=default") === true;
    if (response.status >= 500 || isDefault) {
      const held = await holding.anyTierHeld({ id, minSequence: min, strong, from, to });
      if (!held) counts.unavailable++;
      judgeFailure(read, `${response.status} ${text}`, from, held);
      return;
    }
    if (response.status !== 200) {
      blame(read, [`${response.status} ${text}`]);
      return;
    }
    judge(client, id, min, read, response, JSON.parse(text), due);
  }

  /** `guilty`: nothing excuses it. */
  function judgeFailure(read: string, what: string, from: number, guilty: boolean): void {
    if (!guilty && from < calmFrom) return;
    counts.failedThoughHeld++;
    blame(read, [what]);
  }

  /** What a strong read must at least know of. */
  function dueOf(id: Identifier) {
    return {
      price: fates.newest(publicSubject("price.updated", id)),
      inventory: fates.newest(publicSubject("inventory.changed", id)),
    };
  }

  function judge(
    client: Client,
    id: Identifier,
    min: number | undefined,
    read: string,
    response: Response,
    body: Body,
    due: { readonly price: number; readonly inventory: number } | undefined,
  ): void {
    const { price, inventory, version } = body;
    if (price === null || inventory === null) blame(read, ["a value that was there is gone"]);
    const position = response.headers.get("catalog-version");
    const details = read.includes("view=details");
    const versions = {
      ...(price && { price: price.version }),
      ...(inventory && { inventory: inventory.version }),
      ...(version !== undefined && { [details ? "details" : "product"]: version }),
    };
    const known = position === null ? undefined : Number(position.slice(position.indexOf("/") + 1));
    blame(read, client.see(id, min, { position: known, versions }));
    if (price && due !== undefined && price.version < due.price)
      blame(read, [`price ${price.version}, and ${due.price} was acknowledged`]);
    if (inventory && due !== undefined && inventory.version < due.inventory)
      blame(read, [`stock ${inventory.version}, and ${due.inventory} was acknowledged`]);
    // During a sale the amount is the sale's.
    if (price && price.sale === null)
      blame(read, sightings.see({ id, kind: "price.updated", version: price.version, value: price.amount }));
    if (inventory)
      blame(
        read,
        sightings.see({
          id,
          kind: "inventory.changed",
          version: inventory.version,
          value: inventory.quantity,
        }),
      );
  }

  async function keepReading(kind: ClientKind, stream: number): Promise<void> {
    // Streams of the story are counted from 0 on, so these never meet them.
    const random = createRandom(seed, -1 - stream);
    const client = createClient(kind, fates.newest);
    for (; !stopped; await delay(random.between(...pauseMs))) await readOnce(client, random);
  }

  const reading = Promise.all(kinds.map(keepReading));
  return {
    counts,
    wrong,
    sightings,
    beginCalm() {
      calmFrom = performance.now();
    },
    async stop() {
      stopped = true;
      await reading;
    },
  };
}
