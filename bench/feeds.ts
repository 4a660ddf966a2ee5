/**
 * Feeds of each format to import, generated line by line: `prefix` makes their ids new to the log. Texts are
 * about as long as a shop's.
 */
export const feedFormats = [
  "shopify",
  "google-tsv",
  "google-xml",
  "categories",
  "ndjson",
  "online-retail",
] as const;

export type FeedFormat = (typeof feedFormats)[number];

const words = "soft wool jumper with a round neck and long sleeves made in small batches washable at thirty";
const body = `${words}. ${words}, "${words}".`;

export function feedText(format: FeedFormat, rows: number, prefix: string): string {
  const numbers = Array.from({ length: rows }, (_, at) => at);
  return generators[format](numbers, prefix);
}

const generators: Readonly<Record<FeedFormat, (numbers: readonly number[], prefix: string) => string>> = {
  shopify(numbers, prefix) {
    const header =
      "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,Image Position,Status";
    const html = `<p>${body.replaceAll('"', '""')}</p>`;
    const rowsOf = (at: number) => {
      const handle = `${prefix}-${at - (at % 3)}`;
      const shared =
        at % 3 === 0
          ? `Jumper ${at},"${html}",Maker ${at % 50},Knitwear ${at % 20},"wool, soft",true`
          : ",,,,,";
      return `${handle},${shared},Size,${"SML"[at % 3]},${prefix}-${at},${at % 90},${20 + (at % 70)}.95,99.95,https://images.example/${at}.jpg,1,active`;
    };
    return [header, ...numbers.map(rowsOf)].join("\n");
  },
  "google-tsv": (numbers, prefix) =>
    [
      "id\ttitle\tdescription\timage_link\tavailability\tquantity\tprice\tproduct_type\tbrand\tgtin\titem_group_id\tsize",
      ...numbers.map(
        (at) =>
          `${prefix}-${at}\tJumper ${at}\t${words}. ${words}\thttps://images.example/${at}.jpg\tin_stock\t${at % 90}\t${20 + (at % 70)}.95 USD\tClothing > Knitwear ${at % 20}\tMaker ${at % 50}\t4006381333931\t${prefix}-${at - (at % 3)}\t${"SML"[at % 3]}`,
      ),
    ].join("\n"),
  "google-xml": (numbers, prefix) =>
    [
      '<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>',
      ...numbers.map(
        (at) =>
          `<item><g:id>${prefix}-${at}</g:id><title>Jumper ${at}</title><description>${words}. ${words}</description><g:image_link>https://images.example/${at}.jpg</g:image_link><g:availability>in_stock</g:availability><g:quantity>${at % 90}</g:quantity><g:price>${20 + (at % 70)}.95 USD</g:price><g:product_type>Clothing &gt; Knitwear ${at % 20}</g:product_type><g:brand>Maker ${at % 50}</g:brand><g:gtin>4006381333931</g:gtin></item>`,
      ),
      "</channel></rss>",
    ].join("\n"),
  categories(numbers, prefix) {
    const named = (at: number) => ({ id: `${prefix}-${at}`, name: `Category ${at}` });
    // Ten below each: the parent of 1234 is 123.
    const pathOf = (at: number): object[] =>
      at < 10 ? [named(at)] : [...pathOf(Math.floor(at / 10)), named(at)];
    return JSON.stringify(
      numbers.map((at) => ({
        ...named(at),
        path: pathOf(at),
        subCategories: at === 0 ? [] : numbers.slice(at * 10, at * 10 + 10).map(named),
      })),
    );
  },
  ndjson: (numbers, prefix) =>
    numbers
      .map((at) => {
        const price = `{"new_price":{"amount":${1_000 + (at % 900)},"currency":"GBP"}}`;
        return `{"log":"catalog","sequence":${at + 1},"time":"2026-01-01T00:00:00.000Z","subject":"catalog.price.updated.${prefix}-${at % 10_000}","payload":${price}}`;
      })
      .join("\n"),
  "online-retail": (numbers, prefix) =>
    [
      "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
      ...numbers.map(
        (at) =>
          `${500_000 + Math.floor(at / 20)},${prefix}-${at % 3_000},LANTERN ${at % 3_000},${1 + (at % 12)},2010-12-01 08:26:00,${1 + (at % 3)}.25,${12_000 + (at % 400)}.0,United Kingdom`,
      ),
    ].join("\n"),
};
