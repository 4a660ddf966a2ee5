import type { Identifier } from "../../../streams/identifier.ts";
import type { InvoiceLine } from "./invoice-line.ts";

/**
 * What one pass over a file learns of each product before anything is published: its latest description, and
 * how deep its stock would sink.
 */

export interface ProductSurvey {
  /** When the file first speaks of it. */
  readonly firstAt: string;
  /** The description of its latest sale; undefined where no sale has one. */
  title: string | undefined;
  titleAt: string;
  /** Pieces moved up to here, sales below zero. */
  balance: number;
  /** The deepest that the balance got, at most 0. */
  lowest: number;
}

export type Survey = Map<Identifier, ProductSurvey>;

/** Takes a line into the survey. */
export function survey(products: Survey, line: InvoiceLine): void {
  let product = products.get(line.product);
  if (product === undefined) {
    product = { firstAt: line.at, title: undefined, titleAt: "", balance: 0, lowest: 0 };
    products.set(line.product, product);
  }
  product.balance += line.cancelled ? line.quantity : -line.quantity;
  if (product.balance < product.lowest) product.lowest = product.balance;
  // RFC 3339 in one zone sorts as text.
  if (!line.cancelled && line.description !== "" && line.at >= product.titleAt) {
    product.title = line.description;
    product.titleAt = line.at;
  }
}
