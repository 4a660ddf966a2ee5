import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { LogName } from "../../streams/subjects.ts";
import type { RegisterName } from "../read-model.ts";

/**
 * The keys, as a person meets them in `redis-cli`. Braces name the cluster slot: what belongs to one product
 * lies together, and what a partition's owner must change in one step lies together (docs/architecture.md
 * has the table). Identifiers stand in their token form, so no product can name another one's key.
 */
export const keys = {
  register: (register: RegisterName, id: Identifier) => `${register}:{${tokenOf(id)}}`,
  ratings: (id: Identifier) => `ratings:{${tokenOf(id)}}`,
  group: (group: Identifier) => `group:{${tokenOf(group)}}`,
  categories: "categories",
  position: (log: LogName, partition: number) => `position:${log}:{${partition}}`,
  sales: (partition: number) => `sales:{${partition}}`,
  listing: (partition: number) => `listing:{${partition}}`,
  boundaries: (partition: number) => `boundaries:{${partition}}`,
  category: (category: Identifier, order: "newest" | "price", partition: number) =>
    `category:${tokenOf(category)}:${order}:{${partition}}`,
} as const;
