import type { CatalogHealth } from "../catalog-health.ts";
import type { EdgeTrust } from "../edge-trust.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { PageAnswers } from "../gateway/page-answers.ts";
import type { Observing } from "../heat/observing.ts";
import type { CatalogReader } from "../reader.ts";

/** What the routes share. */
export interface RouteContext extends Observing {
  readonly gateway: Gateway;
  readonly reader: CatalogReader;
  readonly pages: PageAnswers;
  readonly health: CatalogHealth;
  readonly edge: Pick<EdgeTrust, "isShort">;
  /** The name of the catalogue's stream, as positions carry it. */
  readonly stream: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
