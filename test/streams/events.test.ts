import { describe, expect, test } from "vitest";
import { decodeEvent, type Event, isBad, payloadBytesMax } from "../../streams/events.ts";
import type { StoredMessage } from "../../streams/log.ts";
import { type EventKind, logOf, storedSubjectOf } from "../../streams/subjects.ts";

const loggedAt = Date.parse("2026-11-27T12:00:00Z");

function message(kind: EventKind, payload: unknown, headers: Record<string, string> = {}): StoredMessage {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return {
    sequence: 7,
    time: loggedAt,
    subject: storedSubjectOf(`${logOf(kind)}.${kind}.lamp`),
    payload: Buffer.from(text),
    headers: new Map(Object.entries(headers)),
  };
}

function event(kind: EventKind, payload: unknown, headers?: Record<string, string>): Event {
  const decoded = decodeEvent(message(kind, payload, headers));
  if (isBad(decoded)) throw new Error(decoded.reason);
  return decoded;
}

function reason(kind: EventKind, payload: unknown, headers?: Record<string, string>): string | undefined {
  const decoded = decodeEvent(message(kind, payload, headers));
  return isBad(decoded) ? decoded.reason : undefined;
}

const gbp = (amount: number) => ({ amount, currency: "GBP" });
const sale = (fields: object) => ({
  starts_at: "2026-11-27T00:00:00Z",
  ends_at: "2026-11-28T00:00:00Z",
  items: [],
  ...fields,
});

describe("a good event", () => {
  test.each<[EventKind, object]>([
    ["product.modified", { title: "Lamp" }],
    [
      "product.modified",
      {
        title: "Lamp",
        description: "Brass",
        brand: "Acme",
        gtin: "5012345678900",
        status: "discontinued",
        category_ids: ["lamps", "BANK CHARGES"],
        images: [{ url: "/a.svg", alt: "a lamp" }, { url: "/b.svg" }],
        specs: { colour: "red", weight_g: 120, dimmable: true },
        group_id: "lamp-family",
        options: { size: "L" },
      },
    ],
    [
      "product.modified",
      { title: "Lamp", description: null, category_ids: null, group_id: null, status: null },
    ],
    ["price.updated", { new_price: gbp(0) }],
    [
      "price.updated",
      { new_price: gbp(1999), list_price: gbp(2499), old_price: { amount: 5, currency: "JPY" } },
    ],
    ["price.updated", { new_price: gbp(Number.MAX_SAFE_INTEGER) }],
    ["inventory.changed", { new_quantity: 0 }],
    ["inventory.changed", { new_quantity: 5, reason: "restock", reference: "PO 7" }],
    ["review.posted", { review_id: "r 1", rating: 1 }],
    ["review.posted", { review_id: "r2", rating: 5, title: "Good", body: "Very", author: "Ann" }],
    ["category.modified", { name: "Lamps" }],
    ["category.modified", { name: "Lamps", parent_id: null, position: 1.5 }],
    ["sale.scheduled", sale({})],
    [
      "sale.scheduled",
      sale({ name: "Friday", items: [{ product_id: "lamp", sale_price: gbp(5), purchase_limit: 2 }] }),
    ],
    ["sale.cancelled", {}],
    ["featured.set", { product_ids: [], title: "New" }],
    ["view.recorded", { product_id: "lamp" }],
    ["order.placed", { order_id: "o1", items: [{ product_id: "lamp", quantity: 1, unit_price: gbp(5) }] }],
  ])("%s %j", (kind, payload) => {
    expect(event(kind, payload)).toMatchObject({
      kind,
      id: "lamp",
      token: "lamp",
      sequence: 7,
      loggedAt,
      at: loggedAt,
    });
  });

  test("keeps what the schema names and leaves out what it does not", () => {
    expect(event("inventory.changed", { new_quantity: 5, warehouse: "north" }).data).toEqual({
      new_quantity: 5,
    });
  });

  test("has its times in milliseconds, whatever their offset", () => {
    const { data } = event("sale.scheduled", sale({ starts_at: "2026-11-27T01:00:00+01:00" }));
    expect(data).toMatchObject({ starts_at: Date.parse("2026-11-27T00:00:00Z") });
  });
});

