import { expect, test } from "vitest";
import type { ProductAnswer } from "../../api/gateway/product-answers.ts";
import { createHeldAnswers } from "../../api/gateway/held-answers.ts";
import { prepare } from "../../api/answer.ts";
import { heldBytes } from "../../bench/held-bytes.ts";
import type { Identifier } from "../../streams/identifier.ts";

test("an answer fits into a budget of exactly the bytes that the benchmarks count for it", () => {
  const id = "85123A" as Identifier;
  const prepared = prepare({ id, title: "A heart" });
  const answer: ProductAnswer = {
    prepared,
    source: "redis",
    sequence: 1,
    knownAt: 0,
    validUntil: undefined,
    degraded: false,
    products: new Map([[id, 1]]),
    groups: [],
    partitions: [0],
  };
  const isHeld = (bytesMax: number) => {
    const held = createHeldAnswers(bytesMax);
    held.put(id, "assembled", { id, answer, moment: 0, shown: 1 });
    return held.peek(id, "assembled") !== undefined;
  };
  const bytes = heldBytes(prepared.bytes.length);
  expect([isHeld(bytes), isHeld(bytes - 1)]).toEqual([true, false]);
});
