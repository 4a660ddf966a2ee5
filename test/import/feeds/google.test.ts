import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readGoogle } from "../../../ops/import/google/read-google.ts";
import { readXmlItems } from "../../../ops/import/google/xml-items.ts";
import { atomOf, type Item, rssOf, tableOf } from "./google-feed.ts";
import { feedFolder, productsOf, readAll, rejectionsOf } from "./reading.ts";

const folder = feedFolder();

const items: readonly Item[] = [
  {
    id: "DR-1",
    title: 'Dress, "long" & light',
    description: "Line one\nline <two>",
    image_link: "https://i/1.jpg",
    additional_image_link: "https://i/2.jpg|https://i/3.jpg",
    availability: "in_stock",
    quantity: "7",
    price: "115.00 USD",
    sale_price: "90.00 USD",
    sale_price_effective_date: "2026-11-27T00:00+0100/2026-11-30T23:59+0100",
    product_type: "Women > Dresses > Maxi",
    google_product_category: "2271",
    brand: "Maker",
    gtin: "4-006381-333931",
    item_group_id: "DR",
    color: "red",
    size: "M",
    mpn: "X1",
  },
  {
    id: "MUG",
    title: "Mug",
    availability: "in stock",
    price: "12 EUR",
    sale_price: "9.50 EUR",
    color: "white",
  },
  {
    id: "TV",
    title: 'TV 27" wide',
    availability: "preorder",
    availability_date: "2026-12-24",
    price: "499.00 GBP",
    google_product_category: "Electronics > Video > Televisions",
  },
  {
    id: "OLD",
    title: "Old",
    availability: "out_of_stock",
    quantity: "5",
    price: "5.00",
    google_product_category: "222",
  },
];

const expected = [
  {
    id: "DR-1",
    path: ["Women", "Dresses", "Maxi"],
    price: { new_price: { amount: 11500, currency: "USD" } },
    stock: 7,
    sale: {
      sale_price: { amount: 9000, currency: "USD" },
      starts_at: Date.UTC(2026, 10, 26, 23),
      ends_at: Date.UTC(2026, 10, 30, 22, 59),
    },
    details: {
      title: 'Dress, "long" & light',
      brand: "Maker",
      gtin: "4006381333931",
      status: "active",
      images: [{ url: "https://i/1.jpg" }, { url: "https://i/2.jpg" }, { url: "https://i/3.jpg" }],
      specs: { mpn: "X1" },
      group_id: "DR",
      options: { color: "red", size: "M" },
    },
  },
  {
    id: "MUG",
    path: [],
    price: { new_price: { amount: 950, currency: "EUR" }, list_price: { amount: 1200, currency: "EUR" } },
    stock: "some",
    sale: null,
    details: { title: "Mug", status: "active", images: [], specs: { color: "white" } },
  },
  {
    id: "TV",
    path: ["Electronics", "Video", "Televisions"],
    price: { new_price: { amount: 49900, currency: "GBP" } },
    stock: 0,
    sale: null,
    details: {
      title: 'TV 27" wide',
      status: "active",
      images: [],
      specs: { availability: "preorder", availability_date: "2026-12-24" },
    },
  },
  {
    id: "OLD",
    path: ["Google product category 222"],
    price: { new_price: { amount: 500, currency: "GBP" } },
    stock: 0,
    sale: null,
    details: { title: "Old", status: "active", images: [], specs: {} },
  },
];

