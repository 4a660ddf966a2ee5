import { expect, test } from "vitest";
import type { MadeAnswer } from "../../api/gateway/made-answer.ts";
import { createHeldAnswers } from "../../api/gateway/held-answers.ts";
import { prepare } from "../../api/answer.ts";
import { heldBytes } from "../../bench/held-bytes.ts";
import type { Identifier } from "../../streams/identifier.ts";

test("an answer fits into a budget of exactly the bytes that the benchmarks count for it", () => {
  const id = "85123A" as Identifier;
  const prepared = prepare({ id, title: "A heart" });
  const answer: MadeAnswer = {
    prepared,
    source: "redis",
    sequence: 1,
    knownAt: 0,
    validUntil: undefined,
    degraded: false,
    products: new Map([[id, 1]]),
    subject: id,
    shows: { ofSubject: 0, ofOthers: 0 },
    names: [],
    positionOf: [0],
    partitions: [0],
  };
  const isHeld = (bytesMax: number) => {
    const held = createHeldAnswers(bytesMax);
    held.put(id, { answer, moment: 0, shown: 1, tookMs: 0, touched: false, madeAt: 0, retryAt: 0 });
    return held.peek(id) !== undefined;
  };
  const bytes = heldBytes(prepared.bytes.length);
  expect([isHeld(bytes), isHeld(bytes - 1)]).toEqual([true, false]);
});
