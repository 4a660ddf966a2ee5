import { readFrom } from "../chaos/account.ts";
import type { Log } from "../../streams/log.ts";
import type { StockReading } from "./stock-reading.ts";

/** What CATALOG says of stock, read by somebody who knows nothing of the product but which field keepers' words have. */
export interface CatalogStock {
  /** Those that were counted in STOCK, by their sequence. */
  readonly events: ReadonlyMap<number, QuantityEvent>;
  /** The newest that is no keeper's word, of each product. */
  readonly counted: ReadonlyMap<string, number>;
}

export interface QuantityEvent {
  /** The product, as it stands in the subject. */
  readonly token: string;
  readonly quantity: number;
  readonly isWord: boolean;
}

const ofStock = /^log\.catalog\.\d+\.inventory\.changed\.(.+)$/;

export async function readCatalogStock(catalog: Log, { partitions }: StockReading): Promise<CatalogStock> {
  const wanted = new Set(
    partitions.values().flatMap(({ counts }) => counts.values().map(({ event }) => event)),
  );
  const events = new Map<number, QuantityEvent>();
  const counted = new Map<string, number>();
  await readFrom(catalog, 1, ({ subject, sequence, payload }) => {
    const token = ofStock.exec(subject)?.[1];
    if (token === undefined) return;
    const said = JSON.parse(Buffer.from(payload).toString()) as { new_quantity: number; stock?: unknown };
    const isWord = said.stock !== undefined;
    if (!isWord) counted.set(token, sequence);
    if (wanted.has(sequence)) events.set(sequence, { token, quantity: said.new_quantity, isWord });
  });
  return { events, counted };
}
