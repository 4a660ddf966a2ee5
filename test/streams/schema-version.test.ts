import { expect, test } from "vitest";
import { parsePayload } from "../../streams/events.ts";
import { schemaVersionOf } from "../../streams/schema-version.ts";

/** Versions of payloads: a publisher names one in a header, and a bare publish is version 1 for ever. */

const named = (uri: string) => new Map([["ce-dataschema", uri]]);
const second = named("urn:shelfwire:inventory.changed:2");
const parse = (payload: object, headers?: ReadonlyMap<string, string>) =>
  parsePayload("inventory.changed", Buffer.from(JSON.stringify(payload)), headers);

test("without a name, or with one that is not ours, a payload is version 1", () => {
  expect(schemaVersionOf("price.updated", undefined)).toBe(1);
  expect(schemaVersionOf("price.updated", named("https://erp.example/schemas/price/4"))).toBe(1);
  expect(schemaVersionOf("price.updated", named("urn:shelfwire:price.updated:1"))).toBe(1);
  expect(schemaVersionOf("inventory.changed", second)).toBe(2);
});

test.each([
  "urn:shelfwire:inventory.changed:3",
  "urn:shelfwire:price.updated:1",
  "urn:shelfwire:",
  "urn:shelfwire:inventory.changed:02",
])("%s is refused with the versions that are known", (uri) => {
  expect(parse({ new_quantity: 1 }, named(uri))).toEqual({
    reason: `ce-dataschema: "${uri}" is no version of inventory.changed; known are urn:shelfwire:inventory.changed:1, urn:shelfwire:inventory.changed:2`,
  });
});

test("stock by place is read as its sum, with what version 1 has beside it", () => {
  const locations = [
    { location_id: "north", quantity: 7, shelf: "B4" },
    { location_id: "south dock", quantity: 5 },
  ];
  const more = { reason: "restock", reference: "PO-1", occurred_at: "2026-11-27T00:00:00Z" };
  expect(parse({ locations, ...more, unknown: true }, second)).toEqual({
    data: { new_quantity: 12, ...more, occurred_at: Date.parse(more.occurred_at) },
  });
});

test.each([
  [{ new_quantity: 3 }, "locations: is required"],
  [{ locations: [] }, "locations: must name a location"],
  [
    { locations: [{ location_id: "a", quantity: -1 }] },
    "locations.0.quantity: must be a whole number, 0 or more",
  ],
  [
    {
      locations: [
        { location_id: "a", quantity: 1 },
        { location_id: "a", quantity: 1 },
      ],
    },
    "locations: must name each location once",
  ],
  [
    {
      locations: [
        { location_id: "a", quantity: Number.MAX_SAFE_INTEGER },
        { location_id: "b", quantity: 1 },
      ],
    },
    "locations: must come to a whole number that JSON can hold",
  ],
])("%j is refused in words for its publisher", (payload, reason) => {
  expect(parse(payload, second)).toEqual({ reason });
});

test("a payload of version 2 that does not say so is held against version 1", () => {
  expect(parse({ locations: [{ location_id: "a", quantity: 1 }] })).toEqual({
    reason: "new_quantity: must be a whole number, 0 or more",
  });
});
