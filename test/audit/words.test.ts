import { expect, test } from "vitest";
import { hearWords } from "../../ops/audit/words.ts";
import { aspects } from "../../projections/aspects.ts";
import { encodeChange } from "../../projections/changes.ts";
import { versionsOf } from "../../projections/version.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { id } from "../streams/id.ts";

/** The auditor as a witness of what nodes were told. */

const versions = versionsOf(1);
const mug = id("mug");
const lamp = id("lamp");

function witness() {
  const clock = { now: 1_000 };
  const changes = createMemoryBroadcast();
  const words = hearWords(changes, { now: () => clock.now, horizonMs: 60_000 });
  let count = 0;
  const say = (from: number | undefined, to: number, products: readonly (typeof mug)[] | undefined) => {
    count++;
    const move = {
      partition: 7,
      from: from === undefined ? undefined : versions(from),
      to: versions(to),
      headAt: 0,
    };
    const touched = products && new Map(products.map((product) => [product, aspects.price]));
    changes.publish(encodeChange({ by: "a", count, moves: [move], products: touched, names: [] }));
  };
  return { words, say, clock, changes };
}

test("the word that covers an event is the one whose move goes over it, and it names the product or does not", () => {
  const { words, say, clock } = witness();
  say(10, 20, [mug]);
  clock.now += 50;
  say(20, 25, [lamp]);
  expect(words.covering(7, 15, mug)).toMatchObject({
    count: 1,
    from: 10,
    to: 20,
    heardAt: 1_000,
    names: true,
  });
  expect(words.covering(7, 20, lamp)).toMatchObject({ count: 1, names: false });
  expect(words.covering(7, 21, lamp)).toMatchObject({ count: 2, heardAt: 1_050, names: true });
  expect(words.reached(7)).toBe(25);
  expect(words.covering(7, 26, mug)).toBeUndefined();
  expect(words.covering(3, 15, mug)).toBeUndefined();
  expect(words.reached(3)).toBe(0);
});

test("a word that was lost on its way leaves a gap, which none of those that were heard covers", () => {
  const { words, say } = witness();
  say(10, 20, [mug]);
  say(30, 40, [mug]);
  expect(words.covering(7, 25, mug)).toBeUndefined();
  expect(words.reached(7)).toBe(40);
});

test("a word about a whole partition names every product of it, and one from nowhere covers all that was", () => {
  const { words, say, changes } = witness();
  say(undefined, 40, undefined);
  expect(words.covering(7, 5, lamp)).toMatchObject({ from: undefined, to: 40, names: true });
  changes.publish(Buffer.from("no word at all"));
  expect(words.reached(7)).toBe(40);
});

test("that nothing is new is no word about any event", () => {
  const { words, say } = witness();
  say(10, 20, [mug]);
  say(20, 20, []);
  expect(words.covering(7, 20, mug)).toMatchObject({ count: 1 });
});
