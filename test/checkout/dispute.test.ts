import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeQuote } from "../../api/checkout/dispute.ts";
import { openQuote, type Quote } from "../../api/checkout/quote-token.ts";
import {
  ann,
  chair,
  epoch,
  type Items,
  keys,
  lamp,
  noon,
  openFurnished,
  quoteFor,
  type Shop,
} from "./shop.ts";

/** A quote, looked at long after. */

async function quoted(shop: Shop, items: Items): Promise<Quote> {
  const { quote } = await quoteFor(shop.open(), ann, items);
  const opened = openQuote(keys, quote);
  if (opened === undefined) throw new Error("that is no quote");
  return opened;
}

const both: Items = [
  [lamp, 2],
  [chair, 1],
];

describe("a quote that was given", () => {
  test("is right at once, and stays right whatever is published since", async () => {
    const shop = await openFurnished();
    await shop.sale("spring", lamp, 1_500, { to: noon + 1_000 });
    const quote = await quoted(shop, both);
    const judgement = await judgeQuote(shop.catalog, quote);
    expect(judgement).toEqual({
      outcome: "judged",
      isTotalRight: true,
      lines: [
        {
          product: lamp,
          quantity: 2,
          quoted: { price: { amount: 1_500, currency: "GBP" }, sale: "spring" },
          logged: { price: { amount: 1_500, currency: "GBP" }, sale: "spring" },
          isRight: true,
        },
        {
          product: chair,
          quantity: 1,
          quoted: { price: { amount: 5_000, currency: "GBP" }, sale: null },
          logged: { price: { amount: 5_000, currency: "GBP" }, sale: null },
          isRight: true,
        },
      ],
    });
    await shop.price(lamp, 9_999);
    await shop.sale("spring", chair, 1, { to: noon + 86_400_000 });
    await shop.sale("summer", lamp, 1);
    shop.clock.now += 30 * 86_400_000;
    expect(await judgeQuote(shop.catalog, quote)).toEqual(judgement);
  });

  test("is right line by line, where lines were read before and after a sale was scheduled", async () => {
    const shop = await openFurnished();
    await shop.sale("spring", lamp, 1_500);
    const before = await quoted(shop, both);
    await shop.sale("summer", lamp, 1_000);
    await shop.sale("autumn", chair, 4_000);
    const after = await quoted(shop, both);
    const [lampBefore, chairAfter] = [before.lines[0], after.lines[1]];
    if (lampBefore === undefined || chairAfter === undefined) throw new Error("a line is missing");
    const mixed = { ...after, lines: [lampBefore, chairAfter], total: 7_000 };
    expect(await judgeQuote(shop.catalog, mixed)).toMatchObject({
      isTotalRight: true,
      lines: [{ isRight: true }, { isRight: true }],
    });
  });

  test("of what was not for sale promised nothing", async () => {
    const shop = await openFurnished();
    await shop.product(lamp, { status: "discontinued" });
    const quote = await quoted(shop, both);
    expect(await judgeQuote(shop.catalog, quote)).toMatchObject({
      isTotalRight: true,
      lines: [
        { quoted: null, isRight: true },
        { product: chair, isRight: true },
      ],
    });
  });

  test("is right after any history of prices and sales, overlapping, rescheduled, cancelled and over", async () => {
    const minute = 60_000;
    const step = fc.oneof(
      fc.record({ kind: fc.constant("price" as const), amount: fc.integer({ min: 1, max: 2_000 }) }),
      fc.record({
        kind: fc.constant("sale" as const),
        sale: fc.constantFrom("a", "b", "c"),
        product: fc.constantFrom(lamp, chair),
        amount: fc.integer({ min: 1, max: 2_000 }),
        from: fc.integer({ min: -5, max: 5 }),
        lasts: fc.integer({ min: 1, max: 10 }),
        currency: fc.constantFrom("GBP", "GBP", "EUR"),
      }),
      fc.record({ kind: fc.constant("cancelled" as const), sale: fc.constantFrom("a", "b", "c") }),
      fc.record({ kind: fc.constant("quote" as const) }),
      fc.record({ kind: fc.constant("wait" as const), minutes: fc.integer({ min: 1, max: 4 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const shop = await openFurnished();
        const quotes: Quote[] = [];
        for (const each of steps) {
          const { now } = shop.clock;
          if (each.kind === "price") await shop.price(lamp, each.amount);
          else if (each.kind === "sale") {
            const from = now + each.from * minute;
            const terms = { from, to: from + each.lasts * minute, currency: each.currency };
            await shop.sale(each.sale, each.product, each.amount, terms);
          } else if (each.kind === "cancelled")
            await shop.catalog.append(`catalog.sale.cancelled.${each.sale}`, Buffer.from("{}"));
          else if (each.kind === "wait") shop.clock.now += each.minutes * minute;
          else quotes.push(await quoted(shop, both));
        }
        quotes.push(await quoted(shop, both));
        for (const quote of quotes) {
          const judgement = await judgeQuote(shop.catalog, quote);
          expect(judgement).toMatchObject({
            isTotalRight: true,
            lines: [{ isRight: true }, { isRight: true }],
          });
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("a quote that nobody can have been given", () => {
  const spoilt: readonly [string, (quote: Quote) => Quote, object][] = [
    [
      "another price",
      (quote) => changed(quote, { price: { amount: 1_498, currency: "GBP" } }),
      { isRight: false },
    ],
    [
      "another currency",
      (quote) => changed(quote, { price: { amount: 1_500, currency: "EUR" } }),
      { isRight: false },
    ],
    ["another sale", (quote) => changed(quote, { sale: chair }), { isRight: false }],
    ["another event", (quote) => changed(quote, { priced: 3 }), { isRight: false, logged: null }],
    ["no event", (quote) => changed(quote, { priced: 0 }), { isRight: false, logged: null }],
    ["a time before the sale", (quote) => ({ ...quote, issuedAt: noon - 60_000 }), { isRight: false }],
  ];
  const changed = (quote: Quote, by: object): Quote => ({
    ...quote,
    lines: quote.lines.map((line, at) => (at === 0 ? { ...line, ...by } : line)),
  });

  test.each(spoilt)("has %s than the log", async (_, spoil, expected) => {
    const shop = await openFurnished();
    await shop.sale("spring", lamp, 1_500);
    const quote = spoil(await quoted(shop, both));
    const judgement = await judgeQuote(shop.catalog, quote);
    expect(judgement).toMatchObject({ lines: [expected, { isRight: true }] });
  });

  test("has another total than its lines, or is of another log", async () => {
    const shop = await openFurnished();
    const quote = await quoted(shop, both);
    expect(await judgeQuote(shop.catalog, { ...quote, total: 1 })).toMatchObject({ isTotalRight: false });
    expect(await judgeQuote(shop.catalog, { ...quote, log: epoch + 1 })).toEqual({ outcome: "another-log" });
    const longer = changed(quote, { onSale: 1_000 });
    expect(await judgeQuote(shop.catalog, longer)).toEqual({ outcome: "another-log" });
  });
});