describe("a Merchant feed", () => {
  test.each([
    ["a table", "feed.tsv", tableOf],
    ["RSS", "feed.xml", rssOf],
    ["Atom", "atom.xml", atomOf],
  ])("as %s says the same", async (_form, name, write) => {
    const entries = await readAll(readGoogle, await folder.file(name, `\ufeff${write(items)}`));
    expect(rejectionsOf(entries)).toEqual([]);
    const meaning = productsOf(entries).map(({ line: _line, row: _row, details, ...rest }) => {
      const { description: _description, ...others } = details;
      return { ...rest, details: others };
    });
    expect(meaning).toEqual(expected);
    expect(productsOf(entries)[0]?.details.description).toMatch(/^Line one\sline <two>$/);
  });

  const good: Item = { id: "x", title: "X", availability: "in_stock", price: "1.00 USD" };
  const dates = "2026-11-27T00:00Z/2026-11-30T00:00Z";
  const broken: readonly (readonly [string, Item])[] = [
    ["no-id", { ...good, id: "" }],
    ["bad-id", { ...good, id: "i".repeat(129) }],
    ["no-title", { ...good, title: "" }],
    ["no-price", { ...good, price: "" }],
    ["bad-price", { ...good, price: "1,99 USD" }],
    ["bad-price", { ...good, price: "free" }],
    ["unknown-currency", { ...good, price: "1.00 ZZZ" }],
    ["price-too-precise", { ...good, price: "1.5 JPY" }],
    ["negative-price", { ...good, price: "-1.00 USD" }],
    ["bad-gtin", { ...good, gtin: "4006381333932" }],
    ["bad-availability", { ...good, availability: "soon" }],
    ["negative-quantity", { ...good, quantity: "-1" }],
    ["bad-quantity", { ...good, quantity: "many" }],
    ["mixed-currencies", { ...good, sale_price: "0.50 EUR" }],
    ["sale-price-above-price", { ...good, sale_price: "2.00 USD" }],
    ["bad-sale-dates", { ...good, sale_price: "0.50 USD", sale_price_effective_date: "tomorrow" }],
    [
      "bad-sale-dates",
      { ...good, sale_price: "0.50 USD", sale_price_effective_date: dates.split("/").reverse().join("/") },
    ],
    [
      "bad-sale-dates",
      { ...good, sale_price: "0.50 USD", sale_price_effective_date: "2026-02-30/2026-03-01" },
    ],
    ["bad-id", { ...good, item_group_id: "." }],
  ];

  test("reports each broken row of a table with its line and goes on", async () => {
    const rows = broken.flatMap(([, item], at) => [item, { ...good, id: `good-${at}` }]);
    const entries = await readAll(readGoogle, await folder.file("broken.tsv", tableOf(rows)));
    expect(rejectionsOf(entries).map(([line, reason]) => [line, reason])).toEqual(
      broken.map(([reason], at) => [2 + at * 2, reason]),
    );
    expect(productsOf(entries)).toHaveLength(broken.length);
  });

  test("reports each broken item of XML with its line and goes on", async () => {
    const rows = broken.flatMap(([, item], at) => [item, { ...good, id: `good-${at}` }]);
    const text = rssOf(rows);
    const entries = await readAll(readGoogle, await folder.file("broken.xml", text));
    const lines = text.split("\n").flatMap((line, at) => (line === "  <item>" ? [at + 1] : []));
    expect(rejectionsOf(entries).map(([line, reason]) => [line, reason])).toEqual(
      broken.map(([reason], at) => [lines[at * 2], reason]),
    );
    expect(productsOf(entries)).toHaveLength(broken.length);
  });

  test("what is no XML costs its own item", async () => {
    const item = (id: string, title: string) =>
      `<item><g:id>${id}</g:id><title>${title}</title><g:price>1 USD</g:price></item>`;
    const text = [
      '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>',
      item("a", "Salt & pepper"),
      item("b", "fine"),
      "<item><g:id>c</g:id><title>never closed",
      item("d", "<![CDATA[</item> & <b>]]>"),
      "<item><g:id>e</g:id><title>crossed</g:id></title></item>",
      item("f", "&unknown;"),
      item("g", "N\u00e9"),
      item("h", "fine too"),
      "</channel>",
    ].join("\n");
    const latin = Buffer.from(
      Buffer.from(text).toString("latin1").replace("\u00c3\u00a9", "\u00e9"),
      "latin1",
    );
    const entries = await readAll(readGoogle, await folder.file("torn.xml", latin));
    expect(rejectionsOf(entries)).toEqual([
      [2, "malformed-row", undefined],
      [4, "malformed-row", undefined],
      [6, "malformed-row", undefined],
      [7, "malformed-row", undefined],
      [8, "bad-encoding", undefined],
      [10, "file-cut-short", undefined],
    ]);
    expect(productsOf(entries).map(({ id, details }) => [id, details.title])).toEqual([
      ["b", "fine"],
      ["d", "</item> & <b>"],
      ["h", "fine too"],
    ]);
  });

  test("is refused where it is none", async () => {
    const read = async (name: string, text: string) => readAll(readGoogle, await folder.file(name, text));
    await expect(read("other.tsv", "sku\tname\n1\t2")).rejects.toThrow('no column "id" or "g:id"');
    await expect(read("other.xml", "<html><item>1</item></html>")).rejects.toThrow("is no google feed");
    await expect(read("empty.xml", "<?xml version='1.0'?>")).rejects.toThrow("is no google feed");
    const latin = '<?xml version="1.0" encoding="ISO-8859-1"?><rss><item></item></rss>';
    await expect(read("latin.xml", latin)).rejects.toThrow("iconv -f ISO-8859-1 -t UTF-8");
  });

  test("is cut into the same items wherever its bytes are", async () => {
    const bytes = Buffer.from(rssOf(items));
    const cut = async (sizes: readonly number[]) => {
      async function* chunks() {
        let at = 0;
        for (const size of sizes) yield bytes.subarray(at, (at += size));
        yield bytes.subarray(at);
      }
      const found = [];
      for await (const batch of readXmlItems(chunks(), "feed.xml")) found.push(...batch);
      return found;
    };
    const whole = await cut([]);
    expect(whole).toHaveLength(items.length);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 40 }), async (sizes) => {
        expect(await cut(sizes)).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });
});