describe("a bad event says what to mend", () => {
  test.each<[EventKind, unknown, string]>([
    ["product.modified", {}, "title: "],
    ["product.modified", { title: "" }, "title: must not be empty"],
    ["product.modified", { title: 5 }, "title: "],
    ["product.modified", { title: "x", status: "deleted" }, "status: "],
    ["product.modified", { title: "x", category_ids: "lamps" }, "category_ids: "],
    [
      "product.modified",
      { title: "x", category_ids: ["a", ".."] },
      'category_ids.1: an identifier must not be "." or ".."',
    ],
    ["product.modified", { title: "x", group_id: "" }, "group_id: an identifier must not be empty"],
    ["product.modified", { title: "x", images: [{ alt: "no url" }] }, "images.0.url: "],
    ["product.modified", { title: "x", specs: { nested: {} } }, "specs.nested: "],
    ["product.modified", { title: "x", specs: [] }, "specs: "],
    ["price.updated", {}, "new_price: "],
    ["price.updated", { new_price: 1999 }, "new_price: "],
    [
      "price.updated",
      { new_price: gbp(-1) },
      "new_price.amount: must be a whole number of minor units, 0 or more",
    ],
    [
      "price.updated",
      { new_price: gbp(19.99) },
      "new_price.amount: must be a whole number of minor units, 0 or more",
    ],
    ["price.updated", { new_price: gbp(2 ** 53) }, "new_price.amount: must be a whole number"],
    [
      "price.updated",
      '{"new_price":{"amount":1e400,"currency":"GBP"}}',
      "new_price.amount: must be a whole number",
    ],
    ["price.updated", { new_price: { amount: "5", currency: "GBP" } }, "new_price.amount: "],
    [
      "price.updated",
      { new_price: { amount: 5, currency: "XYZ" } },
      '"XYZ" is not an ISO 4217 currency code',
    ],
    [
      "price.updated",
      { new_price: { amount: 5, currency: "gbp" } },
      '"gbp" is not an ISO 4217 currency code',
    ],
    ["price.updated", { new_price: { amount: 5 } }, "new_price.currency: "],
    [
      "price.updated",
      { new_price: gbp(5), list_price: { amount: 6, currency: "EUR" } },
      "list_price.currency: must be the currency of new_price",
    ],
    ["inventory.changed", {}, "new_quantity: must be a whole number, 0 or more"],
    ["inventory.changed", { new_quantity: -1 }, "new_quantity: must be a whole number, 0 or more"],
    ["inventory.changed", { new_quantity: 0.5 }, "new_quantity: must be a whole number, 0 or more"],
    ["inventory.changed", { new_quantity: 5, reason: "theft" }, "reason: "],
    ["review.posted", { rating: 5 }, "review_id: "],
    ["review.posted", { review_id: "r", rating: 4.5 }, "rating: must be a whole number from 1 to 5"],
    ["review.posted", { review_id: "r", rating: 0 }, "rating: "],
    ["review.posted", { review_id: "r", rating: 6 }, "rating: "],
    ["category.modified", { name: "" }, "name: must not be empty"],
    ["category.modified", { name: "x", parent_id: "." }, 'parent_id: an identifier must not be "." or ".."'],
    ["sale.scheduled", sale({ starts_at: "tomorrow" }), "starts_at: must be an RFC 3339 time"],
    ["sale.scheduled", sale({ starts_at: "2026-11-27T00:00:00" }), "starts_at: must be an RFC 3339 time"],
    ["sale.scheduled", sale({ starts_at: "2026-02-30T00:00:00Z" }), "starts_at: must be an RFC 3339 time"],
    ["sale.scheduled", sale({ ends_at: "2026-11-27T00:00:00Z" }), "ends_at: must be after starts_at"],
    ["sale.scheduled", sale({ items: undefined }), "items: "],
    ["sale.scheduled", sale({ items: [{ product_id: "lamp" }] }), "items.0.sale_price: "],
    [
      "sale.scheduled",
      sale({ items: [{ product_id: "lamp", sale_price: gbp(5), purchase_limit: 0 }] }),
      "items.0.purchase_limit: must be a whole number, 1 or more",
    ],
    ["sale.cancelled", [], "must be of type object"],
    ["featured.set", {}, "product_ids: "],
    ["view.recorded", { product_id: 5 }, "product_id: "],
    [
      "order.placed",
      { order_id: "o", items: [{ product_id: "lamp", quantity: 0 }] },
      "items.0.quantity: must be",
    ],
    [
      "inventory.changed",
      { new_quantity: 5, occurred_at: "yesterday" },
      "occurred_at: must be an RFC 3339 time",
    ],
    ["inventory.changed", "", "the payload is not JSON"],
    ["inventory.changed", "{", "the payload is not JSON"],
    ["inventory.changed", "NaN", "the payload is not JSON"],
    ["inventory.changed", "null", "must be of type object"],
    ["inventory.changed", "5", "must be of type object"],
    ["inventory.changed", '\ufeff{"new_quantity":5}', "the payload is not JSON"],
  ])("%s %j", (kind, payload, words) => {
    expect(reason(kind, payload)).toContain(words);
  });

  test("names everything that is wrong at once, and what it is about", () => {
    const decoded = decodeEvent(message("product.modified", { title: "", status: "gone" }));
    expect(decoded).toMatchObject({ about: { kind: "product.modified", id: "lamp" } });
    expect("reason" in decoded && decoded.reason).toMatch(/^title: .*; status: /);
  });

  test("is not UTF-8", () => {
    const payload = Buffer.concat([Buffer.from('{"title":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expect(decodeEvent({ ...message("product.modified", ""), payload })).toMatchObject({
      reason: "the payload is not UTF-8",
    });
  });

  test.each([
    ['{"title":"\\ud800"}'],
    ['{"title":"x","specs":{"\\udfff":1}}'],
    ['{"title":"x","unknown":[{"deep":["\\ud83d"]}]}'],
  ])("holds half a surrogate pair: %s", (payload) => {
    expect(reason("product.modified", payload)).toContain("lone surrogate");
  });

  test("a whole pair of escapes is a character", () => {
    expect(event("product.modified", '{"title":"\\ud83d\\udca1"}').data).toMatchObject({ title: "💡" });
  });
});

describe("nothing that a publisher sends makes the decoder throw", () => {
  test("names that objects inherit are names like any other", () => {
    const payload =
      '{"__proto__":{"title":"sneaked"},"title":"Lamp","specs":{"__proto__":"x","constructor":"y"}}';
    const { data } = event("product.modified", payload);
    expect(data).toMatchObject({ title: "Lamp", specs: { constructor: "y" } });
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect(reason("product.modified", '{"__proto__":{"title":"sneaked"}}')).toContain("title: ");
    expect(({} as Record<string, unknown>)["title"]).toBeUndefined();
  });

  const deep = "[".repeat(60_000) + "]".repeat(60_000);

  test("deep nesting in an unknown field is ignored", () => {
    expect(event("product.modified", `{"title":"Lamp","x":${deep}}`).data).toEqual({ title: "Lamp" });
  });

  test("deep nesting beside an escape is judged like any other", () => {
    expect(() => reason("product.modified", `{"title":"\\u0041","x":${deep}}`)).not.toThrow();
  });

  test("deep nesting where a value belongs is a bad event", () => {
    expect(reason("product.modified", `{"title":${deep}}`)).toContain("title: ");
    expect(reason("product.modified", deep)).toContain("must be of type object");
  });

  test("a hundred thousand keys are judged in less than a second", () => {
    const keys = Array.from({ length: 20_000 }, (_, at) => `"${at * 64}":1`).join();
    const startedAt = performance.now();
    event("product.modified", `{"title":"Lamp","specs":{${keys}}}`);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test("256 KiB are allowed, and not one byte more", () => {
    const frame = '{"title":""}'.length;
    const fits = `{"title":"${"x".repeat(payloadBytesMax - frame)}"}`;
    expect(reason("product.modified", fits)).toBeUndefined();
    expect(reason("product.modified", `${fits} `)).toBe(
      "the payload has 262145 bytes; at most 262144 are allowed",
    );
  });
});

describe("an event is dated", () => {
  const stock = { new_quantity: 5 };
  test.each<[string, object, Record<string, string>, string]>([
    ["by its own occurred_at", { ...stock, occurred_at: "2026-11-27T11:00:00Z" }, {}, "2026-11-27T11:00:00Z"],
    ["by ce-time without one", stock, { "ce-time": "2026-11-27T10:00:00+02:00" }, "2026-11-27T08:00:00Z"],
    [
      "by occurred_at rather than by ce-time",
      { ...stock, occurred_at: "2026-11-27T11:00:00Z" },
      { "ce-time": "2026-11-27T09:00:00Z" },
      "2026-11-27T11:00:00Z",
    ],
    ["by the log when occurred_at is null", { ...stock, occurred_at: null }, {}, "2026-11-27T12:00:00Z"],
    ["by the log when ce-time is no time", stock, { "ce-time": "now" }, "2026-11-27T12:00:00Z"],
    [
      "never later than the log",
      { ...stock, occurred_at: "2027-01-01T00:00:00Z" },
      {},
      "2026-11-27T12:00:00Z",
    ],
  ])("%s", (_, payload, headers, at) => {
    expect(event("inventory.changed", payload, headers).at).toBe(Date.parse(at));
  });

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/vnd.shop+json",
    "APPLICATION/JSON",
  ])("datacontenttype %s is JSON", (type) => {
    expect(reason("inventory.changed", stock, { "ce-datacontenttype": type })).toBeUndefined();
  });

  test.each(["text/plain", "application/xml", "application/jsonp"])(
    "datacontenttype %s is refused",
    (type) => {
      expect(reason("inventory.changed", stock, { "ce-datacontenttype": type })).toBe(
        `the payload is ${type}; publish application/json`,
      );
      expect(reason("inventory.changed", stock, { "content-type": type })).toContain(type);
    },
  );
});
