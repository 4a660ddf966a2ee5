import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { LogName } from "../../streams/subjects.ts";

/**
 * The keys, as a person meets them in `redis-cli`. Braces name the cluster slot: a product's registers lie
 * together, and what a partition's owner may only change behind its position lies with that position
 * (docs/architecture.md has the table). Identifiers stand in their token form, so no product can name another one's key.
 */
export const keys = {
  /** A hash with a field for each of them: a product's three as keys of their own cost a replay twice as much. */
  registers: (id: Identifier) => `registers:{${tokenOf(id)}}`,
  /** The assembled product as it leaves. */
  answer: (id: Identifier) => `answer:{${tokenOf(id)}}`,
  reviews: (id: Identifier) => `reviews:${tokenOf(id)}:{${partitionOf(tokenOf(id))}}`,
  ratings: (id: Identifier) => `ratings:${tokenOf(id)}:{${partitionOf(tokenOf(id))}}`,
  group: (group: Identifier, partition: number) => `group:${tokenOf(group)}:{${partition}}`,
  /** Somebody loads the product from the log. */
  load: (id: Identifier) => `load:{${tokenOf(id)}}`,
  categories: "categories",
  position: (log: LogName, partition: number) => `position:${log}:{${partition}}`,
  sales: (partition: number) => `sales:{${partition}}`,
  listing: (partition: number) => `listing:{${partition}}`,
  boundaries: (partition: number) => `boundaries:{${partition}}`,
  category: (category: Identifier, order: "newest" | "price", partition: number) =>
    `category:${tokenOf(category)}:${order}:{${partition}}`,
} as const;

/** What a product's answer is made of: its partition's position, its registers, its ratings, its partition's sales. */
export function partKeys(id: Identifier): readonly string[] {
  const partition = partitionOf(tokenOf(id));
  return [keys.position("catalog", partition), keys.registers(id), keys.ratings(id), keys.sales(partition)];
}
