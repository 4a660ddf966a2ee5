import { ImportRefused } from "../import-refused.ts";

/**
 * Where the columns of an Online Retail export stand, by their headings: the order varies from export to
 * export, and the second edition of the data set calls three of them otherwise.
 */

const headings = {
  invoice: ["invoiceno", "invoice"],
  product: ["stockcode"],
  description: ["description"],
  quantity: ["quantity"],
  date: ["invoicedate"],
  price: ["unitprice", "price"],
  customer: ["customerid"],
} as const;

type ColumnName = keyof typeof headings;

export type Columns = Readonly<Record<ColumnName, number>> & {
  /** How many fields each row must have. */
  readonly count: number;
};

/** Throws `ImportRefused` where a column is missing or stands there twice. */
export function columnsOf(header: readonly string[], file: string): Columns {
  const found = header.map((heading) => heading.toLowerCase().replace(/[^a-z]/g, ""));
  const place = (name: ColumnName): number => {
    const accepted: readonly string[] = headings[name];
    const places = found.flatMap((heading, at) => (accepted.includes(heading) ? [at] : []));
    const [only] = places;
    if (only === undefined || places.length > 1) {
      const times = only === undefined ? "no column" : "more than one column";
      throw new ImportRefused(
        `${file} has ${times} "${accepted.join('" or "')}" in its first line: it is not an online-retail export`,
      );
    }
    return only;
  };
  return {
    invoice: place("invoice"),
    product: place("product"),
    description: place("description"),
    quantity: place("quantity"),
    date: place("date"),
    price: place("price"),
    customer: place("customer"),
    count: header.length,
  };
}
