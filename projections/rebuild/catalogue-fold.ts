import { decodeEvent, type Event, isBad } from "../../streams/events.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { StoredMessage } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { type Category, type CategoryEvent, cycleProblem, evolveCategory } from "../categories.ts";
import type { Refusal } from "../projection.ts";
import { evolveSale, type Sale, type SaleEvent } from "../sales.ts";
import {
  evolveProduct,
  evolveProductBySale,
  type FoldedProduct,
  noteBad,
  unknownProduct,
} from "./folded-product.ts";

/**
 * The log folded in memory from its first event on: the products of some partitions, every sale and the whole
 * tree. What the projector keeps in Redis between two batches is here, so nothing that an older fold left
 * there has a part in it. Costs one to two kilobytes a product.
 */
export interface CatalogueFold {
  /** The last message that was taken. */
  readonly sequence: number;
  readonly products: ReadonlyMap<Identifier, FoldedProduct>;
  readonly sales: ReadonlyMap<Identifier, Sale>;
  readonly tree: ReadonlyMap<Identifier, Category>;
  /** The tree's good events by sequence. */
  readonly categoryEvents: ReadonlyMap<number, CategoryEvent>;
  /** The newest change of the tree: lists are as of there. */
  readonly treeSequence: number;
  /** The newest sale event. */
  readonly salesSequence: number;
  /** Takes the next message of the log; says what is bad about one of these partitions. */
  take(message: StoredMessage): Refusal | undefined;
}

export function createCatalogueFold(partitions: ReadonlySet<number>): CatalogueFold {
  const products = new Map<Identifier, FoldedProduct>();
  const sales = new Map<Identifier, Sale>();
  const tree = new Map<Identifier, Category>();
  const categoryEvents = new Map<number, CategoryEvent>();
  let sequence = 0;
  let treeSequence = 0;
  let salesSequence = 0;

  /** Most of a log is about other partitions: their subjects tell, and nothing else of them is read. */
  function concerns(subject: string): boolean {
    const match = /^log\.catalog\.(\d+)\.(\w+)\./.exec(subject);
    if (match === null) return true;
    const [, partition, entity] = match;
    return partitions.has(Number(partition)) || entity === "sale" || entity === "category";
  }

  function productOf(id: Identifier, partition: number): FoldedProduct {
    let product = products.get(id);
    if (product === undefined) {
      product = unknownProduct(id, partition);
      products.set(id, product);
    }
    return product;
  }

  function sell(event: SaleEvent): void {
    const before = sales.get(event.id);
    const sale = evolveSale(before, event);
    sales.set(event.id, sale);
    salesSequence = event.sequence;
    const touched = [...sale.items, ...(before?.items ?? [])].map(({ product_id }) => product_id);
    for (const id of new Set(touched)) {
      const partition = partitionOf(tokenOf(id));
      if (partitions.has(partition)) evolveProductBySale(productOf(id, partition), sale, event);
    }
  }

  function fold(event: Event): string | undefined {
    switch (event.kind) {
      case "category.modified": {
        const problem = cycleProblem(tree, event);
        if (problem !== undefined) return problem;
        tree.set(event.id, evolveCategory(tree.get(event.id), event));
        categoryEvents.set(event.sequence, event);
        treeSequence = event.sequence;
        return undefined;
      }
      case "sale.scheduled":
      case "sale.cancelled":
        sell(event);
        return undefined;
      case "product.modified":
      case "price.updated":
      case "inventory.changed":
      case "review.posted":
        if (partitions.has(event.partition)) evolveProduct(productOf(event.id, event.partition), event);
        return undefined;
      default:
        return undefined;
    }
  }

  return {
    products,
    sales,
    tree,
    categoryEvents,
    get sequence() {
      return sequence;
    },
    get treeSequence() {
      return treeSequence;
    },
    get salesSequence() {
      return salesSequence;
    },
    take(message) {
      sequence = message.sequence;
      if (!concerns(message.subject)) return undefined;
      const decoded = decodeEvent(message);
      const { partition } = decoded;
      const own = partitions.has(partition);
      if (isBad(decoded)) {
        if (!own) return undefined;
        const { about } = decoded;
        if (about !== undefined && isProduct(about.kind)) noteBad(productOf(about.id, partition), decoded);
        return { message, partition, reason: decoded.reason };
      }
      const reason = fold(decoded);
      return reason === undefined || !own ? undefined : { message, partition, reason };
    },
  };
}

function isProduct(kind: string): boolean {
  return /^(?:product|price|inventory|review)\./.test(kind);
}
