import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkoutLimits } from "../../api/checkout/checkout-limits.ts";
import {
  assertQuoteKeys,
  openQuote,
  type Quote,
  type QuoteKeys,
  signQuote,
} from "../../api/checkout/quote-token.ts";
import { wantedOf } from "../../api/checkout/request-bodies.ts";
import { limits } from "../../api/limits.ts";
import { identifierBytesMax } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";
import {
  ann,
  chair,
  epoch,
  keys,
  lamp,
  lamps,
  noon,
  openFurnished,
  openShop,
  problemIn,
  problemOf,
  quoteFor,
  unavailable,
} from "./shop.ts";

const quote: Quote = {
  user: ann,
  issuedAt: noon,
  expiresAt: noon + checkoutLimits.quoteMs,
  log: epoch,
  currency: "GBP",
  total: 3_998,
  lines: [
    {
      product: lamp,
      quantity: 2,
      price: { amount: 1_999, currency: "GBP" },
      sale: id("spring"),
      priced: 3,
      onSale: 4,
      seen: 5,
    },
    { product: chair, quantity: 1, price: null, sale: null, priced: 0, onSale: 0, seen: 0 },
  ],
};

describe("the signature", () => {
  const signed = signQuote(keys, quote);

  test("a quote is read as it was signed", () => {
    expect(openQuote(keys, signed)).toEqual(quote);
  });

  test("a quote that is altered in any place is none", () => {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \u00e9\u0000";
    for (let at = 0; at < signed.length; at++) {
      for (const letter of letters) {
        if (letter === signed[at]) continue;
        const altered = signed.slice(0, at) + letter + signed.slice(at + 1);
        expect(openQuote(keys, altered), altered).toBeUndefined();
      }
      expect(openQuote(keys, signed.slice(0, at))).toBeUndefined();
      expect(openQuote(keys, signed.slice(0, at) + signed.slice(at + 1))).toBeUndefined();
    }
    for (const longer of [`${signed}.`, `${signed}=`, ` ${signed}`, `${signed}.${signed}`, `.${signed}`])
      expect(openQuote(keys, longer)).toBeUndefined();
  });

  test("what another key signed is none, also under the name of ours", () => {
    const forged: QuoteKeys = [{ kid: "k1", secret: Buffer.alloc(32, 2) }];
    expect(openQuote(keys, signQuote(forged, quote))).toBeUndefined();
    const misnamed: QuoteKeys = [{ ...keys[0], kid: "k2" }];
    expect(openQuote(keys, signQuote(misnamed, quote))).toBeUndefined();
  });

  test("no algorithm is chosen by the quote: unsigned, and signed otherwise, it is none", () => {
    const [text = ""] = signed.split(".");
    const other = createHmac("sha512", keys[0].secret).update(text).digest("base64url");
    for (const forged of [text, `${text}.`, `${text}.none`, `${text}.${other}`, `${text}.${"A".repeat(43)}`])
      expect(openQuote(keys, forged)).toBeUndefined();
  });

  test("a new key signs, and the old one verifies until it is taken out", () => {
    const next = { kid: "k2", secret: Buffer.alloc(40, 3) };
    const both: QuoteKeys = [next, ...keys];
    expect(openQuote(both, signed)).toEqual(quote);
    expect(openQuote([next], signQuote(both, quote))).toEqual(quote);
    expect(openQuote([next], signed)).toBeUndefined();
  });

  test("a payload that another version has signed is none", () => {
    for (const payload of [{}, [], null, 1, { v: 2 }]) {
      const text = Buffer.from(JSON.stringify(payload)).toString("base64url");
      const signature = createHmac("sha256", keys[0].secret).update(text).digest("base64url");
      expect(openQuote(keys, `${text}.${signature}`)).toBeUndefined();
    }
  });

  test("a giant is not looked at; the largest quote that is given is", () => {
    expect(openQuote(keys, "x".repeat(60_000))).toBeUndefined();
    const name = (at: number) => id(`"${String(at).padStart(2, "0")}${'"'.repeat(identifierBytesMax - 3)}`);
    const lines = Array.from({ length: checkoutLimits.linesMax }, (_, at) => ({
      product: name(at),
      quantity: checkoutLimits.quantityMax,
      price: { amount: Number.MAX_SAFE_INTEGER, currency: "GBP" },
      sale: name(99 - at),
      priced: Number.MAX_SAFE_INTEGER,
      onSale: Number.MAX_SAFE_INTEGER,
      seen: Number.MAX_SAFE_INTEGER,
    }));
    const largest = { ...quote, user: name(0), lines };
    const text = signQuote(keys, largest);
    expect(openQuote(keys, text)).toEqual(largest);
    expect(JSON.stringify({ quote: text }).length).toBeLessThan(limits.bodyBytesMax);
  });

  test("whatever is sent, nothing throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.constant("a.b")), (text) => {
        expect(openQuote(keys, text)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test("keys that are too short or share a name are refused at the start", () => {
    expect(() => assertQuoteKeys([{ kid: "k", secret: Buffer.alloc(31) }])).toThrow("31 bytes of 32");
    expect(() => assertQuoteKeys([keys[0], keys[0]])).toThrow("two keys have one name");
  });
});

describe("a quote", () => {
  test("has each line, the total, what is in stock, and the events that it was made from", async () => {
    const shop = await openFurnished();
    const body = await quoteFor(shop.open(), ann, [
      [lamp, 2],
      [chair, 6],
    ]);
    expect(body).toMatchObject({
      expires_at: "2026-11-23T12:10:00.000Z",
      currency: "GBP",
      total: { amount: 33_998, currency: "GBP", display: "£339.98" },
      lines: [
        {
          product_id: "lamp",
          quantity: 2,
          price: { amount: 1_999, display: "£19.99", list_amount: null, sale: null, version: 2 },
          line_total: { amount: 3_998, display: "£39.98" },
          available: 5,
          status: "ok",
        },
        { product_id: chair, quantity: 6, available: 5, status: "short", line_total: { amount: 30_000 } },
      ],
    });
    expect(openQuote(keys, body.quote)).toMatchObject({
      user: ann,
      issuedAt: noon,
      log: epoch,
      total: 33_998,
      lines: [
        { product: lamp, quantity: 2, price: { amount: 1_999 }, sale: null, priced: 2, onSale: 0, seen: 3 },
        { product: chair, priced: 8, seen: 9 },
      ],
    });
  });

  test("has the price of the sale that is in force at its moment", async () => {
    const shop = await openFurnished();
    await shop.sale("spring", lamp, 1_500, { to: noon + 1_000 });
    await shop.sale("later", lamp, 1_000, { from: noon + 5_000 });
    const checkout = shop.open();
    const during = await quoteFor(checkout, ann, [[lamp, 3]]);
    expect(during.total?.amount).toBe(4_500);
    expect(during.lines[0]?.price).toMatchObject({
      amount: 1_500,
      list_amount: 1_999,
      sale: { id: "spring" },
    });
    expect(openQuote(keys, during.quote)?.lines[0]).toMatchObject({ sale: "spring", priced: 2, onSale: 11 });
    shop.clock.now = noon + 1_000;
    expect((await quoteFor(checkout, ann, [[lamp, 3]])).total?.amount).toBe(5_997);
    shop.clock.now = noon + 5_000;
    expect((await quoteFor(checkout, ann, [[lamp, 3]])).total?.amount).toBe(3_000);
  });

  test("leaves out of the total what is not for sale", async () => {
    const shop = await openFurnished();
    await shop.product(id("unpriced"));
    await shop.product(lamps, { status: "discontinued" });
    const { total, lines } = await quoteFor(shop.open(), ann, [
      [lamp, 1],
      [lamps, 1],
      [id("unpriced"), 1],
    ]);
    expect(total?.amount).toBe(1_999);
    expect(lines.map(({ price, available, status }) => [price?.amount, available, status])).toEqual([
      [1_999, 5, "ok"],
      [undefined, 0, "unavailable"],
      [undefined, 0, "unavailable"],
    ]);
    const none = await quoteFor(shop.open(), ann, [[lamps, 1]]);
    expect([none.total, none.currency]).toEqual([null, null]);
  });

  test("of a product whose stock was never told says that there is none", async () => {
    const shop = openShop();
    await shop.product(lamp);
    await shop.price(lamp, 100);
    const { lines } = await quoteFor(shop.open(), ann, [[lamp, 1]]);
    expect(lines[0]).toMatchObject({ available: 0, status: "short" });
  });

  test("is not given for unknown products, for two currencies, or for more money than there is", async () => {
    const shop = await openFurnished();
    await shop.price(chair, 500, "EUR");
    await shop.price(lamps, Number.MAX_SAFE_INTEGER);
    const checkout = shop.open();
    const unknown = await problemIn(
      quoteFor(checkout, ann, [
        [lamp, 1],
        [id("nobody"), 1],
      ]),
    );
    expect([unknown.status, unknown.code, unknown.message]).toEqual([
      404,
      "unknown-product",
      'there is no product "nobody"',
    ]);
    const mixed = await problemIn(
      quoteFor(checkout, ann, [
        [lamp, 1],
        [chair, 1],
      ]),
    );
    expect(mixed.status).toBe(400);
    expect(mixed.errors.map(({ message }) => message)).toEqual([
      '"lamp" is sold in GBP; ask for a quote in each currency',
      `"${chair}" is sold in EUR; ask for a quote in each currency`,
    ]);
    expect(await problemOf(quoteFor(checkout, ann, [[lamps, 9_999]]))).toBe("400 invalid-parameter");
  });

  test("is not given while the log has no leader", async () => {
    const shop = await openFurnished();
    const checkout = shop.open({ catalog: unavailable });
    const problem = await problemIn(quoteFor(checkout, ann, [[lamp, 1]]));
    expect([problem.status, problem.retryAfterSeconds]).toEqual([503, 1]);
  });
});

describe("what is asked for", () => {
  const items = (...all: readonly (readonly [string, unknown])[]) => ({
    items: all.map(([product_id, quantity]) => ({ product_id, quantity })),
  });

  test("repeated products are summed, in the order in which they were named first", () => {
    expect(wantedOf(items(["lamp", 2], ["chair", 1], ["lamp", 3]))).toEqual([
      { product: "lamp", quantity: 5 },
      { product: "chair", quantity: 1 },
    ]);
  });

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "body"],
    ["a list", [], "body"],
    ["no items", {}, "items"],
    ["an empty cart", { items: [] }, "items"],
    ["a product without a name", items(["", 1]), "items[0].product_id"],
    ["a name that is none", items(["lamp", 1], ["\u0007", 1]), "items[1].product_id"],
    ["a part", items(["lamp", 1.5]), "items[0].quantity"],
    ["none", items(["lamp", 0]), "items[0].quantity"],
    ["less than none", items(["lamp", -1]), "items[0].quantity"],
    ["a text", items(["lamp", "1"]), "items[0].quantity"],
    ["too many", items(["lamp", 10_000]), "items[0].quantity"],
    ["too many in all", items(["lamp", 5_000], ["lamp", 5_000]), "items[1].quantity"],
    ["too many lines", items(...Array.from({ length: 51 }, (_, at) => [`p${at}`, 1] as const)), "items"],
  ])("%s is refused, and the field is named", async (_, body, field) => {
    const problem = await problemIn(Promise.resolve().then(() => wantedOf(body)));
    expect([problem.status, problem.errors[0]?.field]).toEqual([400, field]);
  });
});
