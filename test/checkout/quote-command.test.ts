import { afterAll, beforeAll, expect, test } from "vitest";
import { type Quote, type QuoteKeys, signQuote } from "../../api/checkout/quote-token.ts";
import { commandLineOn } from "../edge-purge/command-line.ts";
import { money, openShop, type Shop } from "../edge-purge/shop.ts";
import { id } from "../streams/id.ts";

/** A quote in a dispute, as an operator looks into it. */

const secret = "a secret of more than thirty-two bytes";
const keys: QuoteKeys = [{ kid: "k1", secret: Buffer.from(secret) }];
const noon = Date.parse("2026-11-23T12:00:00Z");
const settings = { QUOTE_KEYS: `k2:another ${secret},k1:${secret}` };

let shop: Shop;
let quote: Quote;
beforeAll(async () => {
  shop = await openShop({ varnish: false });
  await shop.publish("product.modified", "BANK CHARGES", { title: "Bank charges" });
  const priced = await shop.publish("price.updated", "BANK CHARGES", { new_price: money(1_999) });
  // What it costs today says nothing of what it cost then.
  await shop.publish("price.updated", "BANK CHARGES", { new_price: money(4_999) });
  const { amount, currency } = money(1_999);
  const line = { product: id("BANK CHARGES"), quantity: 2, price: { amount, currency }, sale: null, seen: 0 };
  quote = {
    user: id("ann"),
    issuedAt: noon,
    expiresAt: noon + 600_000,
    log: shop.catalogue.epochs.catalog,
    currency,
    total: 2 * amount,
    lines: [{ ...line, priced, onSale: 0 }],
  };
});
afterAll(() => shop.stop());

const shelfwire = commandLineOn(() => shop);

async function examined(text: string) {
  const { code, said, told } = await shelfwire(["quote", text, "--json"], settings).ended;
  expect(told).toBe("");
  const lines = said.trim().split("\n");
  return { code, said: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test("a quote that was given is ours and right, whatever it costs today", async () => {
  const text = signQuote(keys, quote);
  const price = { amount: 1_999, currency: "EUR", sale: null };
  expect(await examined(text)).toEqual({
    code: 0,
    said: [
      {
        product_id: "BANK CHARGES",
        quantity: 2,
        quoted: price,
        logged: price,
        price_sequence: quote.lines[0]?.priced,
        sales_sequence: 0,
        right: true,
      },
      {
        ours: true,
        right: true,
        reason: null,
        user: "ann",
        issued_at: "2026-11-23T12:00:00.000Z",
        expires_at: "2026-11-23T12:10:00.000Z",
        total: 3_998,
        currency: "EUR",
      },
    ],
  });
  const { code, said } = await shelfwire(["quote", text], settings).ended;
  expect([code, said.split("\n")]).toEqual([
    0,
    [
      `2 x BANK CHARGES: €19.99, as the log has it at ${quote.lines[0]?.priced}`,
      "given to ann at 2026-11-23T12:00:00.000Z until 2026-11-23T12:10:00.000Z, €39.98: right",
      "",
    ],
  ]);
});

test("one that we signed and that the log does not bear out says what the log has", async () => {
  const lines = quote.lines.map((line) => ({ ...line, price: { amount: 999, currency: "EUR" } }));
  const text = signQuote(keys, { ...quote, lines, total: 1_998 });
  const { code, said } = await examined(text);
  expect([code, said]).toMatchObject([
    1,
    [
      { quoted: { amount: 999 }, logged: { amount: 1_999 }, right: false },
      { ours: true, right: false, reason: expect.stringContaining("other prices") },
    ],
  ]);
  const shown = await shelfwire(["quote", text], settings).ended;
  expect(shown.said).toMatch(
    /^2 x BANK CHARGES: €9\.99, but the log has €19\.99 at \d+\ngiven to ann .*: wrong: /,
  );
});

test.each([
  ["whose total is not the sum of its lines", () => ({ ...quote, total: 1 }), "not the sum"],
  ["of a log that is no more", () => ({ ...quote, log: 1 }), "another log"],
])("one %s is ours and not right", async (_, made, reason) => {
  const { code, said } = await examined(signQuote(keys, made()));
  expect([code, said.at(-1)]).toMatchObject([
    1,
    { ours: true, right: false, user: "ann", reason: expect.stringContaining(reason) },
  ]);
});

test.each([
  ["altered", () => signQuote(keys, quote).replace(/^.{8}/, (begin) => begin.toLowerCase())],
  ["of another's key", () => signQuote([{ kid: "k1", secret: Buffer.alloc(32) }], quote)],
  ["no quote", () => "85123A"],
])("what is %s is not ours", async (_, text) => {
  expect(await examined(text())).toMatchObject({
    code: 1,
    said: [{ ours: false, right: false, user: null }],
  });
});

test("without keys nobody can say whose a quote is, and the command says so in one line", async () => {
  const { code, said, told } = await shelfwire(["quote", "x.y"], { DEMO: "0" }).ended;
  expect([code, said, told]).toEqual([
    1,
    "",
    "shelfwire: QUOTE_KEYS: without the keys nobody can say whose it is\n",
  ]);
});
