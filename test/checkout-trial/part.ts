import type { Random } from "../../ops/demo/random.ts";
import type { CrowdFigures } from "./crowd.ts";
import type { Asked } from "./ledger.ts";
import type { Rig } from "./rig.ts";
import type { Shop } from "./shop.ts";
import type { Strikes } from "./strikes.ts";

/** One way of buying under fault, in a rig that it may share with others: each has products of its own. */
export interface Part {
  readonly name: PartName;
  readonly shop: Shop;
  /** Whether what is sold becomes an order. */
  readonly placesOrders: boolean;
  /** Resolves when everybody knows what became of his attempts, and everything runs again. */
  play(): Promise<void>;
  /** Buys what is left of each product. */
  sellOut(): Promise<void>;
  /** Each attempt that was made. */
  asked(): Iterable<Asked>;
  figures(): Promise<PartFigures>;
  close(): Promise<void>;
}

export type PartName = "http" | "port" | "crashes" | "recounts" | "hostile";

export interface PartFigures {
  readonly crowd?: CrowdFigures;
  readonly strikes?: Strikes;
  readonly crashes?: CrashFigures;
  /** Events of a system of record while buyers bought. */
  readonly recounts?: number;
  readonly hostile?: HostileFigures;
  /** What went wrong in the part itself, in words. */
  readonly wrong: readonly string[];
}

export interface HostileFigures {
  /** Requests that were answered, or not. */
  bodies: number;
  readonly connections: number;
  /** By status; `none` for no answer. */
  readonly statuses: Record<string, number>;
}

/** How many came between an append, or a question, and its answer, and how many too late, since the answer was out. */
export type CrashFigures = Readonly<
  Record<"node" | "keeper" | "standing keeper", { hit: number; late: number }>
>;

export type StartPart = (rig: Rig, random: Random) => Part;
