import { describe, expect, test } from "vitest";
import { decodeCallersWord, encodeCallersWord, toldMax } from "../../actors/hot/callers-word.ts";
import { decodeHeatWord, encodeHeatWord, type HeatWord } from "../../actors/hot/heat-word.ts";
import { createHeatSums } from "../../actors/hot/heat-sums.ts";
import { initialState } from "../../actors/hot/hot-state.ts";
import { readHotStream } from "../../actors/hot/hot-stream.ts";
import { decodeTransition, encodeTransition, transitionSubject } from "../../actors/hot/transitions.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { id } from "../streams/id.ts";

/** What anybody may have written where only we should: it is no word, and nobody falls over it. */

const heats = (length: number) => Array.from({ length }, (_, at) => ({ key: `k-${at}`, perSecond: at }));
const said = (more: Partial<HeatWord>) =>
  decodeHeatWord(
    encodeHeatWord({ by: "a", count: 1, holds: true, products: [], callers: [], endpoints: [], ...more }),
  );

describe("a word of heat", () => {
  test("is as long as a worker makes it, and no longer", () => {
    expect(said({ products: heats(128), callers: heats(32), endpoints: heats(32) })).toBeDefined();
    expect(said({ products: heats(129) })).toBeUndefined();
    expect(said({ callers: heats(33) })).toBeUndefined();
    expect(said({ endpoints: heats(33) })).toBeUndefined();
  });

  test("has no key of more than 256 characters", () => {
    const key = (length: number) => [{ key: "k".repeat(length), perSecond: 9 }];
    expect([said({ products: key(256) }), said({ by: "w".repeat(256) })]).not.toContain(undefined);
    expect([said({ products: key(257) }), said({ by: "w".repeat(257) })]).toEqual([undefined, undefined]);
  });

  test("of more workers than there are the one silent for longest is forgotten", () => {
    const sums = createHeatSums();
    for (let worker = 0; worker < 600; worker++)
      sums.hear({ by: `w-${worker}`, count: 1, holds: true, products: [], callers: [], endpoints: [] }, 0);
    expect(sums.holders(0)).toHaveLength(512);
    expect(sums.holders(0)[0]).toBe("w-88");
  });
});

test("who asks most is told of so many at most", () => {
  const told = (length: number) =>
    decodeCallersWord(encodeCallersWord({ callers: heats(length), endpoints: [] }));
  expect([told(toldMax)?.callers.length, told(toldMax + 1)]).toEqual([toldMax, undefined]);
});

describe("a transition", () => {
  const sale = { sale: id("deal"), from: 1, until: 9 };
  const state = { ...initialState(id("lamp"), 5, 0), sales: [sale], due: 7, deadline: 7, sequence: 3 };
  const good = { event: { type: "heated", at: 5 }, before: "cold", after: state } as const;
  const read = (more: object, event: object = good.event) =>
    decodeTransition(
      Buffer.from(JSON.stringify({ v: 2, before: "cold", event, after: { ...state, ...more } })),
    );

  test("is what was written", () => {
    expect(decodeTransition(encodeTransition(good))).toEqual(good);
    expect(read({ due: null, deadline: null, sequence: null })).toBeDefined();
  });

  test.each(Object.keys(state))("without a %s as it must be it is none", (field) => {
    for (const wrong of [undefined, "\u0000", [null], {}]) expect(read({ [field]: wrong })).toBeUndefined();
  });

  test("with a sale that is none, or too many, it is none", () => {
    for (const sales of [[null], [{ ...sale, until: "soon" }], Array.from({ length: 17 }, () => sale)])
      expect(read({ sales })).toBeUndefined();
    expect(read({}, { type: 3, at: 5 })).toBeUndefined();
    expect(read({}, { type: "heated" })).toBeUndefined();
  });

  test("of another product than its subject says is none, and neither stops who reads the stream", async () => {
    const hot = createMemoryLog({ stream: "HOT", now: () => 0 });
    await hot.append(transitionSubject(id("table")), Buffer.from(`{"v":2,"after":{"sales":[null]}}`));
    await hot.append(transitionSubject(id("lamp")), encodeTransition(good));
    await hot.append(transitionSubject(id("chair")), encodeTransition(good));
    const { products } = await readHotStream(hot, () => {});
    expect([...products.keys(), products.get(id("lamp"))?.sequence]).toEqual([id("lamp"), 2]);
  });
});
