import { expect, test } from "vitest";
import { prepare } from "../../api/answer.ts";
import { createHeldAnswers, type Held } from "../../api/gateway/held-answers.ts";
import { madeOf } from "../../api/gateway/stored-answers.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";

const bytesMax = 32 * 1024;

function entryOf(product: Identifier, text: string): Held {
  const ready = { prepared: prepare(text), validUntil: undefined, sequence: 1, knownAt: 0 };
  const answer = madeOf(product, ready);
  return { answer, moment: 0, shown: 1, tookMs: 1, touched: false, madeAt: 0, retryAt: 0 };
}

const text = '{"title":"lamp"}';
const answer = prepare(text);

/** Puts answers until one has pushed out another. */
function full() {
  const held = createHeldAnswers(bytesMax);
  for (let at = 0; held.size === at; at++) held.put(`SKU-${at}`, entryOf(id(`SKU-${at}`), text));
  return held;
}

test("a cache with room admits at once", () => {
  const held = createHeldAnswers(bytesMax);
  expect([held.admits("lamp", answer, 1), held.admits("vase", answer, 1)]).toEqual([true, true]);
});

test("a full cache admits a key the second time only, and each key for itself", () => {
  const held = full();
  expect([held.admits("lamp", answer, 1), held.admits("vase", answer, 1)]).toEqual([false, false]);
  expect([held.admits("lamp", answer, 1), held.admits("vase", answer, 1)]).toEqual([true, true]);
});

test("what an answer depends on counts as well", () => {
  const held = createHeldAnswers(2_000);
  expect([held.admits("lamp", answer, 1), held.admits("lamp", answer, 10)]).toEqual([true, false]);
});

test("a full cache admits what it holds already", () => {
  const held = full();
  held.put("lamp", entryOf(id("lamp"), text));
  expect(held.admits("lamp", answer, 1)).toBe(true);
});

test("a full cache that takes one more holds no more than its bytes", () => {
  const held = full();
  const { size } = held;
  held.put("lamp", entryOf(id("lamp"), text));
  expect([held.size, held.bytes <= bytesMax]).toEqual([size, true]);
  expect(held.peek("lamp")).toBeDefined();
});

test("an answer that is larger than the cache costs nobody a place", () => {
  const held = full();
  const { size } = held;
  held.put("lamp", entryOf(id("lamp"), JSON.stringify({ title: "l".repeat(bytesMax) })));
  expect([held.size, held.peek("lamp")]).toEqual([size, undefined]);
});
