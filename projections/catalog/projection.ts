import { type BadEvent, type Event, isBad } from "../../streams/events.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Log } from "../../streams/log.ts";
import { createDerivedBuffer } from "../derived-buffer.ts";
import { createLogReader } from "../log-reader.ts";
import type { BatchEntry, Projection, Refusal, Standing, Write } from "../projection.ts";
import type { ReadModel } from "../read-model.ts";
import type { SaleEvent } from "../sales.ts";
import { withinSession } from "../session-fence.ts";
import type { Versions } from "../version.ts";
import { createProductWriter } from "./products.ts";
import { createSaleWriter } from "./sales.ts";
import { createTreeWriter } from "./tree.ts";

/**
 * The catalogue's projection: a batch is cut into stretches of one kind, in the order of the log. Products
 * (details, price, stock, reviews, and what is bad about them) are folded many at a time; categories and
 * sales touch many products at once and go by themselves.
 */
export interface CatalogProjectionOptions {
  readonly catalog: Log;
  readonly derived: Log;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly journal: Journal;
}

export function createCatalogProjection(options: CatalogProjectionOptions): Projection {
  const buffer = createDerivedBuffer(options.derived, options.journal);
  const reader = createLogReader(options.catalog, options.derived);
  const readModel = withinSession(options.readModel);
  const tree = createTreeWriter({ ...options, readModel });
  const products = createProductWriter({ ...options, readModel, reader, buffer, listsOf: tree.listsOf });
  const sales = createSaleWriter({ ...options, readModel, reader, buffer });

  function writeOf({ kind, entries }: Stretch, standing: Standing): Write {
    if (kind === "products") return products.fold(entries, standing);
    if (kind === "categories") {
      return async (current) => {
        const fences = [...current.values()].map(({ fence }) => fence);
        return tree.apply(entries, fences);
      };
    }
    return async (current) => {
      const refused: Refusal[] = [];
      for (const { message, decoded } of entries) {
        refused.push(...(await sales.apply(message, decoded as SaleEvent, current)));
      }
      return refused;
    };
  }

  return {
    async open(partitions, sequence) {
      products.begin();
      await tree.load(sequence);
      const settled = partitions.map(async (each) => [each, await buffer.adopt(each)] as const);
      return new Map(await Promise.all(settled));
    },

    fold(entries, standing) {
      const cut = stretches(entries);
      const writes = cut.map((stretch) => writeOf(stretch, standing));
      return {
        async write(current) {
          const refused: Refusal[] = [];
          for (const write of writes) refused.push(...(await write(current)));
          return refused;
        },
        alone: cut.some(({ kind }) => kind !== "products") || entries.some(({ decoded }) => isBad(decoded)),
      };
    },

    settle: (partitions, sequence) => buffer.flush(partitions, sequence),
    tick: (standing, now) => products.reprice(standing, now),
    get unsettled() {
      return buffer.size;
    },
  };
}

interface Stretch {
  readonly kind: "products" | "categories" | "sales";
  readonly entries: BatchEntry[];
}

function stretches(entries: readonly BatchEntry[]): readonly Stretch[] {
  const cut: Stretch[] = [];
  for (const entry of entries) {
    const kind = kindOf(entry.decoded);
    const last = cut.at(-1);
    if (last?.kind === kind) last.entries.push(entry);
    else cut.push({ kind, entries: [entry] });
  }
  return cut;
}

function kindOf(decoded: Event | BadEvent): Stretch["kind"] {
  if (isBad(decoded)) return "products";
  if (decoded.kind === "category.modified") return "categories";
  return decoded.kind === "sale.scheduled" || decoded.kind === "sale.cancelled" ? "sales" : "products";
}
