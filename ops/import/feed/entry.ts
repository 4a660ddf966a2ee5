import type { Identifier } from "../../../streams/identifier.ts";
import type { RejectedRow } from "../report.ts";

/**
 * What the readers of product feeds give, one entry at a time and in the order of the file. A feed says what
 * is the case, not what happened: the import finds out which of it is news.
 */
export type FeedEntry = FeedProduct | FeedCategory | FeedRejection;

/** A product as the feed states it: the payloads of the events that would make it so. */
export interface FeedProduct {
  readonly kind: "product";
  readonly id: Identifier;
  /** The physical line on which its row begins, from 1, for messages. */
  readonly line: number;
  /** The payload of product.modified. */
  readonly details: { readonly title: string; readonly [field: string]: unknown };
  /** The payload of price.updated; undefined where the feed names no price. */
  readonly price?: FeedPrice | undefined;
  /** Pieces; undefined where the feed does not track stock. */
  readonly quantity?: number | undefined;
  /** A price for a time that the feed names. */
  readonly sale?: FeedSale | undefined;
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

export interface FeedSale {
  readonly sale_price: FeedMoney;
  /** RFC 3339. */
  readonly starts_at: string;
  readonly ends_at: string;
}

/** A category that the feed names; parents come before their children. */
export interface FeedCategory {
  readonly kind: "category";
  readonly id: Identifier;
  readonly line: number;
  /** The payload of category.modified. */
  readonly payload: {
    readonly name: string;
    readonly parent_id: Identifier | null;
    readonly position?: number;
  };
}

/** A row that is of no use; what the report says about it. */
export interface FeedRejection extends RejectedRow {
  readonly kind: "rejected";
}

/** What a reader needs to know about a file and the operator's choices. */
export interface FeedSource {
  /** The file's name as the operator gave it, for messages. */
  readonly file: string;
  /** Its bytes, unpacked. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** ISO 4217: of prices that name no currency themselves. */
  readonly currency: string;
}

export type FeedReader = (source: FeedSource) => AsyncIterable<FeedEntry>;
