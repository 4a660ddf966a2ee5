import { type Identifier, identifierProblem } from "../../../streams/identifier.ts";
import type { CsvRow } from "../csv-rows.ts";
import { minorUnitsOf } from "../decimal.ts";
import type { Columns } from "./columns.ts";
import type { parseInvoiceDate } from "./invoice-date.ts";

/**
 * A row of the export as a fact: so much of a product was sold, or came back, at a price and a time. What
 * cannot be a fact is a rejection, with a code to count it by and words for its sender; nothing is guessed.
 */

export interface InvoiceLine {
  /** The physical line in the file. */
  readonly line: number;
  readonly invoice: Identifier;
  /** The invoice takes goods back. */
  readonly cancelled: boolean;
  readonly product: Identifier;
  /** Empty where the export has none. */
  readonly description: string;
  /** Pieces, above zero, whichever way they go. */
  readonly quantity: number;
  /** Minor units, above zero. */
  readonly price: number;
  /** RFC 3339 in UTC. */
  readonly at: string;
  readonly customer: Identifier | undefined;
}

export type RejectionReason =
  | "malformed-row"
  | "wrong-column-count"
  | "bad-invoice-number"
  | "no-stock-code"
  | "bad-stock-code"
  | "bad-customer"
  | "bad-quantity"
  | "bad-date"
  | "bad-price"
  | "price-not-above-zero"
  | "price-too-precise"
  | "sign-contradicts-invoice"
  | "stock-below-zero";

export interface Rejection {
  readonly reason: RejectionReason;
  readonly detail: string;
}

export function isRejection(parsed: InvoiceLine | Rejection): parsed is Rejection {
  return "reason" in parsed;
}

/** Sums over any file that fits a disk stay exact integers. */
const piecesMax = 1_000_000_000;

/** How one file is to be read. */
export interface RowFormat {
  readonly columns: Columns;
  /** Minor digits of the currency. */
  readonly digits: number;
  readonly dateOf: typeof parseInvoiceDate;
}

export function parseInvoiceLine(
  row: CsvRow,
  { columns, digits, dateOf }: RowFormat,
): InvoiceLine | Rejection {
  if (!("fields" in row)) return reject("malformed-row", row.problem);
  const { fields } = row;
  if (fields.length !== columns.count) {
    return reject("wrong-column-count", `the row has ${fields.length} fields, the header ${columns.count}`);
  }
  const text = (place: number) => (fields[place] ?? "").trim();

  const product = text(columns.product);
  if (product === "") return reject("no-stock-code", "there is no stock code");
  const productProblem = identifierProblem(product);
  if (productProblem !== undefined) return reject("bad-stock-code", `the stock code ${productProblem}`);
  const invoice = text(columns.invoice);
  const invoiceProblem = identifierProblem(invoice);
  if (invoiceProblem !== undefined)
    return reject("bad-invoice-number", `the invoice number ${invoiceProblem}`);
  const customer = text(columns.customer).replace(/^(\d+)\.0+$/, "$1");
  const customerProblem = customer === "" ? undefined : identifierProblem(customer);
  if (customerProblem !== undefined) return reject("bad-customer", `the customer number ${customerProblem}`);

  const quantityText = text(columns.quantity);
  const signed = /^[+-]?\d+(?:\.0+)?$/.test(quantityText) ? Number(quantityText) : 0;
  if (signed === 0 || Math.abs(signed) > piecesMax) {
    return reject(
      "bad-quantity",
      `the quantity "${quantityText}" is not a whole number of pieces other than 0`,
    );
  }
  const at = dateOf(text(columns.date));
  if (at === undefined) {
    return reject("bad-date", `"${text(columns.date)}" is no date (YYYY-MM-DD hh:mm:ss or M/D/YYYY h:mm)`);
  }
  const price = parsePrice(text(columns.price), digits);
  if (typeof price !== "number") return price;

  const cancelled = /^c/i.test(invoice);
  if (cancelled !== signed < 0) {
    return reject(
      "sign-contradicts-invoice",
      cancelled
        ? "a cancelled invoice has a positive quantity"
        : "an invoice that is not cancelled has a negative quantity",
    );
  }
  return {
    line: row.line,
    invoice: invoice as Identifier,
    cancelled,
    product: product as Identifier,
    description: text(columns.description),
    quantity: Math.abs(signed),
    price,
    at,
    customer: customer === "" ? undefined : (customer as Identifier),
  };
}

function parsePrice(text: string, digits: number): number | Rejection {
  const parsed = minorUnitsOf(text, digits);
  if ("amount" in parsed) {
    return parsed.amount > 0 ? parsed.amount : reject("price-not-above-zero", `the unit price is ${text}`);
  }
  if (parsed.problem === "too precise") {
    return reject("price-too-precise", `the unit price ${text} has more than ${digits} decimals`);
  }
  return reject("bad-price", `the unit price "${text}" is ${parsed.problem}`);
}

function reject(reason: RejectionReason, detail: string): Rejection {
  return { reason, detail };
}
