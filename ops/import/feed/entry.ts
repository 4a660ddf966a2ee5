import type { Identifier } from "../../../streams/identifier.ts";
import type { RejectedRow } from "../report.ts";

/**
 * What the readers of product feeds give, in the order of the file. A feed says what is the case, not what
 * happened: the import finds out which of it is news.
 */
export type FeedEntry = FeedProduct | FeedRejection;

export interface FeedProduct {
  readonly id: Identifier;
  /** The physical line on which its row begins, from 1. */
  readonly line: number;
  /** The row as it stands in the file. */
  readonly row: string;
  /** The payload of product.modified, but for the categories. */
  readonly details: FeedDetails;
  /** The names of its category and those above it, outermost first; empty where the feed names none. */
  readonly path: readonly string[];
  /** Undefined where the feed names no price. */
  readonly price: FeedPrice | undefined;
  /** Undefined where the feed does not track stock. */
  readonly stock: FeedStock | undefined;
  /** A price for a time; null where there is none, undefined where the feed does not speak of such prices. */
  readonly sale: FeedSale | null | undefined;
}

export interface FeedDetails {
  readonly title: string;
  readonly status: "active" | "discontinued";
  readonly [field: string]: unknown;
}

export interface FeedMoney {
  /** Minor units. */
  readonly amount: number;
  /** ISO 4217. */
  readonly currency: string;
}

export interface FeedPrice {
  readonly new_price: FeedMoney;
  readonly list_price?: FeedMoney;
}

/** Pieces, or that there are some. */
export type FeedStock = number | "some";

export interface FeedSale {
  readonly sale_price: FeedMoney;
  /** Milliseconds since 1970. */
  readonly starts_at: number;
  readonly ends_at: number;
}

/** A row that is of no use, and what the report says about it. */
export interface FeedRejection extends Omit<RejectedRow, "file"> {
  /** What it is about, where that much can be read: a product whose row is broken has not left the feed. */
  readonly about: string | undefined;
}

export function isRejection(entry: FeedEntry): entry is FeedRejection {
  return "reason" in entry;
}

/** What a reader needs to know of a file and of the operator's choices. */
export interface FeedSource {
  readonly path: string;
  /** The file's name, for messages. */
  readonly file: string;
  /** ISO 4217: of prices that name no currency themselves. */
  readonly currency: string;
}

/**
 * Reads one file, in batches. Throws `ImportRefused` where the file is of another format, and never for what
 * single rows hold.
 */
export type FeedReader = (source: FeedSource) => AsyncIterable<readonly FeedEntry[]>;
