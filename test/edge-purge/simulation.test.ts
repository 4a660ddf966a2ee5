import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PurgeFailed } from "../../actors/edge-purge/edge-provider.ts";
import { longestAtEdgeMs } from "../../api/cache-policy.ts";
import { aspects } from "../../projections/aspects.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { Token } from "../../streams/identifier.ts";
import { createWorld, partition, type World } from "./world.ts";

/**
 * A small world in which words are lost, the provider fails and actors die: whatever happens, each change is purged after
 * it was made, or was too old for anybody to hold what it made wrong.
 */

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

type Step =
  | { readonly kind: "change"; readonly product: number; readonly isHeard: boolean }
  | { readonly kind: "provider"; readonly works: boolean }
  | { readonly kind: "actor"; readonly lives: boolean }
  | { readonly kind: "wait"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      product: fc.nat(5),
      isHeard: fc.integer({ min: 1, max: 10 }).map((n) => n < 9),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("provider" as const), works: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("actor" as const), lives: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.oneof(fc.nat(100), fc.nat(8_000)) }),
  },
);

/** Products of the partition whose owner speaks here. */
const products = Array.from({ length: 400 }, (_, at) => `p-${at}`)
  .filter((id) => partitionOf(id as Token) === partition)
  .slice(0, 6);

interface Change {
  readonly tag: string;
  readonly at: number;
}

async function play(world: World, steps: readonly Step[]): Promise<readonly Change[]> {
  const changes: Change[] = [];
  let actor: ReturnType<World["start"]> | undefined = world.start();
  let place = 0;
  await pass(200);
  world.say(0, 0, {});
  const change = async (product: number, isHeard: boolean) => {
    const id = products[product] ?? "";
    await world.publish("price.updated", id, { new_price: { amount: 1, currency: "EUR" } });
    place++;
    if (isHeard) world.say(place - 1, place, { [id]: aspects.price });
    changes.push({ tag: `product-${id}`, at: Date.now() });
  };
  for (const each of steps) {
    if (each.kind === "change") await change(each.product, each.isHeard);
    else if (each.kind === "provider") world.edge.fail(each.works ? undefined : new PurgeFailed("503"));
    else if (each.kind === "wait") await pass(each.ms);
    else if (each.lives) actor ??= world.start();
    else {
      const ended = actor?.stop();
      actor = undefined;
      await pass(2_500);
      await ended;
    }
  }
  world.edge.fail(undefined);
  actor ??= world.start();
  // The owner's next word shows what was missing.
  world.say(place, place, {});
  await pass(15_000);
  const ended = world.stop();
  await pass(3_000);
  await ended;
  return changes;
}

test("each change is purged after it was made, or expired", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = createWorld();
      const changes = await play(world, steps);
      for (const { tag, at } of changes) {
        const purged = world.edge.calls.some((call) => call.at >= at && call.tags.includes(tag));
        const expired = Date.now() - at > longestAtEdgeMs;
        expect(purged || expired, `${tag} of ${at}`).toBe(true);
      }
      for (const { tags } of world.edge.calls) expect(new Set(tags).size).toBe(tags.length);
    }),
    { numRuns: 150 },
  );
}, 120_000);
