import type { CatalogHealth } from "../catalog-health.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { TreeReader } from "../category-tree.ts";
import type { CatalogReader } from "../reader.ts";
import type { Versions } from "../../projections/version.ts";
import type { ReadModel } from "../../projections/read-model.ts";

/** What the routes share. */
export interface RouteContext {
  readonly gateway: Gateway;
  readonly reader: CatalogReader;
  readonly tree: TreeReader;
  readonly health: CatalogHealth;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  /** The name of the catalogue's stream, as positions carry it. */
  readonly stream: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
