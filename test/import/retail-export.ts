/**
 * A small Online Retail export, generated from a seed: busy and rare products, prices that come and go,
 * returns, lines without a customer, a stray line of an earlier invoice, and some rows that no importer may
 * believe.
 */
export function generateExport(seed: number, invoices: number): string {
  const random = seededRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const rows = ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"];
  let minutes = 0;
  for (let index = 0; index < invoices; index++) {
    minutes += below(30);
    const at = new Date(Date.UTC(2010, 11, 1, 8) + minutes * 60_000)
      .toISOString()
      .slice(0, 19)
      .replace("T", " ");
    const cancelled = random() < 0.1;
    const customer = random() < 0.2 ? "" : `${12_000 + below(40)}.0`;
    const invoice = `${cancelled ? "C" : ""}${536_000 + index}`;
    for (let line = 1 + below(6); line > 0; line--) {
      // A third of all lines are about one product.
      const product = random() < 0.33 ? "85123A" : `P${below(60)}`;
      const quantity = (cancelled ? -1 : 1) * (1 + below(12));
      const price = random() < 0.03 ? "0.0" : `${1 + below(3)}.${random() < 0.5 ? "5" : "25"}`;
      const title =
        random() < 0.2 ? `"LANTERN, ""${product}"""` : `LANTERN ${product}${below(50) === 0 ? " NEW" : ""}`;
      const stray = index > 3 && random() < 0.01 ? String(536_000 + index - 3) : invoice;
      rows.push(`${stray},${product},${title},${quantity},${at},${price},${customer},United Kingdom`);
    }
    if (random() < 0.02) rows.push(`${invoice},P1,X,1.5,${at},1.0,${customer},United Kingdom`);
    if (random() < 0.02) rows.push(`${invoice},P1,X,1`);
  }
  return `${rows.join("\r\n")}\r\n`;
}

/** Numbers from 0 to 1 (mulberry32): the same seed, the same numbers. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
