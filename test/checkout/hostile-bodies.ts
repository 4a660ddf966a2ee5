import fc from "fast-check";

/** What a hostile client sends as the body of a quote or a reservation, as JSON values. */
export interface HostileBodies {
  readonly quotes: fc.Arbitrary<unknown>;
  /** Some have the good quote in them as it is. */
  readonly reservations: fc.Arbitrary<unknown>;
}

export const hostileText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "lamp",
    "",
    ".",
    "..",
    "__proto__",
    "constructor",
    "*",
    ">",
    "a".repeat(129),
    "e\u0301",
    "\ud800",
  ),
);

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, -1, 1, 9_999, 10_000, 2 ** 31, 2 ** 53, 1e308, 5e-324),
);
const anything = fc.oneof(fc.jsonValue(), number, hostileText);

/** `product`: one that there is; `quote`: one that was given to the client. */
export function hostileBodies(product: string, quote: string): HostileBodies {
  const item = fc.oneof(
    fc.record({ product_id: fc.oneof(hostileText, anything), quantity: fc.oneof(number, anything) }),
    fc.record({ product_id: fc.constant(product), quantity: number }),
    anything,
  );
  return {
    quotes: fc.oneof(fc.record({ items: fc.oneof(fc.array(item, { maxLength: 60 }), anything) }), anything),
    reservations: fc.oneof(
      fc.record({
        quote: fc.oneof(spoilt(quote), hostileText, fc.base64String({ maxLength: 400 }), anything),
      }),
      fc.constant({ quote: "A".repeat(60_000) }),
      anything,
    ),
  };
}

/** A good one with a part of it changed, cut out, doubled or in another order. */
const spoilt = (good: string): fc.Arbitrary<string> =>
  fc
    .record({
      at: fc.nat(),
      length: fc.nat(9),
      instead: fc.string(),
      how: fc.constantFrom("replace", "double", "turn"),
    })
    .map(({ at, length, instead, how }) => {
      const from = at % good.length;
      const part = good.slice(from, from + length);
      const other = { replace: instead, double: part + part, turn: [...part].reverse().join("") }[how];
      return good.slice(0, from) + other + good.slice(from + length);
    });
