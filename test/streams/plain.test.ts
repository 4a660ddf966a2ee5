import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Payload, payloadSchemas } from "../../streams/payloads.ts";
import { plainBytes } from "../../streams/plain-bytes.ts";
import { plainInstantMs } from "../../streams/plain-instant.ts";
import { plainProduct } from "../../streams/plain-product.ts";

/**
 * What is read past the schemas must be what they would have made of it. The documents below are mostly good
 * and often a little off: what the plain readers refuse is none of their business, what they take must agree.
 */

const often = <T>(usual: fc.Arbitrary<T>, ...odd: unknown[]) =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...odd) });
const scalars = [null, undefined, true, false, 0, -1, 1.5, 1e21, "", "x", "\u00e9", 'a\\"b', [], {}, [1]];
const text = often(fc.string({ maxLength: 12 }), ...scalars);
const whole = often(fc.nat(), ...scalars, 2 ** 53, 2 ** 53 - 1, 999_999_999_999_999, 1_000_000_000_000_000);
const instant = often(
  fc
    .date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString().replace(/\.\d+Z$/, "Z")),
  ...scalars,
  "2026-02-29T00:00:00Z",
  "2026-02-28T24:00:00Z",
  "2026-13-01T00:00:00Z",
  "2026-01-01T00:00:60Z",
  "2026-01-01T00:00:00.5Z",
  "2026-01-01T00:00:00+01:00",
  "2026-1x-01T00:00:00Z",
);
const money = often(
  fc.record({
    amount: whole,
    currency: often(fc.constantFrom("GBP", "JPY"), ...scalars, "gbp", "ABC", "GB"),
  }),
  ...scalars,
);
const unknown = { requiredKeys: [] };
const extra = { source: text, batch: whole };

const price = fc.record(
  { new_price: money, list_price: money, old_price: money, occurred_at: instant, ...extra },
  unknown,
);
const inventory = fc.record(
  {
    new_quantity: whole,
    reason: often(
      fc.constantFrom("restock", "purchase", "return", "adjustment", "reservation", "release"),
      ...scalars,
    ),
    reference: text,
    sells_out_at: instant,
    occurred_at: instant,
    ...extra,
  },
  unknown,
);
const product = fc.record(
  {
    title: text,
    description: text,
    status: often(fc.constantFrom("active", "discontinued"), ...scalars),
    category_ids: often(fc.array(text, { maxLength: 3 }), ...scalars),
    images: often(fc.array(fc.record({ url: text, alt: text }, unknown), { maxLength: 2 }), ...scalars),
    specs: often(fc.dictionary(fc.string({ maxLength: 4 }), text, { maxKeys: 3 }), ...scalars),
    group_id: text,
    occurred_at: instant,
    ...extra,
  },
  unknown,
);

/** JSON in odd but lawful dress, or broken by one byte. */
const dress = fc.record({
  indent: fc.constantFrom(0, 0, 0, 1, "\t"),
  breakAt: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat() }),
  by: fc.nat(255),
});
type Dress = typeof dress extends fc.Arbitrary<infer T> ? T : never;

function bytesOf(value: unknown, { indent, breakAt, by }: Dress): Buffer {
  const bytes = Buffer.from(JSON.stringify(value, undefined, indent));
  if (breakAt !== null) bytes[breakAt % bytes.length] = by;
  return bytes;
}

function whatSchemasMake(kind: keyof typeof payloadSchemas, value: unknown): unknown {
  const result = payloadSchemas[kind].safeParse(value);
  return result.success ? result.data : "refused";
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return "no JSON";
  }
}

describe.each([
  ["price.updated", price],
  ["inventory.changed", inventory],
] as const)("%s read from its bytes", (kind, documents) => {
  test("is what the schema makes of it, or nothing", () => {
    let taken = 0;
    fc.assert(
      fc.property(documents, dress, (value, dressed) => {
        const bytes = bytesOf(value, dressed);
        const read = plainBytes[kind]?.(bytes);
        if (read === undefined) return;
        taken++;
        expect(read).toEqual(whatSchemasMake(kind, parsed(bytes)));
      }),
      { numRuns: 20_000 },
    );
    expect(taken).toBeGreaterThan(1_000);
  });
});

test("what publishers usually write is read from its bytes", () => {
  const plain: readonly [string, object][] = [
    ["price.updated", { new_price: { amount: 1999, currency: "GBP" } }],
    [
      "price.updated",
      {
        new_price: { amount: 0, currency: "JPY" },
        list_price: null,
        occurred_at: "2026-11-01T12:00:00Z",
        source: "erp",
        batch: -7,
      },
    ],
    [
      "inventory.changed",
      { new_quantity: 3, reason: "purchase", reference: "INV-1", occurred_at: "2026-11-01T12:00:00Z" },
    ],
    [
      "inventory.changed",
      { new_quantity: 3, reason: "reservation", stock: "7/12", sells_out_at: "2026-11-01T12:00:20Z" },
    ],
  ];
  for (const [kind, value] of plain)
    expect(plainBytes[kind]?.(Buffer.from(JSON.stringify(value)))).toBeDefined();
});

test("a field named twice counts as JSON.parse has it", () => {
  const bytes = Buffer.from('{"new_quantity":1,"new_quantity":2}');
  expect(plainBytes["inventory.changed"]?.(bytes)).toMatchObject({ new_quantity: 2 });
});

test("bytes around the payload are not looked at", () => {
  const around = Buffer.from('xx{"new_quantity":1}}}');
  expect(plainBytes["inventory.changed"]?.(around.subarray(2, around.length - 2))).toMatchObject({
    new_quantity: 1,
  });
  expect(plainBytes["inventory.changed"]?.(around.subarray(2, around.length - 3))).toBeUndefined();
});

test("a document recognised without the schema is what the schema makes of it", () => {
  let taken = 0;
  fc.assert(
    fc.property(product, (value) => {
      const json: unknown = JSON.parse(JSON.stringify(value));
      const recognised: Payload<"product.modified"> | undefined = plainProduct(json);
      if (recognised === undefined) return;
      taken++;
      expect(recognised).toEqual(whatSchemasMake("product.modified", json));
    }),
    { numRuns: 20_000 },
  );
  expect(taken).toBeGreaterThan(200);
});

test("times are what Date.parse makes of them", () => {
  const days = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(days, (date) => {
      const text = date.toISOString().replace(/\.\d+Z$/, "Z");
      const ms = plainInstantMs(Buffer.from(text), 0, 20);
      if (date.getUTCDate() <= 28) expect(ms).toBe(Date.parse(text));
      else expect(ms).toBeUndefined();
    }),
    { numRuns: 20_000 },
  );
});
