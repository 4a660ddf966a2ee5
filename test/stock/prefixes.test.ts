import { expect, test } from "vitest";
import { lookAtEveryPrefix } from "./prefixes.ts";

/** The fold that trials are judged by: what it finds wrong, and what it does not. */

const none = { counts: [], forgets: [], ends: [], holds: [] };
/** One commit behind the other, each as one message. */
const log = (...commits: readonly object[]) =>
  commits.map((commit, at) => ({
    sequence: at + 1,
    time: 0,
    subject: "stock.3",
    payload: Buffer.from(JSON.stringify({ after: at, ...none, ...commit })),
  }));
const hold = (name: string, quantity: number, taking = 0) => [
  name,
  taking,
  "ann",
  0,
  [["mug", quantity, null]],
];
const counted = { counts: [["mug", 3, 1]] };

const wrongOf = (...commits: readonly object[]) => lookAtEveryPrefix(log(...commits)).wrong;

test("more is taken than there is", () => {
  expect(wrongOf(counted, { holds: [hold("a", 2), hold("b", 2)] })).toEqual([
    "2: mug has 4 held, 0 sold of 3",
  ]);
  expect(wrongOf({ holds: [hold("a", 1)] })).toEqual(["1: mug has 1 held, 0 sold of 0"]);
  expect(
    wrongOf(counted, { holds: [hold("a", 2)] }, { ends: [["a", 0, "sold"]] }, { holds: [hold("b", 2)] }),
  ).toEqual(["4: mug has 2 held, 2 sold of 3"]);
});

test("what is given back is there again, in the same commit as well", () => {
  const taken = { holds: [hold("a", 3)] };
  expect(wrongOf(counted, taken, { ends: [["a", 0, "cancelled"]], holds: [hold("b", 3)] })).toEqual([]);
});

test("a commit that does not build on the last one that counted counts nothing", () => {
  const { dead, products } = lookAtEveryPrefix(log(counted, { after: 0, holds: [hold("a", 9)] }));
  expect([dead(), products.get("mug")]).toEqual([1, { stock: 3, held: 0, sold: 0 }]);
});

test("a count below what is on hold leaves nothing, until that is used up", () => {
  const low = { counts: [["mug", 1, 2]] };
  const before = [counted, { holds: [hold("a", 1), hold("b", 2)] }, low];
  const { wrong, counts } = lookAtEveryPrefix(log(...before));
  expect([wrong, counts.map(({ missing }) => missing)]).toEqual([[], [0, 2]]);
  expect(wrongOf(...before, { ends: [["b", 0, "sold"]] })).toEqual([]);
  expect(wrongOf(...before, { ends: [["a", 0, "cancelled"]], holds: [hold("c", 1)] })).toHaveLength(1);
  expect(wrongOf(...before, { ends: [["b", 0, "cancelled"]] }, { holds: [hold("c", 1)] })).toEqual([
    "5: mug has 2 held, 0 sold of 1",
  ]);
  expect(
    wrongOf(
      ...before,
      {
        ends: [
          ["a", 0, "expired"],
          ["b", 0, "expired"],
        ],
      },
      { holds: [hold("c", 1)] },
    ),
  ).toEqual([]);
});

test("a count is of what is there behind all sales, and an older one changes nothing", () => {
  const { products, counts } = lookAtEveryPrefix(
    log(
      { counts: [["mug", 3, 5]], holds: [hold("a", 2)] },
      { ends: [["a", 0, "sold"]] },
      { counts: [["mug", 9, 4]] },
      { counts: [["mug", 4, 6]] },
    ),
  );
  expect(products.get("mug")).toEqual({ stock: 6, held: 0, sold: 2 });
  expect(counts.map(({ event }) => event)).toEqual([5, 6]);
});

test("of what was forgotten nothing can be taken before it is counted anew", () => {
  const forgotten = [counted, { forgets: ["mug"] }];
  expect(wrongOf(...forgotten, { holds: [hold("a", 1)] })).toHaveLength(1);
  expect(wrongOf(counted, { holds: [hold("a", 1)] }, { forgets: ["mug"] })[0]).toBe(
    "3: mug is forgotten with 1 held",
  );
  const { wrong, counts } = lookAtEveryPrefix(log(...forgotten, { counts: [["mug", 3, 7]] }));
  expect([wrong, counts.at(-1)?.forgotten]).toEqual([[], 3]);
});

test("what was given back is taken anew under another name, and ends with it", () => {
  const { holds, products } = lookAtEveryPrefix(
    log(
      counted,
      { holds: [hold("a", 1)] },
      { ends: [["a", 0, "cancelled"]], holds: [hold("a", 2, 1)] },
      { ends: [["a", 1, "sold"]] },
    ),
  );
  expect([...holds].map(([name, { how }]) => [name, how])).toEqual([
    ["a", "cancelled"],
    ["a.1", "sold"],
  ]);
  expect(products.get("mug")).toEqual({ stock: 3, held: 0, sold: 2 });
});
