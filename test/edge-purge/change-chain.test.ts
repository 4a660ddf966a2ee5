import { expect, test } from "vitest";
import { createChangeChain } from "../../actors/edge-purge/change-chain.ts";
import type { Change } from "../../projections/changes.ts";
import { versionsOf } from "../../projections/version.ts";

const versions = versionsOf(1_000);

/** A word about partition 3; `products` undefined: anything may have changed. */
function word(from: number | undefined, to: number, isNamed = true): Change {
  const move = {
    partition: 3,
    from: from === undefined ? undefined : versions(from),
    to: versions(to),
    headAt: 1,
  };
  return { by: "owner", count: 1, moves: [move], products: isNamed ? new Map() : undefined, names: [] };
}

const follow = (...words: readonly Change[]) => {
  const chain = createChangeChain(versions);
  return words.map((each) => chain.follow(each, 1_000)?.map(({ from, to }) => [from, to]));
};

test("words that follow each other leave nothing open", () => {
  expect(follow(word(5, 7), word(7, 7), word(7, 9))).toEqual([[], [], []]);
});

test("where a word is missing, its events are to be read", () => {
  expect(follow(word(5, 7), word(9, 12))).toEqual([[], [[7, 9]]]);
});

test("a word that names nothing leaves its own events open, and those behind the last one that was accounted for", () => {
  expect(follow(word(5, 7), word(7, 9, false))).toEqual([[], [[7, 9]]]);
  expect(follow(word(5, 7), word(8, 9, false))).toEqual([[], [[7, 9]]]);
  expect(follow(word(7, 9, false))).toEqual([[[7, 9]]]);
});

test("a new owner that stands still says it before it knows of any event: they come with its next move", () => {
  expect(follow(word(5, 7), word(7, 7, false), word(7, 7), word(7, 9), word(9, 10))).toEqual([
    [],
    [],
    [],
    [[7, 9]],
    [],
  ]);
});

test("a store that lost its data and is filled again leaves open only what is new", () => {
  expect(follow(word(5, 70), word(undefined, 40, false), word(40, 70), word(70, 80))).toEqual([
    [],
    [],
    [[70, 70]].slice(1),
    [[70, 80]],
  ]);
  expect(follow(word(5, 70), word(undefined, 90, false))).toEqual([[], [[70, 90]]]);
});

test("a word about another log is none", () => {
  const chain = createChangeChain(versionsOf(2_000));
  expect(chain.follow(word(5, 7), 1_000)).toBeUndefined();
  expect(chain.isOurs(word(5, 7))).toBe(false);
});

test("a word about events behind the log's end is none, and accounts for nothing", () => {
  const chain = createChangeChain(versions);
  expect(chain.follow(word(5, 7), 7)).toEqual([]);
  expect(chain.follow(word(7, 1_000_000), 7)).toBeUndefined();
  expect(chain.follow(word(9, 12), 12)?.map(({ from, to }) => [from, to])).toEqual([[7, 9]]);
});
