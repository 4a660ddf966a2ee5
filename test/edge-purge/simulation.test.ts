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
  /** When a word said it, or showed that one is missing; undefined until then. */
  toldAt?: number;
}

/** A time in which an actor lived and the provider worked. */
interface Calm {
  readonly from: number;
  to: number;
}

/** Enough for a lease to pass on, the longest pause behind a failure, and a call. */
const enoughMs = 15_000;

/** Whether the change could be purged before it was too old: a long enough part of its time was calm. */
const couldBePurged = ({ toldAt = Infinity }: Change, calm: readonly Calm[]): boolean =>
  calm.some(({ from, to }) => {
    const begin = Math.max(from, toldAt);
    return Math.min(to, toldAt + longestAtEdgeMs) - begin >= enoughMs;
  });

async function play(world: World, steps: readonly Step[]) {
  const changes: Change[] = [];
  const calm: Calm[] = [{ from: Date.now(), to: Infinity }];
  let works = true;
  const look = (lives: boolean) => {
    const last = calm.at(-1);
    const isCalm = lives && works;
    if (last !== undefined && !isCalm) last.to = Math.min(last.to, Date.now());
    if (isCalm && (last?.to ?? 0) < Infinity) calm.push({ from: Date.now(), to: Infinity });
  };
  const tell = () => {
    for (const each of changes) each.toldAt ??= Date.now();
  };
  let actor: ReturnType<World["start"]> | undefined = world.start();
  let place = 0;
  await pass(200);
  world.say(0, 0, {});
  const change = async (product: number, isHeard: boolean) => {
    const id = products[product] ?? "";
    await world.publish("price.updated", id, { new_price: { amount: 1, currency: "EUR" } });
    place++;
    changes.push({ tag: `product-${id}`, at: Date.now() });
    if (!isHeard) return;
    world.say(place - 1, place, { [id]: aspects.price });
    tell();
  };
  for (const each of steps) {
    if (each.kind === "change") await change(each.product, each.isHeard);
    else if (each.kind === "provider") {
      works = each.works;
      world.edge.fail(works ? undefined : new PurgeFailed("503"));
      look(actor !== undefined);
    } else if (each.kind === "wait") await pass(each.ms);
    else if (each.lives) {
      actor ??= world.start();
      look(true);
    } else {
      const ended = actor?.stop();
      actor = undefined;
      look(false);
      await pass(2_500);
      await ended;
    }
  }
  works = true;
  world.edge.fail(undefined);
  actor ??= world.start();
  look(true);
  // The owner's next word shows what was missing.
  world.say(place, place, {});
  tell();
  await pass(enoughMs);
  look(false);
  for (const each of calm) each.to = Math.min(each.to, Date.now());
  const ended = world.stop();
  await pass(3_000);
  await ended;
  return { changes, calm };
}

test("each change is purged after it was made, or nobody could before it was too old", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = createWorld();
      const { changes, calm } = await play(world, steps);
      for (const change of changes) {
        const { tag, at } = change;
        const isPurged = world.edge.calls.some((call) => call.at >= at && call.tags.includes(tag));
        expect(isPurged || !couldBePurged(change, calm), `${tag} of ${at}`).toBe(true);
      }
      for (const { tags } of world.edge.calls) expect(new Set(tags).size).toBe(tags.length);
    }),
    { numRuns: 150 },
  );
}, 120_000);
